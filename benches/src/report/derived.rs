//! The ratios as data, for scripts that read `report.json`.

use super::compared::Compared;
use super::schema::{CellReport, Ratio};

/// Ours against every peer in every cell.
#[must_use]
pub fn derive(cells: &[CellReport]) -> Vec<Ratio> {
    cells
        .iter()
        .filter_map(Compared::new)
        .flat_map(|cell| {
            let (id, noise) = (cell.cell.id.clone(), cell.noise);
            cell.against.into_iter().map(move |c| Ratio {
                cell: id.clone(),
                peer: c.peer,
                ratio: c.ratio,
                noise,
                verdict: c.verdict.word().into(),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::report;

    #[test]
    fn a_peer_that_takes_twice_as_long_has_the_ratio_two() {
        let ratios = derive(&report().cells);
        assert_eq!(ratios.len(), 10);
        let of = |peer: &str| {
            ratios
                .iter()
                .find(|r| r.peer == peer)
                .expect("it took part")
        };
        assert!((of("std").ratio.median - 2.0).abs() < 0.01);
        assert!((of("parking_lot").ratio.median - 0.5).abs() < 0.01);
        assert_eq!(of("std").verdict, "faster");
        assert_eq!(of("parking_lot").verdict, "slower");
    }
}

//! The plots of the HTML page, drawn by plotters into SVG.

mod canvas;
mod fairness;
mod heat;
mod standing;
mod waits;

pub(super) use fairness::fairness;
pub(super) use heat::{heat, strip};
pub(super) use standing::standing;
pub(super) use waits::waits;

use crate::peers::{HOUSE, PARKING_LOT, STD};

/// Who has a colour of its own in plots that show several contenders.
const SHOWN: [&str; 3] = [HOUSE.id, STD.id, PARKING_LOT.id];

/// Ratios up to 2 % from 1 look neutral; then four steps of colour in each direction.
pub(super) fn heat_step(ratio: f64) -> i32 {
    let size = ratio.max(1.0 / ratio);
    let step = [1.02, 1.08, 1.25, 1.6]
        .iter()
        .filter(|&&s| size > s)
        .count() as i32;
    if ratio < 1.0 { -step } else { step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_and_its_inverse_are_equally_strong() {
        for ratio in [1.0, 1.01, 1.05, 1.2, 1.5, 3.0] {
            assert_eq!(heat_step(ratio), -heat_step(1.0 / ratio));
        }
        assert_eq!([1.0, 1.05, 1.2, 1.5, 3.0].map(heat_step), [0, 1, 2, 3, 4]);
    }
}

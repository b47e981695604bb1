//! What became of a twin, and whether that is as it should be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::list::Twin;
use crate::hunt::{Catch, Hunt};

#[derive(Debug)]
pub(super) enum Fate {
    /// The edit could not be made.
    DoesNotApply(String),
    /// No fault in the logic: the compiler refuses it.
    DoesNotBuild(String),
    Hunted(Hunt),
}

pub(super) struct Tried<'a> {
    /// The crate.
    pub(super) noun: &'a str,
    pub(super) twin: &'a Twin,
    pub(super) fate: Fate,
    pub(super) elapsed: Duration,
}

/// Whether `by`, as in `lock::loom::takes_turns`, is a model of the crate called `noun`.
pub(super) fn is_of(by: &str, noun: &str) -> bool {
    by.split("::").next() == Some(noun)
}

/// Whether `by`, as in `lock::loom::takes_turns`, is the model called `name`.
pub(super) fn is_called(by: &str, name: &str) -> bool {
    by.rsplit("::").next() == Some(name)
}

impl Tried<'_> {
    /// What is wrong, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        let expected = |by: &str| {
            (self.twin.caught_by.as_ref())
                .is_none_or(|expected| is_of(by, self.noun) && is_called(by, expected))
        };
        let fault = match &self.fate {
            Fate::DoesNotApply(why) => why.clone(),
            Fate::DoesNotBuild(why) => format!("does not build: {why}"),
            Fate::Hunted(Hunt { caught, hung }) => match caught {
                Some(catch) if expected(&catch.by) => return None,
                _ if self.twin.hang && hung.iter().any(|by| expected(by)) => return None,
                Some(catch) => format!("caught by {}, not by whom it should be", catch.by),
                None if hung.is_empty() => "survives: no model fails".to_owned(),
                None => format!("only a time-out noticed it, of {}", hung.join(", ")),
            },
        };
        Some(format!("{} {}: {fault}", self.noun, self.twin.name))
    }

    /// A line of the table.
    pub(super) fn row(&self) -> String {
        let (by, said) = match &self.fate {
            Fate::DoesNotApply(why) => ("**does not apply**", why.as_str()),
            Fate::DoesNotBuild(why) => ("**does not build**", why.as_str()),
            Fate::Hunted(hunt) => match (&hunt.caught, hunt.hung.first()) {
                (Some(Catch { by, said }), _) => (by.as_str(), said.as_str()),
                (None, Some(by)) => (by.as_str(), "time-out"),
                (None, None) => ("**survives**", ""),
            },
        };
        let seconds = self.elapsed.as_secs_f64();
        let name = &self.twin.name;
        format!(
            "| {} | {name} | {by} | {said} | {seconds:.1} s |",
            self.noun
        )
    }
}

pub(super) fn table(tried: &[Tried<'_>], elapsed: Duration) -> String {
    let mut text =
        "| crate | twin | caught by | what it said | time |\n|---|---|---|---|---|\n".to_owned();
    for done in tried {
        text.push_str(&done.row());
        text.push('\n');
    }
    let bad = tried.iter().filter(|t| t.fault().is_some()).count();
    let _ = writeln!(
        text,
        "\n{} twins tried, {} caught as they should be; {:.0} s.",
        tried.len(),
        tried.len() - bad,
        elapsed.as_secs_f64()
    );
    text
}

/// Of one crate: models that no twin is made for, and twins made for a model that is not there.
pub(super) fn unpaired<'a>(
    noun: &str,
    twins: &[Twin],
    models: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let models: BTreeSet<&str> = models
        .filter(|name| is_of(name, noun))
        .filter_map(|name| name.rsplit("::").next())
        .collect();
    let expected: BTreeSet<&str> = twins
        .iter()
        .filter_map(|twin| twin.caught_by.as_deref())
        .collect();
    let alone = models.difference(&expected).map(|model| {
        format!("{noun} {model}: no twin is caught_by it, so nothing shows that it can fail")
    });
    let missing = expected
        .difference(&models)
        .map(|model| format!("{noun}: caught_by {model}, which is no model"));
    alone.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::twins::list;

    fn twin(more: &str) -> Twin {
        let text = format!(
            "[[twin]]\nname = \"t\"\nfile = \"f\"\nfind = \"a\"\nreplace = \"b\"\nwhy = \"c\"\n{more}"
        );
        list::parse(&text).unwrap().remove(0)
    }

    fn is_fine(more: &str, caught: Option<&str>, hung: &[&str]) -> bool {
        let caught = caught.map(|by| Catch {
            by: format!("lock::loom::{by}"),
            said: "x".to_owned(),
        });
        let hung = hung.iter().map(|by| format!("lock::loom::{by}")).collect();
        let tried = Tried {
            noun: "lock",
            twin: &twin(more),
            fate: Fate::Hunted(Hunt { caught, hung }),
            elapsed: Duration::ZERO,
        };
        tried.fault().is_none()
    }

    #[test]
    fn a_twin_is_caught_by_whom_it_should_be() {
        assert!(is_fine("", Some("m"), &[]));
        assert!(is_fine("caught_by = \"m\"", Some("m"), &["n"]));
        assert!(!is_fine("caught_by = \"m\"", Some("n"), &[]));
        assert!(!is_fine("", None, &[]));
    }

    #[test]
    fn a_model_of_another_crate_is_not_the_one_of_that_name() {
        assert!(is_of("lock::loom::m", "lock"));
        assert!(!is_of("rlock::loom::m", "lock"));
    }

    #[test]
    fn a_time_out_is_a_catch_only_where_it_is_expected() {
        assert!(!is_fine("", None, &["m"]));
        assert!(is_fine("hang = true", None, &["m"]));
        assert!(!is_fine("hang = true\ncaught_by = \"m\"", None, &["n"]));
        assert!(!is_fine("hang = true", None, &[]));
    }

    #[test]
    fn an_edit_that_fails_is_no_catch() {
        let twin = twin("");
        for fate in [
            Fate::DoesNotApply("x".to_owned()),
            Fate::DoesNotBuild("x".to_owned()),
        ] {
            let (noun, elapsed) = ("lock", Duration::ZERO);
            let twin = &twin;
            assert!(
                Tried {
                    noun,
                    twin,
                    fate,
                    elapsed
                }
                .fault()
                .is_some()
            );
        }
    }

    #[test]
    fn each_model_has_a_twin_and_each_twin_its_model() {
        let twins = [twin("caught_by = \"m\""), twin("")];
        let unpaired = |models: &[&str]| unpaired("lock", &twins, models.iter().copied()).len();
        assert_eq!(unpaired(&["lock::loom::m", "futex::loom::n"]), 0);
        assert_eq!(unpaired(&["lock::loom::m", "lock::loom::n"]), 1);
        assert_eq!(unpaired(&["lock::loom::n"]), 2);
    }
}

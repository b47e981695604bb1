//! What became of a fault, and whether that is as it should be.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use super::Fault;
use crate::hunt::{Catch, Hunt};

#[derive(Debug)]
pub(crate) enum Fate {
    /// The edit could not be made.
    DoesNotApply(String),
    /// No fault in the logic: the compiler refuses it.
    DoesNotBuild(String),
    /// A tool failed: whether it would have been noticed is not known.
    NotTried(String),
    Hunted(Hunt),
}

impl Fate {
    /// How long the test or model ran that noticed it.
    fn took(&self) -> String {
        match self {
            Fate::Hunted(Hunt {
                caught: Some(catch),
                ..
            }) => format!("{:.2} s", catch.took.as_secs_f64()),
            _ => "–".to_owned(),
        }
    }
}

pub(crate) struct Tried<'a> {
    /// The crate.
    pub(crate) noun: &'a str,
    pub(crate) fault: &'a Fault,
    pub(crate) fate: Fate,
    pub(crate) elapsed: Duration,
}

/// Whether `by`, as in `lock::loom::m`, is of the crate called `noun`.
pub(crate) fn is_of(by: &str, noun: &str) -> bool {
    by.split("::").next() == Some(noun)
}

/// Whether `by`, as in `lock::loom::takes_turns`, is what `name` names, which may be its last parts only.
pub(crate) fn is_called(by: &str, name: &str) -> bool {
    by.strip_suffix(name)
        .is_some_and(|before| before.is_empty() || before.ends_with("::"))
}

impl Tried<'_> {
    /// What is wrong, if anything is.
    pub(crate) fn complaint(&self) -> Option<String> {
        let expected = |by: &str| {
            self.fault.caught_by.as_ref().is_none_or(|expected| {
                let of_its_crate = expected.contains("::") || is_of(by, self.noun);
                of_its_crate && is_called(by, expected)
            })
        };
        let complaint = match &self.fate {
            Fate::DoesNotApply(why) => why.clone(),
            Fate::DoesNotBuild(why) => format!("does not build: {why}"),
            Fate::NotTried(why) => format!("could not be tried: {why}"),
            Fate::Hunted(Hunt { caught, hung }) => match caught {
                Some(catch) if expected(&catch.by) => return None,
                _ if self.fault.hang && hung.iter().any(|by| expected(by)) => return None,
                Some(catch) => format!("caught by {}, not by whom it should be", catch.by),
                None if hung.is_empty() => "survives".to_owned(),
                None => format!("only a time-out noticed it, of {}", hung.join(", ")),
            },
        };
        Some(format!("{} {}: {complaint}", self.noun, self.fault.name))
    }

    /// A line of the table.
    pub(crate) fn row(&self) -> String {
        let first_line;
        let (by, said) = match &self.fate {
            Fate::DoesNotApply(why) => ("**does not apply**", why.as_str()),
            Fate::DoesNotBuild(why) => ("**does not build**", why.as_str()),
            Fate::NotTried(why) => {
                first_line = why.lines().next().unwrap_or_default().replace('|', "\\|");
                ("**could not be tried**", first_line.as_str())
            }
            Fate::Hunted(hunt) => match (&hunt.caught, hunt.hung.first()) {
                (Some(Catch { by, said, .. }), _) => (by.as_str(), said.as_str()),
                (None, Some(by)) => (by.as_str(), "time-out"),
                (None, None) => ("**survives**", ""),
            },
        };
        let (name, total) = (&self.fault.name, self.elapsed.as_secs_f64());
        format!(
            "| {} | {name} | {by} | {said} | {} | {total:.1} s |",
            self.noun,
            self.fate.took()
        )
    }
}

/// The table of faults that are called `kind`.
pub(crate) fn table(kind: &str, tried: &[Tried<'_>], elapsed: Duration) -> String {
    let mut text = format!(
        "| crate | {kind} | caught by | what it said | ran for | with building |\n\
         |---|---|---|---|---|---|\n"
    );
    for done in tried {
        text.push_str(&done.row());
        text.push('\n');
    }
    let bad = tried.iter().filter(|t| t.complaint().is_some()).count();
    let _ = writeln!(
        text,
        "\n{} {kind}s tried, {} caught as they should be; {:.0} s.",
        tried.len(),
        tried.len() - bad,
        elapsed.as_secs_f64()
    );
    text
}

/// The first error in what the compiler said.
pub(crate) fn compilers(said: &str) -> String {
    let error = said.lines().find(|line| line.starts_with("error"));
    error.unwrap_or(said).replace('|', "\\|")
}

/// Of one crate: models that no twin is made for, and twins made for a model that is not there.
pub(crate) fn unpaired<'a>(
    noun: &str,
    twins: &[Fault],
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
    fn twin(more: &str) -> Fault {
        let text = format!(
            "[[twin]]\nname = \"t\"\nfile = \"f\"\nfind = \"a\"\nreplace = \"b\"\nwhy = \"c\"\n{more}"
        );
        crate::faults::parse(&text, "twin").unwrap().remove(0)
    }

    fn is_fine(more: &str, caught: Option<&str>, hung: &[&str]) -> bool {
        let caught = caught.map(|by| Catch {
            by: format!("lock::loom::{by}"),
            said: "x".to_owned(),
            took: Duration::ZERO,
        });
        let hung = hung.iter().map(|by| format!("lock::loom::{by}")).collect();
        let tried = Tried {
            noun: "lock",
            fault: &twin(more),
            fate: Fate::Hunted(Hunt { caught, hung }),
            elapsed: Duration::ZERO,
        };
        tried.complaint().is_none()
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
    fn a_name_is_whole_parts_of_a_longer_one() {
        assert!(is_called("lock::loom::takes_turns", "takes_turns"));
        assert!(is_called(
            "lock::loom::takes_turns",
            "lock::loom::takes_turns"
        ));
        assert!(!is_called("lock::loom::takes_turns", "turns"));
        assert!(!is_called("lock::loom::takes_turns", "takes"));
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
            let fault = &twin;
            assert!(
                Tried {
                    noun,
                    fault,
                    fate,
                    elapsed
                }
                .complaint()
                .is_some()
            );
        }
    }

    #[test]
    fn the_compilers_first_error_is_its_compilers() {
        assert_eq!(
            compilers("warning: a\nerror[E1]: b\nerror: c"),
            "error[E1]: b"
        );
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

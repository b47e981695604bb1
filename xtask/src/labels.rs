//! `// ORD <label> ⇒ <label>: what is published`: the comment that each atomic operation carries.
//!
//! It stands on a line of the operation, or above it within its statement, or in the comment just
//! above the statement; several in one place belong to the operations in their order. A relaxed
//! operation that pairs with nothing says `// ORD <label>: why`, and the failure ordering of a
//! compare-exchange has its reason in a line of its own: `// ORD <label> (failure): why`. Where the
//! other side is not ours, the partner is `system`.

use std::collections::BTreeSet;

use crate::atomics::{File, Kind, Op};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub(crate) name: String,
    /// The sites that it pairs with.
    pub(crate) pairs_with: Vec<String>,
    pub(crate) line: usize,
    /// It speaks of the failure ordering.
    failure: bool,
}

const MARK: &str = "// ORD ";

/// The partner outside of the house.
const SYSTEM: &str = "system";

/// The label in a line of source, if there is one; `Err` says what is wrong with it.
fn parse(text: &str, line: usize) -> Option<Result<Label, String>> {
    let rest = &text[text.find(MARK)? + MARK.len()..];
    // Not the `//` of a doc comment or the text of a string.
    if text[..text.find(MARK)?].ends_with(['/', '!', '"', '`']) {
        return None;
    }
    let Some((head, text)) = rest.split_once(": ") else {
        return Some(Err("no `: ` and reason behind the label".to_owned()));
    };
    if text.trim().is_empty() {
        return Some(Err("no reason behind the label".to_owned()));
    }
    let (name, partners) = match head.split_once('⇒') {
        Some((name, partners)) => (name.trim(), partners.split(',').map(str::trim).collect()),
        None => (head.trim(), Vec::new()),
    };
    let (name, failure) = match name.strip_suffix(" (failure)") {
        Some(name) => (name, true),
        None => (name, false),
    };
    if let Some(bad) = std::iter::once(&name)
        .chain(&partners)
        .find(|label| !well_formed(label) && **label != SYSTEM)
    {
        return Some(Err(format!("`{bad}` is no dotted lower-case label")));
    }
    Some(Ok(Label {
        name: name.to_owned(),
        pairs_with: partners.iter().map(|&p| p.to_owned()).collect(),
        line,
        failure,
    }))
}

fn well_formed(label: &str) -> bool {
    let word = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
    };
    label.contains('.') && label.split('.').all(word)
}

/// The operations of a file, each with its label if it has one, and what is wrong.
#[derive(Debug, Default)]
pub(crate) struct Labelled {
    pub(crate) ops: Vec<(Op, Option<Label>)>,
    /// Line and fault.
    pub(crate) faults: Vec<(usize, String)>,
}

/// Gives each operation of `file` its label.
pub(crate) fn assign(source: &str, file: File) -> Labelled {
    let lines: Vec<&str> = source.lines().collect();
    let mut result = Labelled::default();
    let (mut labels, mut failures) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(&lines) {
        if file.tests.iter().any(|lines| lines.contains(&number)) {
            continue;
        }
        match parse(text, number) {
            Some(Ok(label)) if label.failure => failures.push(label),
            Some(Ok(label)) => labels.push(Some(label)),
            Some(Err(fault)) => result.faults.push((number, fault)),
            None => {}
        }
    }
    for op in file.ops {
        let top = comment_top(&lines, op.statement);
        let take = |from: usize, to: usize, labels: &mut [Option<Label>]| {
            labels
                .iter_mut()
                .find(|label| {
                    label
                        .as_ref()
                        .is_some_and(|l| (from..=to).contains(&l.line))
                })
                .and_then(Option::take)
        };
        let (start, end) = (*op.lines.start(), *op.lines.end());
        let label = take(start, end, &mut labels).or_else(|| take(top, end, &mut labels));
        match &label {
            None => result
                .faults
                .push((start, format!("{} has no ORD", op.name))),
            Some(label) if label.pairs_with.is_empty() && publishes(&op) => {
                let fault = format!("{}: ORD {} names no partner", op.name, label.name);
                result.faults.push((start, fault));
            }
            Some(label) if op.orderings.len() > 1 && publishes(&op) => {
                let reason = failures.iter().position(|f| f.name == label.name);
                if reason.map(|index| failures.remove(index)).is_none() {
                    let fault = format!("no ORD {} (failure): why", label.name);
                    result.faults.push((start, fault));
                }
            }
            Some(_) => {}
        }
        result.ops.push((op, label));
    }
    for label in labels.into_iter().flatten().chain(failures) {
        let fault = format!("ORD {} belongs to no operation", label.name);
        result.faults.push((label.line, fault));
    }
    result
}

/// Whether the operation is more than relaxed, so that it must pair with something.
fn publishes(op: &Op) -> bool {
    op.kind == Kind::HouseFence || op.orderings.iter().any(|(o, _)| o != "Relaxed")
}

/// The first line of the comment that stands directly above a line.
fn comment_top(lines: &[&str], line: usize) -> usize {
    let mut top = line;
    while top > 1 && lines[top - 2].trim_start().starts_with("//") {
        top -= 1;
    }
    top
}

/// Labels given twice, and partners that nobody is called, over all files together. Each label comes
/// with the group within which it must be alone: the back ends for different systems, of which only
/// one is ever compiled, have the same sites.
pub(crate) fn unresolved(labels: &[(String, Label)]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut faults = Vec::new();
    for (group, label) in labels {
        if !seen.insert((label.name.as_str(), group)) {
            faults.push(format!("ORD {} is given twice", label.name));
        }
    }
    let names: BTreeSet<&str> = labels.iter().map(|(_, l)| l.name.as_str()).collect();
    for (_, label) in labels {
        for partner in &label.pairs_with {
            if partner != SYSTEM && !names.contains(partner.as_str()) {
                faults.push(format!(
                    "ORD {} pairs with {partner}, which nothing is called",
                    label.name
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(source: &str) -> Labelled {
        assign(source, crate::atomics::find(source).unwrap())
    }

    fn names(labelled: &Labelled) -> Vec<&str> {
        labelled
            .ops
            .iter()
            .map(|(_, label)| label.as_ref().map_or("", |label| label.name.as_str()))
            .collect()
    }

    #[test]
    fn a_label_is_found_above_beside_and_between() {
        let source = "fn f() {
            // ORD a.above ⇒ a.beside, a.between: what is published,
            // over two lines
            x.swap(0, AcqRel);
            x.load(Relaxed); // ORD a.beside: relaxed, why
            if x
                // ORD a.between ⇒ a.above: what is published
                .load(Acquire) == 1
            {
                // ORD a.inner: relaxed, why
                x.store(1, Relaxed);
            }
        }";
        let found = labelled(source);
        assert_eq!(
            names(&found),
            ["a.above", "a.beside", "a.between", "a.inner"]
        );
        assert_eq!(found.faults, []);
    }

    #[test]
    fn two_operations_of_a_statement_take_two_labels_in_order() {
        let found = labelled(
            "fn f() {
                // ORD a.one: relaxed, why
                // ORD a.two: relaxed, why
                x.load(Relaxed) == y.load(Relaxed)
            }",
        );
        assert_eq!(names(&found), ["a.one", "a.two"]);
    }

    #[test]
    fn a_missing_a_stray_a_malformed_and_a_lonely_label_are_faults() {
        let faults = |body: &str| labelled(&format!("fn f() {{ {body} }}")).faults.len();
        assert_eq!(faults("x.load(Relaxed);"), 1);
        assert_eq!(faults("full_fence_after_rmw();"), 1);
        assert_eq!(faults("\n// ORD a.b: relaxed, why\nx.get();"), 1);
        assert_eq!(faults("\n// ORD a.b ⇒ c: why\nx.load(Acquire);"), 2);
        assert_eq!(faults("\n// ORD a.b: why\nx.load(Acquire);"), 1);
        assert_eq!(faults("\n// ORD a.b ⇒ a.c: why\n\nx.load(Acquire);"), 2);
        assert_eq!(faults("\n// ORD a.b ⇒ a.c: why\nx.load(Acquire);"), 0);
    }

    #[test]
    fn a_failure_ordering_has_a_reason_of_its_own() {
        let faults = |above: &str| {
            let call = "x.compare_exchange(0, 1, Acquire, Relaxed);";
            labelled(&format!("fn f() {{\n{above}\n{call} }}"))
                .faults
                .len()
        };
        let success = "// ORD a.b ⇒ a.c: why";
        assert_eq!(faults(success), 1);
        assert_eq!(faults(&format!("{success}\n// ORD a.b (failure): why")), 0);
        assert_eq!(faults(&format!("{success}\n// ORD a.d (failure): why")), 2);
        assert_eq!(faults("// ORD a.b (failure): why"), 2);
    }

    #[test]
    fn a_double_and_an_unknown_partner_are_faults() {
        let labels = |all: &[(&str, &str, &str)]| -> Vec<(String, Label)> {
            let label = |name: &str, partner: &str| Label {
                name: name.to_owned(),
                pairs_with: vec![partner.to_owned()],
                line: 1,
                failure: false,
            };
            all.iter()
                .map(|(group, name, partner)| (group.to_string(), label(name, partner)))
                .collect()
        };
        let faults = |all: &[_]| unresolved(&labels(all)).len();
        assert_eq!(faults(&[("", "a.x", "a.y"), ("", "a.y", "a.x")]), 0);
        assert_eq!(faults(&[("", "a.x", "a.x"), ("", "a.x", "a.z")]), 2);
        assert_eq!(
            faults(&[("linux", "a.x", "system"), ("windows", "a.x", "a.x")]),
            0
        );
    }
}

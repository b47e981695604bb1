//! Finds the atomic operations in a source file: every call with a memory ordering among its
//! arguments, and every call of a fence.
//!
//! By syntax tree and not by text, so that a span can be replaced exactly. The arguments of macros
//! (`assert!`, `matches!` and the like) are parsed as expressions; where that fails and an ordering
//! is named inside, that is a [`File::strays`] entry, as is an ordering anywhere but in a call.

use std::ops::{Range, RangeInclusive};

use anyhow::{Context, Result};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Meta};

use crate::cfg::{holds, names};

/// The memory orderings by name.
pub(crate) const ORDERINGS: [&str; 5] = ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"];

/// Our own fences: they take no argument and are sequentially consistent.
const HOUSE_FENCES: [&str; 5] = [
    "full_fence_after_rmw",
    "full_fence_between_loads",
    "full_fence",
    "light_fence",
    "heavy_fence",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Load,
    Store,
    ReadModifyWrite,
    Fence,
    /// `full_fence_after_rmw()` and the like.
    HouseFence,
}

#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// `compare_exchange`, `fence`, …
    pub(crate) name: String,
    /// The whole call, in bytes of the file.
    pub(crate) call: Range<usize>,
    /// Each ordering argument and its place.
    pub(crate) orderings: Vec<(String, Range<usize>)>,
    /// First line (from 1) of the statement that holds it.
    pub(crate) statement: usize,
    /// The lines from the operation's name to its closing parenthesis.
    pub(crate) lines: RangeInclusive<usize>,
    /// False if a `cfg` around it excludes it from the model.
    pub(crate) in_model: bool,
}

#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) ops: Vec<Op>,
    /// Lines that name an ordering in a place this module does not understand.
    pub(crate) strays: Vec<usize>,
    /// The lines of each `#[cfg(test)]` module.
    pub(crate) tests: Vec<RangeInclusive<usize>>,
    /// Attributes and macros that look at `cfg(loom)`: the line, and whether it is `#![cfg(loom)]`.
    pub(crate) loom_cfgs: Vec<(usize, bool)>,
}

/// Parses `source` and finds what is described above. Code under `#[cfg(test)]` is not looked at
/// for operations.
pub(crate) fn find(source: &str) -> Result<File> {
    let syntax = syn::parse_file(source).context("cannot parse")?;
    let mut finder = Finder {
        file: File::default(),
        statements: vec![1],
        in_model: true,
        in_test: false,
    };
    finder.visit_file(&syntax);
    let mut file = finder.file;
    file.ops.sort_by_key(|op| op.call.end);
    Ok(file)
}

struct Finder {
    file: File,
    statements: Vec<usize>,
    in_model: bool,
    in_test: bool,
}

impl Finder {
    /// Visits something with attributes, minding its `cfg`s.
    fn scoped(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let before = (self.in_model, self.in_test);
        for meta in attributes.iter().filter(|a| a.path().is_ident("cfg")) {
            if let Ok(condition) = meta.parse_args::<Meta>() {
                self.in_model &= holds(&condition, "loom", true) != Some(false);
                self.in_test |= holds(&condition, "test", false) == Some(false);
            }
        }
        visit(self);
        (self.in_model, self.in_test) = before;
    }

    fn call<'a>(
        &mut self,
        name: &syn::Ident,
        call: &Expr,
        arguments: impl Iterator<Item = &'a Expr>,
    ) {
        if self.in_test {
            return;
        }
        let orderings: Vec<_> = arguments
            .filter_map(|a| Some((ordering(a)?, a.span().byte_range())))
            .collect();
        let name_text = name.to_string();
        let kind = match name_text.as_str() {
            house if HOUSE_FENCES.contains(&house) => Kind::HouseFence,
            _ if orderings.is_empty() => return,
            "load" => Kind::Load,
            "store" | "store_mine" => Kind::Store,
            "fence" | "compiler_fence" => Kind::Fence,
            _ => Kind::ReadModifyWrite,
        };
        self.file.ops.push(Op {
            kind,
            name: name_text,
            call: call.span().byte_range(),
            orderings,
            statement: *self.statements.last().unwrap_or(&1),
            lines: name.span().start().line..=call.span().end().line,
            in_model: self.in_model,
        });
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.scoped(attributes(expr), |this| match expr {
            Expr::MethodCall(call) => {
                this.call(&call.method, expr, call.args.iter());
                this.visit_expr(&call.receiver);
                this.visit_arguments(&call.args);
            }
            Expr::Call(call) => {
                if let Expr::Path(function) = &*call.func
                    && let Some(segment) = function.path.segments.last()
                {
                    this.call(&segment.ident, expr, call.args.iter());
                }
                this.visit_expr(&call.func);
                this.visit_arguments(&call.args);
            }
            Expr::Path(_) if !this.in_test && ordering(expr).is_some() => {
                this.file.strays.push(expr.span().start().line);
            }
            _ => visit::visit_expr(this, expr),
        });
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        self.statements.push(statement.span().start().line);
        visit::visit_stmt(self, statement);
        self.statements.pop();
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.statements.push(arm.span().start().line);
        self.scoped(&arm.attrs, |this| visit::visit_arm(this, arm));
        self.statements.pop();
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        self.scoped(&local.attrs, |this| visit::visit_local(this, local));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.scoped(&item.attrs, |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.scoped(&item.attrs, |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.scoped(&item.attrs, |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let outer = self.in_test;
        self.scoped(&item.attrs, |this| {
            if this.in_test && !outer {
                let span = item.span();
                let lines = span.start().line..=span.end().line;
                this.file.tests.push(lines);
            }
            visit::visit_item_mod(this, item);
        });
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let conditional = ["cfg", "cfg_attr"]
            .iter()
            .any(|name| attribute.path().is_ident(name));
        if conditional
            && let Meta::List(list) = &attribute.meta
            && names(&list.tokens, &["loom"])
        {
            let inner = matches!(attribute.style, syn::AttrStyle::Inner(_));
            let condition = list.tokens.to_string().replace(' ', "");
            let whole = attribute.path().is_ident("cfg")
                && matches!(condition.as_str(), "loom" | "not(loom)");
            let line = attribute.span().start().line;
            self.file.loom_cfgs.push((line, inner && whole));
        }
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let line = mac.span().start().line;
        if mac.path.is_ident("cfg") && names(&mac.tokens, &["loom"]) {
            self.file.loom_cfgs.push((line, false));
        }
        match mac.parse_body_with(Punctuated::<Expr, syn::Token![,]>::parse_terminated) {
            Ok(arguments) => {
                for argument in &arguments {
                    self.visit_expr(argument);
                }
            }
            Err(_) if !self.in_test && names(&mac.tokens, &ORDERINGS) => {
                self.file.strays.push(line);
            }
            Err(_) => {}
        }
    }
}

impl Finder {
    /// The arguments of a call, where an ordering is in its place.
    fn visit_arguments(&mut self, arguments: &Punctuated<Expr, syn::Token![,]>) {
        for argument in arguments.iter().filter(|a| ordering(a).is_none()) {
            self.visit_expr(argument);
        }
    }
}

/// The name of the ordering, if the expression is the path of one.
fn ordering(expr: &Expr) -> Option<String> {
    let Expr::Path(path) = expr else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    ORDERINGS.contains(&name.as_str()).then_some(name)
}

/// The attributes of the expressions that are seen to carry a `cfg`.
fn attributes(expr: &Expr) -> &[Attribute] {
    match expr {
        Expr::Block(e) => &e.attrs,
        Expr::Call(e) => &e.attrs,
        Expr::ForLoop(e) => &e.attrs,
        Expr::If(e) => &e.attrs,
        Expr::Loop(e) => &e.attrs,
        Expr::Macro(e) => &e.attrs,
        Expr::Match(e) => &e.attrs,
        Expr::MethodCall(e) => &e.attrs,
        Expr::Return(e) => &e.attrs,
        Expr::Unsafe(e) => &e.attrs,
        Expr::While(e) => &e.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let describe = |op: &Op| {
            let orderings: Vec<&str> = op.orderings.iter().map(|(o, _)| o.as_str()).collect();
            format!("{}({})", op.name, orderings.join(","))
        };
        find(source).unwrap().ops.iter().map(describe).collect()
    }

    #[test]
    fn calls_are_found_in_conditions_chains_closures_and_macros() {
        let source = r#"
            fn f(a: &AtomicU32) {
                while a.load(Ordering::Relaxed) != 0 {}
                let x = a.compare_exchange(0, 1, Acquire, Relaxed).map(|_| a.swap(1, AcqRel));
                assert!(a.load(core::sync::atomic::Ordering::SeqCst) == 1, "{}", a.load(Relaxed));
                fence(SeqCst);
                atomic::full_fence_after_rmw();
                not_atomic(Ordering::Less);
            }"#;
        assert_eq!(
            found(source),
            [
                "load(Relaxed)",
                "compare_exchange(Acquire,Relaxed)",
                "swap(AcqRel)",
                "load(SeqCst)",
                "load(Relaxed)",
                "fence(SeqCst)",
                "full_fence_after_rmw()"
            ]
        );
    }

    #[test]
    fn an_ordering_outside_a_call_is_a_stray() {
        let strays = |source| find(source).unwrap().strays.len();
        assert_eq!(strays("fn f() { let o = Ordering::Acquire; }"), 1);
        assert_eq!(strays("fn f() { odd!(a => b.load(Acquire)); }"), 1);
        assert_eq!(strays("use core::sync::atomic::Ordering::Acquire;"), 0);
        assert_eq!(strays("fn f() { a.load(Acquire); }"), 0);
    }

    #[test]
    fn tests_are_passed_over_and_what_the_model_excludes_is_marked() {
        let file = find(
            "#[cfg(test)] mod tests { fn f() { a.load(SeqCst); } }
             fn g() {
                 #[cfg(all(any(target_arch = \"x86\"), not(loom)))]
                 compiler_fence(SeqCst);
                 #[cfg(not(all(any(target_arch = \"x86\"), not(loom))))]
                 fence(SeqCst);
             }",
        )
        .unwrap();
        let marks: Vec<_> = file.ops.iter().map(|op| (&*op.name, op.in_model)).collect();
        assert_eq!(marks, [("compiler_fence", false), ("fence", true)]);
        assert_eq!(file.tests, [1..=1]);
    }

    #[test]
    fn every_mention_of_the_models_cfg_is_seen() {
        let file = find(
            "#![cfg(loom)]
             #[cfg(not(loom))] fn f() {}
             fn g() { if cfg!(any(loom, miri)) {} }",
        )
        .unwrap();
        assert_eq!(file.loom_cfgs, [(1, true), (2, false), (3, false)]);
    }
}

//! Conditions: what a `cfg` says about one flag, and whether tokens name one.

use proc_macro2::{TokenStream, TokenTree};
use syn::Meta;
use syn::punctuated::Punctuated;

/// Whether one of `idents` stands anywhere in the tokens.
pub(crate) fn names(tokens: &TokenStream, idents: &[&str]) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => idents.iter().any(|name| ident == name),
        TokenTree::Group(group) => names(&group.stream(), idents),
        _ => false,
    })
}

/// Evaluates a `cfg` condition knowing only whether `flag` is set; `None` is "cannot tell".
pub(crate) fn holds(condition: &Meta, flag: &str, set: bool) -> Option<bool> {
    if condition.path().is_ident(flag) {
        return Some(set);
    }
    let Meta::List(list) = condition else {
        return None;
    };
    let parts = list
        .parse_args_with(Punctuated::<Meta, syn::Token![,]>::parse_terminated)
        .ok()?;
    let parts: Vec<Option<bool>> = parts.iter().map(|part| holds(part, flag, set)).collect();
    let all_are = |value| parts.iter().all(|part| *part == Some(value));
    if list.path.is_ident("not") {
        return parts.first()?.map(|value| !value);
    }
    let decisive = list.path.is_ident("any");
    if parts.contains(&Some(decisive)) {
        Some(decisive)
    } else if all_are(!decisive) {
        Some(!decisive)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_decided_where_the_flag_decides_it() {
        let holds = |text: &str| holds(&syn::parse_str(text).unwrap(), "loom", true);
        assert_eq!(holds("loom"), Some(true));
        assert_eq!(holds("not(loom)"), Some(false));
        assert_eq!(holds("unix"), None);
        assert_eq!(holds("all(unix, not(loom))"), Some(false));
        assert_eq!(holds("all(unix, loom)"), None);
        assert_eq!(holds("any(target_os = \"linux\", loom)"), Some(true));
        assert_eq!(holds("not(all(any(miri, unix), not(loom)))"), Some(true));
    }
}

//! The thread without an object.

use std::sync::mpsc;

use lockwright_thread::{current, enumerate, get_ident, start_new_thread};
use testkit::in_time;

#[test]
fn it_has_an_ident_and_no_object() {
    in_time(|| {
        let (tell, told) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let (end, ended) = mpsc::channel::<()>();
        let ident = start_new_thread(move || {
            tell.send(get_ident()).unwrap();
            let _ = wait.recv();
            // It is a dummy, if it asks.
            assert!(current().is_daemon());
            drop(end);
        });
        let ident = ident.unwrap();
        assert_eq!(told.recv().unwrap(), ident);
        let listed = enumerate()
            .iter()
            .any(|t| t.to_string().contains(&format!(" {ident})>")));
        assert!(!listed);
        drop(go);
        assert!(ended.recv().is_err());
    });
}

#[test]
fn its_panic_is_its_own() {
    in_time(|| {
        let (end, ended) = mpsc::channel::<()>();
        start_new_thread(move || {
            let _end = end;
            panic!("on purpose, in a raw thread");
        })
        .unwrap();
        assert!(ended.recv().is_err());
    });
}

//! The budgets where only one CPU may run the process. Alone in its process, since the main thread is tied too.
#![cfg(all(any(target_os = "linux", target_os = "android"), not(any(loom, miri))))]

use lockwright_futex::Spin;

/// On which CPUs the calling thread may run.
fn allowed() -> libc::cpu_set_t {
    // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
    let mut cpus: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: `cpus` is valid for writes of its size; 0 is the calling thread.
    let end = unsafe { libc::sched_getaffinity(0, size_of_val(&cpus), &mut cpus) };
    assert_eq!(end, 0, "there is room for all CPUs");
    cpus
}

fn has(cpus: &libc::cpu_set_t, cpu: usize) -> bool {
    // SAFETY: the macro only reads the set; all callers' indices are within its size.
    unsafe { libc::CPU_ISSET(cpu, cpus) }
}

/// Ties the calling thread and the main thread to them.
fn tie(cpus: &libc::cpu_set_t) {
    // SAFETY: getpid has no preconditions.
    for thread in [0, unsafe { libc::getpid() }] {
        // SAFETY: `cpus` is valid for reads of its size.
        let end = unsafe { libc::sched_setaffinity(thread, size_of_val(cpus), cpus) };
        assert_eq!(end, 0, "they were allowed before");
    }
}

/// How many it has. A yield that was dear ends them, and none is left for a while.
fn turns(mut spin: Spin, may_yield: bool) -> usize {
    (0..)
        .find(|_| !spin.turn(|| may_yield))
        .expect("the budget ends")
}

/// What a new thread finds, whose yields have not been dear yet.
fn of_a_new_thread<R: Send>(find: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(find).join().expect("it finds it"))
}

#[test]
fn one_cpu_is_for_yields_where_threads_watch_and_for_sleep_where_they_want_what_others_hold() {
    let all = allowed();
    let cpus = 0..libc::CPU_SETSIZE as usize;
    let first = cpus.clone().find(|&cpu| has(&all, cpu)).expect("it runs");
    // SAFETY: a cpu_set_t is an array of integers, for which zero is a value.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the index is within the size of the set.
    unsafe { libc::CPU_SET(first, &mut one) };
    tie(&one);
    // More often than a thread asks how many CPUs there are.
    for _ in 0..100 {
        assert_eq!(turns(Spin::new(), true), 0);
        assert_eq!(turns(Spin::woken(), true), 0);
        assert_eq!(turns(Spin::close(), true), 0);
        assert_eq!(turns(Spin::watching(), false), 0, "looks are of no use");
        assert_eq!(turns(Spin::yielding(2, false), false), 0);
        assert_eq!(turns(Spin::meeting(2, true), false), 0);
    }
    for yields in [
        Spin::watching,
        || Spin::yielding(1, true),
        || Spin::yielding(2, true),
        || Spin::meeting(2, true),
        || Spin::passing(7),
    ] {
        assert!(of_a_new_thread(move || turns(yields(), true)) >= 1);
    }
    if cpus.filter(|&cpu| has(&all, cpu)).count() < 2 {
        return;
    }
    // Whoever may run on more than one later learns of it.
    tie(&all);
    let looks = || turns(Spin::new(), false) > 0;
    assert!((0..100).any(|_| looks()));
    assert!(turns(Spin::watching(), false) > 0);
}

//! Concurrent callers: one wins, and no caller gets a wrong answer.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;

use retry_effects::store::{Claim, ClaimId, ClaimRequest, Resolved};
use retry_effects::{EffectStore, StoreError};

use crate::bench::{Bench, id, result, success, wait, won};

#[test]
fn of_many_threads_and_handles_one_wins_each_action() {
    const ACTIONS: u64 = 40;
    let bench = Bench::new();
    let handles = [bench.open(), bench.open(), bench.open()];
    let wins: Vec<AtomicU64> = (0..ACTIONS).map(|_| AtomicU64::new(0)).collect();
    let fences = Mutex::new(Vec::new());
    let start = Barrier::new(12);
    thread::scope(|threads| {
        for at in 0..12 {
            let (store, wins, fences, start) = (&handles[at % 3], &wins, &fences, &start);
            threads.spawn(move || {
                start.wait();
                for action in 0..ACTIONS {
                    let request = ClaimRequest::new(id(action), "test");
                    match wait(store.pending(&request)).unwrap() {
                        Claim::Won(token) => {
                            wins[action as usize].fetch_add(1, Ordering::SeqCst);
                            fences.lock().unwrap().push(token.fence());
                            wait(store.complete(&token, success("1"))).unwrap();
                        }
                        Claim::Busy(_) | Claim::Done(_) => {}
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    for (action, wins) in wins.iter().enumerate() {
        assert_eq!(wins.load(Ordering::SeqCst), 1, "action {action}");
        assert_eq!(result(&handles[0], id(action as u64)).as_deref(), Some("1"));
    }
    let mut fences = fences.into_inner().unwrap();
    fences.sort_unstable();
    fences.dedup();
    assert_eq!(
        fences.len(),
        ACTIONS as usize,
        "each claim has a fence of its own"
    );
    assert_eq!(wait(handles[1].counts()).unwrap().total(), ACTIONS);
}

#[test]
fn what_was_answered_is_there_for_a_handle_opened_later() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    wait(store.complete(&token, success("[1,2]"))).unwrap();
    assert_eq!(result(&bench.open(), id(1)).as_deref(), Some("[1,2]"));
}

#[test]
fn a_claim_whose_acknowledgement_was_lost_is_found_again_by_another_handle() {
    let bench = Bench::new();
    let mut request = ClaimRequest::new(id(1), "test");
    request.claim_id = ClaimId::from_bits(7);
    let claims = [bench.open(), bench.open()].map(|store| wait(store.pending(&request)).unwrap());
    let [Claim::Won(one), Claim::Won(other)] = claims else {
        panic!("{claims:?}");
    };
    assert_eq!(one, other);
}

#[test]
fn what_was_asked_for_is_done_also_when_nobody_waits_for_the_answer() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    drop(store.complete(&token, success("1")));
    // The queue is in order.
    won(&store, id(2));
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
}

#[test]
fn while_another_process_writes_calls_wait_and_are_committed_together() {
    let bench = Bench::new();
    let store = bench.open();
    let other = bench.raw();
    let held =
        rusqlite::Transaction::new_unchecked(&other, rusqlite::TransactionBehavior::Immediate)
            .unwrap();
    let requests: Vec<_> = (0..100).map(|n| ClaimRequest::new(id(n), "test")).collect();
    let mut claims: Vec<_> = requests
        .iter()
        .map(|request| store.pending(request))
        .collect();
    let mut context = Context::from_waker(Waker::noop());
    for claim in &mut claims {
        assert!(std::pin::Pin::new(claim).poll(&mut context).is_pending());
    }
    // Reads go on.
    assert!(matches!(
        wait(store.resolve(id(0))).unwrap(),
        Resolved::Free
    ));
    held.rollback().unwrap();
    for claim in claims {
        assert!(matches!(wait(claim).unwrap(), Claim::Won(_)));
    }
}

#[test]
fn a_command_that_fails_does_not_fail_those_beside_it() {
    let bench = Bench::new();
    let store = bench.open();
    let tokens = [won(&store, id(1)), won(&store, id(2)), won(&store, id(3))];
    // The record of the second cannot be written.
    bench
        .raw()
        .execute_batch(&format!(
            "CREATE TRIGGER broken BEFORE UPDATE ON effects WHEN OLD.id = '{}'
             BEGIN SELECT RAISE(ABORT, 'broken'); END;",
            id(2)
        ))
        .unwrap();
    let other = bench.raw();
    let held =
        rusqlite::Transaction::new_unchecked(&other, rusqlite::TransactionBehavior::Immediate)
            .unwrap();
    // All three are in the queue before the first can begin or the rest are one batch.
    let answers = tokens
        .each_ref()
        .map(|token| store.complete(token, success("1")));
    held.rollback().unwrap();
    let [first, second, third] = answers.map(wait);
    first.unwrap();
    third.unwrap();
    assert!(
        matches!(second, Err(StoreError::Unavailable { .. })),
        "{second:?}"
    );
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
    assert_eq!(result(&store, id(2)), None);
    assert_eq!(result(&store, id(3)).as_deref(), Some("1"));
}

#[test]
fn a_commit_that_fails_is_told_to_all() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    // A deferred constraint is checked by COMMIT.
    bench
        .raw()
        .execute_batch(
            "CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER broken AFTER UPDATE ON effects
             BEGIN INSERT INTO child VALUES (7); END;",
        )
        .unwrap();
    let failed = wait(store.complete(&token, success("1")));
    assert!(
        matches!(failed, Err(StoreError::Unavailable { .. })),
        "{failed:?}"
    );
    assert_eq!(result(&store, id(1)), None);
    // The writer goes on, and holds no lock.
    bench.raw().execute_batch("DROP TRIGGER broken").unwrap();
    wait(store.complete(&token, success("1"))).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
}

#[test]
fn who_watches_is_woken_after_the_commit() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    let mut changed = store.changed(id(1));
    let mut other = store.changed(id(2));
    let mut context = Context::from_waker(Waker::noop());
    assert!(
        std::pin::Pin::new(&mut changed)
            .poll(&mut context)
            .is_pending()
    );
    wait(store.complete(&token, success("1"))).unwrap();
    let woken = std::pin::Pin::new(&mut changed).poll(&mut context);
    assert_eq!(woken, Poll::Ready(()));
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
    assert!(
        std::pin::Pin::new(&mut other)
            .poll(&mut context)
            .is_pending()
    );
}

#[test]
fn the_writer_ends_with_the_last_handle_after_what_it_was_asked_for() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    drop(store.complete(&token, success("1")));
    drop(store);
    // The last connection to close removes the write-ahead log.
    let log = bench.path().with_extension("db-wal");
    while log.exists() {
        thread::yield_now();
    }
    assert_eq!(result(&bench.open(), id(1)).as_deref(), Some("1"));
}

/// Neither makes every 64th claim for sure, and a lone claim is one statement.
#[test]
fn lone_claims_of_two_programs_in_turn_still_shorten_the_search_for_open_ones() {
    let bench = Bench::new();
    let stores = [bench.open(), bench.open()];
    for number in 0..200 {
        let store = &stores[number as usize % 2];
        let token = won(store, id(number));
        wait(store.complete(&token, success("1"))).unwrap();
    }
    let open_from: i64 = bench
        .raw()
        .query_row("SELECT open_from FROM effect_store", [], |row| row.get(0))
        .unwrap();
    assert!(open_from > 128, "{open_from}");
}

#[test]
fn without_the_stores_own_row_nothing_is_claimed() {
    let bench = Bench::new();
    let store = bench.open();
    bench
        .raw()
        .execute_batch("DELETE FROM effect_store")
        .unwrap();
    for number in 0..2 {
        let refused = wait(store.pending(&ClaimRequest::new(id(number), "test")));
        assert!(
            matches!(refused, Err(StoreError::Unavailable { .. })),
            "{refused:?}"
        );
    }
    let records: i64 = bench
        .raw()
        .query_row("SELECT count(*) FROM effects", [], |row| row.get(0))
        .unwrap();
    assert_eq!(records, 0);
}

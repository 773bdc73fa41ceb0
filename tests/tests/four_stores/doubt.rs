//! Unknown outcomes: left to a person, probed, or done again.

use std::io;
use std::time::{Duration, Instant};

use retry_effects::store::{Settlement, Status};
use retry_effects::{EffectError, Outcome};
use retry_tests::{block_on, gate_error};

use super::place::{Place, Store};
use super::shop::{
    Till, charge, charge_again, charge_again_sync, charge_or_ask, charge_or_ask_sync, charge_sync,
    id, receipt,
};

on_each_store!(
    an_unknown_outcome_halts_until_a_person_settles_it,
    its_record_tells_how_long_it_has_been_in_doubt,
    an_unknown_outcome_is_asked_about,
    an_unknown_outcome_is_done_again_where_that_is_safe,
    what_one_call_left_in_doubt_another_settles,
    a_call_that_is_dropped_leaves_doubt,
);

const UNKNOWN: io::ErrorKind = io::ErrorKind::TimedOut;

fn an_unknown_outcome_halts_until_a_person_settles_it(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        let till = leave_in_doubt(&here, order, is_sync);
        for refused in [
            block_on(charge(&there, &till, order, 5)),
            charge_sync(&there, &till, order, 5),
        ] {
            let refused = gate_error(refused);
            let EffectError::InDoubt { record, .. } = refused else {
                panic!("{refused}");
            };
            assert_eq!((record.id, &*record.action_type), (id(order), "charge"));
            let reason = record.reason.expect("the error of the first call");
            assert_eq!(reason.as_str(), io::Error::from(UNKNOWN).to_string());
        }

        let record = block_on(there.get(id(order))).unwrap().unwrap();
        assert_eq!(record.status, Status::InDoubt);
        // A person's word, on another machine: it did not happen; it did.
        let is_applied = is_sync;
        let word = if is_applied {
            let Outcome::Success(result) = Outcome::success(&receipt(order, 7)).unwrap() else {
                panic!("a success");
            };
            Settlement::Success(result)
        } else {
            Settlement::NotApplied
        };
        block_on(there.settle(id(order), record.fence, word)).unwrap();
        let record = block_on(here.get(id(order))).unwrap().unwrap();
        assert_eq!(record.reason, None);
        assert_eq!(record.payload.is_some(), is_applied);
        let (cents, charges) = if is_applied { (7, 1) } else { (5, 2) };
        for store in [&here, &there] {
            let charged = charge_sync(store, &till, order, 5);
            assert_eq!(charged.unwrap(), receipt(order, cents));
            let charged = block_on(charge(store, &till, order, 5));
            assert_eq!(charged.unwrap(), receipt(order, cents));
        }
        assert_eq!(till.charges(order), charges);
    }
}

fn its_record_tells_how_long_it_has_been_in_doubt(place: &Place) {
    let (here, there) = (place.open(), place.open());
    let begun = Instant::now();
    let till = leave_in_doubt(&here, 1, false);
    let over = |store: &Store| {
        let record = block_on(store.get(id(1))).unwrap().unwrap();
        record.lease_over
    };
    let first = over(&there).expect("in doubt");
    // By the end of its owner, which came after this test began.
    assert!(first <= begun.elapsed(), "{first:?}");
    let refused = gate_error(charge_sync(&there, &till, 1, 5));
    let EffectError::InDoubt { record, .. } = refused else {
        panic!("{refused}");
    };
    let later = record.lease_over.expect("in doubt");
    assert!(first <= later && later <= begun.elapsed(), "{later:?}");
    assert!(block_on(charge_again(&there, &till, 1, 5)).is_ok());
    assert_eq!(over(&here), None);
}

fn an_unknown_outcome_is_asked_about(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        // No is the answer after the first, yes after the second.
        let till = Till::that_fails([UNKNOWN, UNKNOWN, UNKNOWN]);
        for store in [&here, &there] {
            let charged = if is_sync {
                charge_or_ask_sync(store, &till, order, 5)
            } else {
                block_on(charge_or_ask(store, &till, order, 5))
            };
            assert_eq!(charged.unwrap(), receipt(order, 5));
            assert_eq!((till.charges(order), till.questions(order)), (2, 2));
        }
    }
}

fn an_unknown_outcome_is_done_again_where_that_is_safe(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        let till = Till::that_fails([UNKNOWN]);
        for store in [&here, &there] {
            let charged = if is_sync {
                charge_again_sync(store, &till, order, 5)
            } else {
                block_on(charge_again(store, &till, order, 5))
            };
            assert_eq!(charged.unwrap(), receipt(order, 5));
            assert_eq!(till.charges(order), 2);
        }
    }
}

fn what_one_call_left_in_doubt_another_settles(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        let till = leave_in_doubt(&here, order, is_sync);
        let charged = if is_sync {
            charge_or_ask_sync(&there, &till, order, 5)
        } else {
            block_on(charge_or_ask(&there, &till, order, 5))
        };
        assert_eq!(charged.unwrap(), receipt(order, 5));
        assert_eq!((till.charges(order), till.questions(order)), (2, 1));
        // Now those know who only halt.
        let charged = block_on(charge(&here, &till, order, 5));
        assert_eq!(charged.unwrap(), receipt(order, 5));
    }
    for (order, is_sync) in [(3, false), (4, true)] {
        let till = leave_in_doubt(&here, order, is_sync);
        let charged = if is_sync {
            charge_again_sync(&there, &till, order, 5)
        } else {
            block_on(charge_again(&there, &till, order, 5))
        };
        assert_eq!(charged.unwrap(), receipt(order, 5));
        assert_eq!((till.charges(order), till.questions(order)), (2, 0));
    }
}

fn a_call_that_is_dropped_leaves_doubt(place: &Place) {
    let (here, there, till) = (place.open(), place.open(), Till::closed());
    block_on(async {
        let begun = async {
            while till.charges(1) == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::select! {
            _ = charge(&here, &till, 1, 5) => panic!("nobody has let it go"),
            () = begun => {}
        }
    });
    // The record is written in its own time; until then it is held, and who comes waits.
    let refused = gate_error(charge_sync(&there, &till, 1, 5));
    assert!(matches!(refused, EffectError::InDoubt { .. }), "{refused}");
    let shown = refused.to_string();
    assert!(shown.ends_with(": the call was dropped"), "{shown}");
    assert_eq!(till.charges(1), 1);
}

/// A charge whose outcome nobody knows.
fn leave_in_doubt(store: &Store, order: u64, is_sync: bool) -> Till {
    let till = Till::that_fails([UNKNOWN]);
    let left = if is_sync {
        charge_sync(store, &till, order, 5)
    } else {
        block_on(charge(store, &till, order, 5))
    };
    assert_eq!(left.map_err(|error| error.kind()), Err(UNKNOWN));
    till
}

//! The same call again: after the first, beside it, with other arguments, after an error.

use std::io;
use std::sync::Arc;
use std::thread;

use retry_effects::EffectError;
use retry_effects::store::Status;
use retry_tests::{block_on, gate_error};

use super::overheard::Overheard;
use super::place::{Place, Store};
use super::shop::{Clerk, Till, charge, charge_or_fail, charge_sync, id, receipt};

on_each_store!(
    a_duplicate_of_any_shape_replays,
    an_error_releases,
    other_arguments_are_a_mismatch,
    duplicates_join_the_call_that_is_at_it,
);

fn a_duplicate_of_any_shape_replays(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, first) in (1..).zip(["async", "sync", "method", "sync method"]) {
        let till = Till::new();
        let mut clerk = Clerk {
            store: here.clone(),
            charges: 0,
        };
        let charged = match first {
            "async" => block_on(charge(&here, &till, order, 5)),
            "sync" => charge_sync(&here, &till, order, 5),
            "method" => block_on(clerk.charge(&till, order, 5)),
            _ => clerk.charge_sync(&till, order, 5),
        };
        assert_eq!(charged.unwrap(), receipt(order, 5), "{first}");
        let charges = clerk.charges;
        for store in [&here, &there] {
            clerk.store = store.clone();
            let again = [
                block_on(charge(store, &till, order, 5)),
                charge_sync(store, &till, order, 5),
                block_on(clerk.charge(&till, order, 5)),
                clerk.charge_sync(&till, order, 5),
            ];
            for charged in again {
                assert_eq!(charged.unwrap(), receipt(order, 5), "{first}");
            }
        }
        assert_eq!(
            (till.charges(order), clerk.charges),
            (1, charges),
            "{first}"
        );
    }
    assert_eq!(block_on(there.counts()).unwrap().total(), 4);
}

fn an_error_releases(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        let refused = io::ErrorKind::ConnectionRefused;
        let till = Till::that_fails([refused]);
        let failed = one_of(is_sync, &here, &till, order);
        assert_eq!(failed.map_err(|error| error.kind()), Err(refused));
        let record = block_on(there.get(id(order))).unwrap().unwrap();
        assert_eq!(record.status, Status::Released);
        let charged = one_of(!is_sync, &there, &till, order);
        assert_eq!(charged.unwrap(), receipt(order, 5));
        assert_eq!(till.charges(order), 2);
    }
}

fn other_arguments_are_a_mismatch(place: &Place) {
    let (here, there, till) = (place.open(), place.open(), Till::new());
    block_on(charge(&here, &till, 1, 5)).unwrap();
    for store in [&here, &there] {
        for refused in [
            block_on(charge(store, &till, 1, 6)),
            charge_sync(store, &till, 1, 6),
        ] {
            let refused = gate_error(refused);
            let is_mismatch = matches!(refused, EffectError::PayloadMismatch { .. });
            assert!(is_mismatch, "{refused}");
        }
    }
    assert_eq!(till.charges(1), 1);
}

fn duplicates_join_the_call_that_is_at_it(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, is_sync) in [(1, false), (2, true)] {
        let till = Till::closed();
        thread::scope(|scope| {
            let owner = scope.spawn(|| one_of(is_sync, &here, &till, order));
            till.await_charge(order);
            let refused = gate_error(block_on(charge_or_fail(&there, &till, order, 5)));
            let is_busy = matches!(refused, EffectError::InProgress { .. });
            assert!(is_busy, "{refused}");

            let [here, there] = [&here, &there];
            let waiters = [(here, false), (here, true), (there, false), (there, true)];
            let waiters = waiters.map(|(store, is_sync)| {
                let overheard = Arc::new(Overheard::new(store.clone()));
                let store: Store = overheard.clone();
                let till = &till;
                let waiter = scope.spawn(move || one_of(is_sync, &store, till, order));
                (overheard, waiter)
            });
            for (overheard, waiter) in &waiters {
                overheard.await_waiter();
                assert!(!waiter.is_finished());
            }
            till.open();
            let joined = waiters.map(|(_, waiter)| waiter);
            for call in joined.into_iter().chain([owner]) {
                assert_eq!(call.join().unwrap().unwrap(), receipt(order, 5));
            }
        });
        assert_eq!(till.charges(order), 1);
    }
}

/// A charge of this order, by the one function or by the other.
fn one_of(
    is_sync: bool,
    store: &Store,
    till: &Till,
    order: u64,
) -> io::Result<super::shop::Receipt> {
    if is_sync {
        charge_sync(store, till, order, 5)
    } else {
        block_on(charge(store, till, order, 5))
    }
}

//! A runtime that is blocked, by a body that does not yield, keeps its lease.

use std::io;
use std::thread;

use retry_core::retry_api;
use retry_effects::store::Status;
use retry_tests::block_on;
use tokio::runtime::Builder;

use super::place::{Place, Store};
use super::shop::{Receipt, Till, charge, id, receipt, until};

on_each_store!(a_blocked_runtime_keeps_its_lease);

/// Blocks the thread that it is polled on. Its lease is renewed at a third of it.
#[retry_api(idempotent = true, name = "charge", key(order), skip(till), store = store, lease = "2s")]
async fn charge_blocking(
    store: &Store,
    till: &Till,
    order: u64,
    cents: u64,
) -> io::Result<Receipt> {
    let charged = till.charge(order, cents);
    till.pass_blocking();
    charged
}

fn a_blocked_runtime_keeps_its_lease(place: &Place) {
    let (here, there, till) = (place.open(), place.open(), Till::closed());
    thread::scope(|scope| {
        let owners = [1, 2].map(|order| {
            let (here, till) = (&here, &till);
            scope.spawn(move || {
                let mut runtime = match order {
                    1 => Builder::new_current_thread(),
                    _ => Builder::new_multi_thread(),
                };
                let runtime = runtime.enable_all().build().unwrap();
                runtime.block_on(charge_blocking(here, till, order, 5))
            })
        });
        for order in [1, 2] {
            // More than one lease's worth: without them it would be in doubt by now.
            until("renewed", || {
                let Some(record) = block_on(there.get(id(order))).unwrap() else {
                    return false;
                };
                assert_eq!(record.status, Status::Pending, "{record:?}");
                record.renewals >= 4
            });
        }
        till.open();
        for (order, owner) in [1, 2].into_iter().zip(owners) {
            assert_eq!(owner.join().unwrap().unwrap(), receipt(order, 5));
            let replayed = block_on(charge(&there, &till, order, 5));
            assert_eq!(replayed.unwrap(), receipt(order, 5));
            assert_eq!(till.charges(order), 1);
        }
    });
}

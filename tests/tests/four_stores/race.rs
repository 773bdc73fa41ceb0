//! Many callers of the same orders at once, of all shapes, by handles of their own.

use std::sync::Arc;
use std::thread;

use retry_tests::block_on;
use tokio::task::JoinSet;

use super::place::{Place, Store};
use super::shop::{Till, charge, charge_sync, receipt};

on_each_store!(of_many_callers_at_once_one_charges);

const ORDERS: u64 = 40;

fn of_many_callers_at_once_one_charges(place: &Place) {
    let till = Arc::new(Till::new());
    let handles: Vec<Store> = (0..4).map(|_| place.open()).collect();
    thread::scope(|scope| {
        for (number, store) in handles.iter().enumerate() {
            let till = &till;
            if number % 2 == 0 {
                scope.spawn(|| block_on(charge_all(store, till)));
            } else {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for order in 0..ORDERS {
                            let charged = charge_sync(store, till, order, 5);
                            assert_eq!(charged.unwrap(), receipt(order, 5));
                        }
                    });
                }
            }
        }
    });
    for order in 0..ORDERS {
        assert_eq!(till.charges(order), 1, "order {order}");
    }
    assert_eq!(block_on(handles[0].counts()).unwrap().total(), ORDERS);
}

/// All orders at once, each by two tasks.
async fn charge_all(store: &Store, till: &Arc<Till>) {
    let mut tasks = JoinSet::new();
    for order in (0..ORDERS).chain(0..ORDERS) {
        let (store, till) = (store.clone(), till.clone());
        tasks.spawn(async move {
            let charged = charge(&store, &till, order, 5).await;
            assert_eq!(charged.unwrap(), receipt(order, 5));
        });
    }
    tasks.join_all().await;
}

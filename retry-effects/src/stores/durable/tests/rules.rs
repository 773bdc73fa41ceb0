//! The conformance suite, on a client's lanes and on a file's thread, without faults and with some.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::map::{Fault, Map};
use crate::conformance::{Harness, HarnessFuture, check, violations};
use crate::protocol::store::EffectStore;
use crate::stores::durable::backend::Cause;
use crate::stores::durable::store::DurableStore;
use crate::stores::waiters::Waiters;

/// Stores over one map each; all share their time.
#[derive(Default)]
struct Maps<const FILE: bool> {
    made: std::sync::Mutex<Vec<Map<FILE>>>,
    faults: &'static [Fault],
}

impl<const FILE: bool> Maps<FILE> {
    fn open(&self, map: Map<FILE>) -> Arc<dyn EffectStore> {
        if FILE {
            let store = DurableStore::on_thread(map, Waiters::new(), "map").expect("a thread");
            Arc::new(store)
        } else {
            map.shared().lanes = 4;
            let runtime = Handle::current();
            Arc::new(DurableStore::on_runtime(map, Waiters::new(), &runtime))
        }
    }
}

impl<const FILE: bool> Harness for Maps<FILE> {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let map = Map::default();
        map.shared().time = 1_000_000;
        let faults = self.faults.iter().cycle().take(1000);
        map.shared().faults = faults.copied().collect();
        self.made.lock().expect("no panic").push(map.clone());
        Box::pin(async move { self.open(map) })
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        let millis = u64::try_from(time.as_millis()).expect("a short time");
        for map in self.made.lock().expect("no panic").iter() {
            map.shared().time += millis;
        }
        Box::pin(async {})
    }

    fn keeps_reasons(&self) -> bool {
        true
    }

    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        let made = self.made.lock().expect("no panic");
        let map = made.last().expect("it was made").clone();
        drop(made);
        Box::pin(async move { Some(self.open(map)) })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_keeps_every_rule() {
    check(&Maps::<false>::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_keeps_every_rule() {
    check(&Maps::<true>::default()).await;
}

/// Rules that a repetition may break, after a lost reply: a renewal counts twice, a removal finds nothing to
/// remove, and a release finds the next claim.
const ONCE: [&str; 8] = [
    "an_owner_seen_silent_is_in_doubt",
    "an_owner_that_gave_a_sign_of_life_is_busy",
    "a_renewal_prolongs_the_lease",
    "a_purge_takes_what_is_finished_and_nothing_else",
    "a_purge_respects_age_and_keep",
    "fences_grow_across_a_purge",
    "a_record_shows_everything",
    "no_two_run_at_once",
];

/// Replies that are lost, and steps that take no place, in turn with those that succeed.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_keeps_every_rule_whatever_is_lost() {
    const CYCLES: &[&[Fault]] = &[
        &[Fault::After(Cause::Connection), Fault::None, Fault::None],
        &[Fault::After(Cause::Passing), Fault::None, Fault::None],
        &[
            Fault::Before(Cause::Connection),
            Fault::Before(Cause::Connection),
            Fault::None,
        ],
        &[
            Fault::Before(Cause::ReadOnly { passes: true }),
            Fault::None,
            Fault::None,
        ],
        &[
            Fault::None,
            Fault::Before(Cause::Passing),
            Fault::After(Cause::Connection),
            Fault::None,
            Fault::None,
        ],
    ];
    for faults in CYCLES {
        let maps = Maps::<false> {
            faults,
            ..Maps::default()
        };
        let mut violated = violations(&maps).await;
        violated.retain(|violation| !ONCE.contains(&violation.rule()));
        assert!(violated.is_empty(), "{faults:?}: {violated:?}");
    }
}

//! A future dropped at every await: an action that has begun never becomes free again by itself, one
//! that has not does, and nothing stays pending.

use super::odd_store::{OddStore, Pace, Step};
use super::*;
use retry_effects::{OnDoubt, Probe};
use std::pin::Pin;
use std::sync::atomic::AtomicBool;

type Call<'a> = Pin<Box<dyn Future<Output = io::Result<u32>> + 'a>>;

/// Polls a call this many times and drops it; returns its result, if any.
fn polled(mut call: Call<'_>, times: usize) -> Option<io::Result<u32>> {
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..times {
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut context) {
            return Some(outcome);
        }
    }
    None
}

/// Makes a whole call: one that meets the keeper at work waits for it, on tokio's clock.
fn in_runtime<T>(call: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.expect("a runtime").block_on(call)
}

/// The test's record of the outside world.
#[derive(Default)]
struct World {
    effects: Effects,
    attempts: Effects,
    /// A body has begun, and has not reported that it did nothing.
    is_open: AtomicBool,
}

impl World {
    fn is_open(&self) -> bool {
        self.is_open.load(Ordering::SeqCst)
    }

    /// A body that can be dropped before and after its effect.
    async fn body(&self, failing: u32) -> io::Result<u32> {
        self.is_open.store(true, Ordering::SeqCst);
        let attempt = self.attempts.happen();
        Step(false).await;
        if attempt <= failing {
            self.is_open.store(false, Ordering::SeqCst);
            return refused();
        }
        self.effects.happen();
        Step(false).await;
        Ok(7)
    }

    /// Reports the truth.
    async fn probe(&self) -> Probe<u32> {
        Step(false).await;
        match self.effects.count() {
            0 => {
                self.is_open.store(false, Ordering::SeqCst);
                Probe::NotApplied
            }
            _ => Probe::Applied(7),
        }
    }
}

/// Drops `call` after 0, 1, 2, .. polls until it ends before; runs `follows` after each drop.
fn at_every_await(
    before: impl Fn(&Arc<OddStore>, &World),
    call: impl for<'a> Fn(Arc<OddStore>, &'a World) -> Call<'a>,
    follows: impl Fn(&Arc<OddStore>, &World, usize),
) {
    for polls in 0.. {
        let (store, world) = (OddStore::new(Pace::InSteps), World::default());
        before(&store, &world);
        if let Some(outcome) = polled(call(store.clone(), &world), polls) {
            assert_eq!(outcome.expect("a whole call"), 7);
            // The claim, the body and the completion: two steps each. A read before the claim, which depends on
            // the calls of this action type in other tests, has two more.
            assert!(polls >= 7, "{polls}");
            break;
        }
        follows(&store, &world, polls);
        // The keeper's work is done, or undoes itself without a trace.
        until(&store.inner, |record| {
            record.is_none_or(|record| record.status != Status::Pending)
        });
    }
}

fn halting(failing: u32) -> impl for<'a> Fn(Arc<OddStore>, &'a World) -> Call<'a> {
    move |store, world| {
        Box::pin(async move {
            let body = || world.body(failing);
            charge(&store).retry(thrice()).run_async(body).await
        })
    }
}

#[test]
fn under_halt_nothing_happens_twice() {
    for failing in [0, 1, 2] {
        at_every_await(
            |_, _| (),
            halting(failing),
            |store, world, polls| {
                let open = world.is_open();
                if open {
                    let left = settled(&store.inner);
                    assert!(
                        matches!(left, Some(Status::InDoubt | Status::Success)),
                        "{left:?} after {polls} polls"
                    );
                }
                let before = world.effects.count();
                let next = in_runtime(halting(0)(store.clone(), world));
                match settled(&store.inner) {
                    Some(Status::Success) => assert_eq!(next.expect("a result"), 7),
                    left => {
                        assert_eq!(left, Some(Status::InDoubt), "after {polls} polls");
                        assert!(open && is_in_doubt(next), "after {polls} polls");
                        assert_eq!(world.effects.count(), before);
                    }
                }
                assert!(world.effects.count() <= 1, "after {polls} polls");
                if !open {
                    assert_eq!(world.effects.count(), 1, "after {polls} polls");
                }
            },
        );
    }
}

fn reexecuting(store: Arc<OddStore>, world: &World) -> Call<'_> {
    Box::pin(async move {
        let effect = charge(&store).in_doubt(OnDoubt::Reexecute);
        effect.run_async(|| world.body(0)).await
    })
}

#[test]
fn under_reexecute_it_runs_again_and_only_then() {
    at_every_await(
        |_, _| (),
        reexecuting,
        |store, world, polls| {
            let open = world.is_open();
            let left = open.then(|| settled(&store.inner)).flatten();
            let before = world.attempts.count();
            assert_eq!(
                in_runtime(reexecuting(store.clone(), world)).expect("it ran"),
                7
            );
            let again = u32::from(left != Some(Status::Success));
            assert_eq!(
                world.attempts.count(),
                before + again,
                "after {polls} polls"
            );
            assert_eq!(settled(&store.inner), Some(Status::Success));
        },
    );
}

fn probing(store: Arc<OddStore>, world: &World) -> Call<'_> {
    Box::pin(async move {
        let body = || async {
            // The first attempt's answer is lost, after its effect or before.
            let outcome = world.body(0).await;
            match world.attempts.count() {
                1 => timed_out(),
                _ => outcome,
            }
        };
        let effect = charge(&store).retry(thrice()).probe(|| world.probe());
        effect.run_async(body).await
    })
}

#[test]
fn under_a_probe_it_happens_once() {
    at_every_await(
        |_, _| (),
        probing,
        |store, world, polls| {
            if world.is_open() {
                assert_ne!(
                    settled(&store.inner),
                    Some(Status::Released),
                    "{polls} polls"
                );
            }
            assert_eq!(
                in_runtime(probing(store.clone(), world)).expect("a result"),
                7
            );
            assert_eq!(world.effects.count(), 1, "after {polls} polls");
            assert_eq!(settled(&store.inner), Some(Status::Success));
        },
    );
}

fn asking(store: Arc<OddStore>, world: &World) -> Call<'_> {
    Box::pin(async move {
        let effect = charge(&store).probe(|| world.probe());
        effect.run_async(|| world.body(0)).await
    })
}

async fn unexpected() -> io::Result<u32> {
    panic!("it may have happened")
}

/// A dropped takeover leaves the action in doubt.
#[test]
fn a_takeover_frees_nothing() {
    let in_doubt = |store: &Arc<OddStore>, world: &World| {
        let first = charge(store).run_async(|| async {
            world.is_open.store(true, Ordering::SeqCst);
            world.effects.happen();
            timed_out::<u32>()
        });
        assert!(in_runtime(first).is_err());
        assert_eq!(settled(&store.inner), Some(Status::InDoubt));
    };
    let follows = |store: &Arc<OddStore>, _: &World, polls: usize| {
        let left = settled(&store.inner);
        assert!(
            matches!(left, Some(Status::InDoubt | Status::Success)),
            "{left:?} after {polls} polls"
        );
        let next = in_runtime(charge(store).run_async(unexpected));
        match settled(&store.inner) {
            Some(Status::Success) => assert_eq!(next.expect("a result"), 7),
            left => assert!(
                left == Some(Status::InDoubt) && is_in_doubt(next),
                "{polls}"
            ),
        }
    };
    at_every_await(in_doubt, reexecuting, follows);
    at_every_await(in_doubt, asking, follows);
}

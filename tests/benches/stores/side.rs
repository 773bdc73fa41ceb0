//! A side: one way of doing an action.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use tokio::runtime::Handle;

use crate::turn::{Stopwatch, TURN, Turn};

/// The part of a side in the ratios.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Role {
    /// The p50 of the others is divided by its own.
    ByHand,
    /// The rates of the others are divided by its own.
    Limit,
    /// A new action, and no more.
    Action,
    /// Other work than a new action, which has no ratios.
    Beside,
}

/// One way of doing an action.
pub(crate) struct Side {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    turn: Box<dyn FnMut(usize) -> Option<Turn>>,
}

impl Side {
    pub(crate) fn new(
        name: &'static str,
        role: Role,
        turn: impl FnMut(usize) -> Option<Turn> + 'static,
    ) -> Self {
        Self {
            name,
            role,
            turn: Box::new(turn),
        }
    }

    /// A turn of so many callers; `None` where the side is not for that many.
    pub(crate) fn turn(&mut self, callers: usize) -> Option<Turn> {
        (self.turn)(callers)
    }
}

/// Turns of threads. Each turn has a state of its own, made before the clock starts and dropped after it
/// stops; numbers are never used twice.
pub(crate) fn threads<S: Sync>(
    make: impl Fn() -> S,
    act: impl Fn(&S, u64) + Sync,
) -> impl FnMut(usize) -> Option<Turn> {
    let next = AtomicU64::new(0);
    move |callers| {
        let state = make();
        let caller = |until| {
            let mut watch = Stopwatch::until(until);
            while !watch.is_over() {
                act(&state, next.fetch_add(1, Ordering::Relaxed));
                watch.lap(1);
            }
            watch.times()
        };
        Some(Turn::measure(|| {
            let until = Instant::now() + TURN;
            thread::scope(|scope| {
                let callers = (0..callers).map(|_| scope.spawn(|| caller(until)));
                let callers: Vec<_> = callers.collect();
                let times = callers.into_iter().map(|it| it.join().expect("no panic"));
                times.flatten().collect()
            })
        }))
    }
}

/// Turns of tasks.
pub(crate) fn tasks<S, F, A>(
    runtime: &Handle,
    state: S,
    act: A,
) -> impl FnMut(usize) -> Option<Turn> + use<S, F, A>
where
    S: Clone + Send + 'static,
    F: Future<Output = ()> + Send,
    A: Fn(S, u64) -> F + Clone + Send + 'static,
{
    let runtime = runtime.clone();
    let next = Arc::new(AtomicU64::new(0));
    move |callers| {
        let until = Instant::now() + TURN;
        let caller = || {
            let (state, act, next) = (state.clone(), act.clone(), next.clone());
            async move {
                let mut watch = Stopwatch::until(until);
                while !watch.is_over() {
                    act(state.clone(), next.fetch_add(1, Ordering::Relaxed)).await;
                    watch.lap(1);
                }
                watch.times()
            }
        };
        Some(Turn::measure(|| {
            let callers: Vec<_> = (0..callers).map(|_| runtime.spawn(caller())).collect();
            runtime.block_on(async {
                let mut times = Vec::new();
                for caller in callers {
                    times.extend(caller.await.expect("no panic"));
                }
                times
            })
        }))
    }
}

//! How contenders are run: one call after the other, polled by hand.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use super::dependency::Dependency;

/// Makes `calls` async calls, in each of which the first `failures` attempts fail.
#[inline]
pub(crate) fn repeat_async<T, E>(
    calls: u64,
    failures: u32,
    call: impl AsyncFn(&Dependency) -> Result<T, E>,
) {
    let dependency = Dependency::new();
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..calls {
        dependency.fail(failures);
        let outcome = block_on(call(&dependency), &mut context);
        black_box(&outcome);
    }
}

/// Makes `calls` sync calls, in each of which the first `failures` attempts fail.
#[inline]
pub(crate) fn repeat<T, E>(calls: u64, failures: u32, call: impl Fn(&Dependency) -> Result<T, E>) {
    let dependency = Dependency::new();
    for _ in 0..calls {
        dependency.fail(failures);
        let outcome = once(&call, &dependency);
        black_box(&outcome);
    }
}

/// Polls until the future is ready. Nobody wakes it: no contender waits.
#[inline]
pub(crate) fn block_on<F: Future>(future: F, context: &mut Context<'_>) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = turn(future.as_mut(), context) {
            return output;
        }
    }
}

/// One poll. Never inlined, as an executor's is not: otherwise the compiler would see the whole
/// call, state machine and all, and fold away what no real program can.
#[inline(never)]
fn turn<F: Future>(future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<F::Output> {
    future.poll(context)
}

/// One sync call, behind the same border as [`turn`].
#[inline(never)]
fn once<T, E>(
    call: &impl Fn(&Dependency) -> Result<T, E>,
    dependency: &Dependency,
) -> Result<T, E> {
    call(dependency)
}

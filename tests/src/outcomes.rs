//! The shared parts of the attributes' tests: a dependency that fails once, the gate's errors, and a check at
//! compile time.

use std::fmt::Debug;
use std::io;

use retry_core::testing::Script;
use retry_effects::EffectError;

/// The error of a connection that is refused.
#[must_use]
pub fn refused() -> io::Error {
    io::ErrorKind::ConnectionRefused.into()
}

/// Returns the gate's error inside the error of a gated call.
///
/// # Panics
///
/// If the call succeeded, or the error is not the gate's.
#[track_caller]
pub fn gate_error<T: Debug>(outcome: io::Result<T>) -> EffectError {
    let error = outcome.expect_err("a refusal").into_inner();
    let error = error.expect("an error inside").downcast();
    *error.expect("the gate's error")
}

/// A dependency that is busy once and gives 7 then.
#[must_use]
pub fn busy_once() -> Script<u32, io::Error> {
    Script::new([Err(refused()), Ok(7)])
}

/// A dependency that is busy so many times and gives 7 then.
#[must_use]
pub fn busy_times(times: usize) -> Script<u32, io::Error> {
    let busy = (0..times).map(|_| Err(refused()));
    Script::new(busy.chain([Ok(7)]))
}

/// Its argument, a future, of which the compiler has checked that it may cross threads.
pub const fn sendable<T: Send>(future: T) -> T {
    future
}

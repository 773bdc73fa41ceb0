//! What the attributes' tests share: a dependency that fails once, and a check at compile time.

use std::io;

use retry_core::testing::Script;

/// A dependency that is busy once and gives 7 then.
#[must_use]
pub fn busy_once() -> Script<u32, io::Error> {
    Script::new([Err(io::ErrorKind::ConnectionRefused.into()), Ok(7)])
}

/// A dependency that is busy so many times and gives 7 then.
#[must_use]
pub fn busy_times(times: usize) -> Script<u32, io::Error> {
    let busy = (0..times).map(|_| Err(io::ErrorKind::ConnectionRefused.into()));
    Script::new(busy.chain([Ok(7)]))
}

/// Its argument, a future, of which the compiler has checked that it may cross threads.
pub const fn sendable<T: Send>(future: T) -> T {
    future
}

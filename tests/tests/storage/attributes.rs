//! Other attributes on the function, its parameters and its body.

use std::io;

use retry_core::retry_storage;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

#[retry_storage]
async fn conditional(
    script: &Script<u32, io::Error>,
    #[cfg(test)] key: String,
    #[cfg(not(test))] key: Vec<u8>,
    #[cfg(not(test))] missing: NoSuchType,
) -> io::Result<String> {
    script.next()?;
    Ok(key)
}

#[retry_storage]
fn conditional_sync(
    script: &Script<u32, io::Error>,
    #[cfg(test)] (key, _): (String, u32),
    #[cfg(not(test))] missing: &mut NoSuchType,
) -> io::Result<String> {
    script.next()?;
    Ok(key)
}

/// Doc comments stay, and so does what the compiler makes of a result that nobody uses.
///
/// # Errors
///
/// When the script says so.
#[must_use = "the row"]
#[retry_storage]
#[cfg(test)]
#[inline]
pub(super) async fn documented(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_storage]
async fn lenient(script: &Script<u32, io::Error>) -> io::Result<u32> {
    #![allow(unused_variables, reason = "the case under test")]
    #![allow(clippy::no_effect_underscore_binding, reason = "the case under test")]
    let unused = 1;
    script.next()
}

#[retry_storage]
fn lenient_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    #![allow(unused_variables, reason = "the case under test")]
    let unused = 1;
    script.next()
}

#[expect(unused_variables, reason = "the case under test")]
#[retry_storage]
async fn expecting(script: &Script<u32, io::Error>, key: String) -> io::Result<u32> {
    script.next()
}

#[expect(unused_variables, reason = "the case under test")]
#[retry_storage]
fn expecting_sync(script: &Script<u32, io::Error>, key: String) -> io::Result<u32> {
    script.next()
}

#[retry_storage]
#[expect(deprecated, reason = "the case under test")]
async fn expecting_below(script: &Script<u32, io::Error>) -> io::Result<u32> {
    old();
    script.next()
}

#[deprecated]
const fn old() {}

#[retry_storage]
async fn expecting_of_a_parameter(
    script: &Script<u32, io::Error>,
    #[expect(unused_variables, reason = "the case under test")] key: String,
    #[expect(unused_variables, reason = "the case under test")] row: &u32,
    #[allow(unused_mut, reason = "the case under test")] mut other: String,
) -> io::Result<String> {
    script.next()?;
    Ok(other)
}

#[retry_storage]
fn expecting_of_a_parameter_sync(
    script: &Script<u32, io::Error>,
    #[expect(unused_variables, reason = "the case under test")] key: String,
    #[expect(unused_variables, reason = "the case under test")] row: &mut u32,
) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn conditional_parameters() -> io::Result<()> {
    let script = busy_once();
    assert_eq!(sendable(conditional(&script, "k".to_owned())).await?, "k");
    Ok(())
}

#[test]
fn conditional_parameters_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(conditional_sync(&busy_once(), ("k".to_owned(), 1))?, "k");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lints_and_documentation() -> io::Result<()> {
    assert_eq!(sendable(documented(&busy_once())).await?, 7);
    assert_eq!(sendable(lenient(&busy_once())).await?, 7);
    assert_eq!(sendable(expecting(&busy_once(), String::new())).await?, 7);
    assert_eq!(sendable(expecting_below(&busy_once())).await?, 7);
    let script = busy_once();
    let call = expecting_of_a_parameter(&script, String::new(), &1, "o".to_owned());
    assert_eq!(sendable(call).await?, "o");
    Ok(())
}

#[test]
fn lints_and_documentation_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(lenient_sync(&busy_once())?, 7);
    assert_eq!(expecting_sync(&busy_once(), String::new())?, 7);
    assert_eq!(
        expecting_of_a_parameter_sync(&busy_once(), String::new(), &mut 1)?,
        7
    );
    Ok(())
}

//! Generic functions and impls.

use std::fmt::{self, Debug, Display};
use std::io;

use retry_core::testing::{Script, no_wait};
use retry_core::{Classify, retry_worker};
use retry_tests::{busy_once, sendable};

struct Queue<T> {
    items: Vec<T>,
    script: Script<u32, io::Error>,
}

impl<T: Clone + Send + Sync> Queue<T> {
    #[retry_worker]
    async fn push(&mut self, item: T) -> io::Result<usize> {
        self.items.push(item);
        self.script.next()?;
        Ok(self.items.len())
    }

    #[retry_worker]
    fn push_sync(&mut self, item: T) -> io::Result<usize> {
        self.items.push(item);
        self.script.next()?;
        Ok(self.items.len())
    }
}

#[retry_worker]
async fn bounded<'a, T, const N: usize>(
    script: &'a Script<u32, io::Error>,
    items: [T; N],
    name: &'a str,
) -> Result<String, io::Error>
where
    T: Display + Clone + Send + 'a,
{
    script.next()?;
    let items: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    Ok(format!("{name} {N} {}", items.join("+")))
}

#[retry_worker]
fn bounded_sync<'a, T, const N: usize>(
    script: &'a Script<u32, io::Error>,
    items: [T; N],
    name: &'a str,
) -> Result<(&'a str, [T; N]), io::Error>
where
    T: Display + Clone,
{
    script.next()?;
    Ok((name, items))
}

#[retry_worker]
async fn anonymous(
    script: &Script<u32, io::Error>,
    item: impl Display + Clone + Send,
) -> io::Result<String> {
    script.next()?;
    Ok(item.to_string())
}

#[retry_worker]
fn anonymous_sync(
    script: &Script<u32, io::Error>,
    item: impl Display + Clone,
) -> io::Result<String> {
    script.next()?;
    Ok(item.to_string())
}

#[retry_worker]
async fn of_any_error<T: Send, E: Classify + Send + Sync>(script: &Script<T, E>) -> Result<T, E> {
    script.next()
}

#[retry_worker]
fn of_any_error_sync<T, E>(script: &Script<T, E>) -> Result<T, E>
where
    E: Classify,
{
    script.next()
}

/// Nothing is known of `E`: the predicate knows it all.
#[retry_worker(retry_if = |error| format!("{error:?}").contains("busy"))]
fn of_an_error_that_a_predicate_knows<E: Debug>(script: &Script<u32, E>) -> Result<u32, E> {
    script.next()
}

#[derive(Clone, Debug, PartialEq)]
struct Refused(&'static str);

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Classify for Refused {}

#[tokio::test(start_paused = true)]
async fn generic_impl() -> io::Result<()> {
    let mut queue = Queue {
        items: Vec::new(),
        script: busy_once(),
    };
    assert_eq!(sendable(queue.push("a".to_owned())).await?, 2);
    Ok(())
}

#[test]
fn generic_impl_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut queue = Queue {
        items: Vec::new(),
        script: busy_once(),
    };
    assert_eq!(queue.push_sync("a".to_owned())?, 2);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lifetimes_clauses_and_const_generics() -> io::Result<()> {
    let script = busy_once();
    assert_eq!(sendable(bounded(&script, [1, 2], "n")).await?, "n 2 1+2");
    Ok(())
}

#[test]
fn lifetimes_clauses_and_const_generics_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(bounded_sync(&busy_once(), [1, 2], "n")?, ("n", [1, 2]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn anonymous_types() -> io::Result<()> {
    assert_eq!(sendable(anonymous(&busy_once(), 5)).await?, "5");
    Ok(())
}

#[test]
fn anonymous_types_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(anonymous_sync(&busy_once(), "x")?, "x");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_generic_error_classifies_itself() {
    let script = Script::new([Err(Refused("busy")), Err(Refused("not found")), Ok(1)]);
    assert_eq!(
        sendable(of_any_error(&script)).await,
        Err(Refused("not found"))
    );
    assert_eq!(script.attempts(), 2);
}

#[test]
fn a_generic_error_classifies_itself_sync() {
    let _no_wait = no_wait();
    let script = Script::new([Err(Refused("busy")), Err(Refused("not found")), Ok(1)]);
    assert_eq!(of_any_error_sync(&script), Err(Refused("not found")));
    let script = Script::new([Err(Refused("busy")), Err(Refused("other"))]);
    assert_eq!(
        of_an_error_that_a_predicate_knows(&script),
        Err(Refused("other"))
    );
}

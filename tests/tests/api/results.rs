//! Return types.

use std::cell::RefCell;
use std::fmt::Debug;
use std::io;
use std::rc::Rc;

use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

type Answer<T> = Result<T, io::Error>;
type Fixed = Answer<u32>;

#[retry_api]
async fn aliased(script: &Script<u32, io::Error>) -> Answer<u32> {
    script.next()
}

#[retry_api]
fn aliased_sync(script: &Script<u32, io::Error>) -> Fixed {
    script.next()
}

#[expect(unused_qualifications, reason = "the case under test")]
#[retry_api]
async fn by_path(script: &Script<u32, io::Error>) -> std::result::Result<u32, std::io::Error> {
    script.next()
}

#[retry_api]
async fn iterator(
    script: &Script<u32, io::Error>,
) -> Result<impl Iterator<Item = u32> + Send, io::Error> {
    let seven = script.next()?;
    Ok((0..seven).filter(|number| number % 2 == 0))
}

#[retry_api]
fn iterator_sync(script: &Script<u32, io::Error>) -> Result<impl Iterator<Item = u32>, io::Error> {
    if script.attempts() > 5 {
        return Err(io::ErrorKind::NotFound.into());
    }
    let seven = script.next()?;
    Ok((0..seven).filter(|number| number % 2 == 0))
}

#[retry_api]
async fn aliased_iterator(
    script: &Script<u32, io::Error>,
) -> io::Result<impl Debug + Send + use<>> {
    script.next()
}

#[retry_api]
fn boxed_iterator<'a>(
    script: &'a Script<u32, io::Error>,
    names: &'a [String],
) -> io::Result<Box<dyn Iterator<Item = &'a str> + 'a>> {
    script.next()?;
    Ok(Box::new(names.iter().map(String::as_str)))
}

#[retry_api]
async fn nested(script: &Script<u32, io::Error>) -> Result<Result<u32, String>, io::Error> {
    Ok(Err(script.next()?.to_string()))
}

/// A result that may not cross threads; its future may.
#[retry_api]
async fn not_send(script: &Script<u32, io::Error>) -> io::Result<Rc<u32>> {
    tokio::task::yield_now().await;
    script.next().map(Rc::new)
}

#[retry_api]
fn big(script: &Script<u32, io::Error>) -> io::Result<[u64; 64]> {
    script.next().map(|seven| [u64::from(seven); 64])
}

trait Client {
    type Reply;
    type Error: retry_core::Classify;

    fn script(&self) -> &RefCell<Vec<Result<Self::Reply, Self::Error>>>;

    #[retry_api(retry_if = |_| true)]
    fn ask(&self) -> Result<Self::Reply, Self::Error> {
        self.script()
            .borrow_mut()
            .pop()
            .expect("the script goes on")
    }
}

struct Fake(RefCell<Vec<Result<u32, String>>>);

impl Client for Fake {
    type Reply = u32;
    type Error = String;

    fn script(&self) -> &RefCell<Vec<Result<u32, String>>> {
        &self.0
    }
}

#[tokio::test(start_paused = true)]
async fn aliases() -> io::Result<()> {
    assert_eq!(sendable(aliased(&busy_once())).await?, 7);
    assert_eq!(sendable(by_path(&busy_once())).await?, 7);
    Ok(())
}

#[test]
fn aliases_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(aliased_sync(&busy_once())?, 7);
    assert_eq!(big(&busy_once())?[63], 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn anonymous_types() -> io::Result<()> {
    let numbers: Vec<_> = sendable(iterator(&busy_once())).await?.collect();
    assert_eq!(numbers, [0, 2, 4, 6]);
    let script = busy_once();
    let opaque = sendable(aliased_iterator(&script)).await?;
    assert_eq!(format!("{opaque:?}"), "7");
    Ok(())
}

#[test]
fn anonymous_types_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let numbers: Vec<_> = iterator_sync(&busy_once())?.collect();
    assert_eq!(numbers, [0, 2, 4, 6]);
    let names = ["a".to_owned()];
    assert_eq!(
        boxed_iterator(&busy_once(), &names)?.collect::<Vec<_>>(),
        ["a"]
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn results_in_results() -> io::Result<()> {
    assert_eq!(sendable(nested(&busy_once())).await?, Err("7".to_owned()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_result_that_is_not_send() -> io::Result<()> {
    assert_eq!(*sendable(not_send(&busy_once())).await?, 7);
    Ok(())
}

#[test]
fn associated_types_sync() {
    let _no_wait = no_wait();
    let fake = Fake(RefCell::new(vec![Ok(7), Err("busy".to_owned())]));
    assert_eq!(fake.ask(), Ok(7));
}

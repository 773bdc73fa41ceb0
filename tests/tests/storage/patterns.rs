//! Patterns in parameters.

use std::io;

use retry_core::retry_storage;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

#[derive(Clone)]
struct Row {
    id: u32,
    name: String,
}

fn row() -> Row {
    Row {
        id: 1,
        name: "r".to_owned(),
    }
}

/// Not `Clone`: nothing binds it, so that no attempt needs one of its own.
struct Unused;

#[retry_storage]
async fn all(
    script: &Script<u32, io::Error>,
    (key, mut count): (String, u32),
    Row { id, name: label }: Row,
    [first, .., last]: [u32; 3],
    _: Unused,
    &weight: &u32,
    whole @ Row { .. }: Row,
) -> io::Result<String> {
    count += 1;
    script.next()?;
    Ok(format!(
        "{key} {count} {id} {label} {first} {last} {weight} {}",
        whole.name
    ))
}

#[retry_storage]
fn all_sync(
    script: &Script<u32, io::Error>,
    (key, mut count): (String, u32),
    Row { id, name: label }: Row,
    [first, .., last]: [u32; 3],
    _: Unused,
    &weight: &u32,
    ref by_ref: Row,
) -> io::Result<String> {
    count += 1;
    script.next()?;
    Ok(format!(
        "{key} {count} {id} {label} {first} {last} {weight} {}",
        by_ref.name
    ))
}

#[retry_storage]
async fn through_references(
    script: &Script<u32, io::Error>,
    (left, right): &mut (u32, u32),
    Row { name, .. }: &Row,
) -> io::Result<String> {
    *left += 1;
    *right += 10;
    script.next()?;
    Ok(name.clone())
}

#[retry_storage]
fn through_references_sync(
    script: &Script<u32, io::Error>,
    (left, right): &mut (u32, u32),
    Row { name, .. }: &Row,
) -> io::Result<String> {
    *left += 1;
    *right += 10;
    script.next()?;
    Ok(name.clone())
}

#[retry_storage]
fn underscored(_script: &Script<u32, io::Error>, _key: String) -> io::Result<u32> {
    _script.next()
}

#[tokio::test(start_paused = true)]
async fn every_pattern() -> io::Result<()> {
    let script = busy_once();
    let call = all(
        &script,
        ("k".to_owned(), 1),
        row(),
        [4, 5, 6],
        Unused,
        &9,
        row(),
    );
    assert_eq!(sendable(call).await?, "k 2 1 r 4 6 9 r");
    Ok(())
}

#[test]
fn every_pattern_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let text = all_sync(
        &busy_once(),
        ("k".to_owned(), 1),
        row(),
        [4, 5, 6],
        Unused,
        &9,
        row(),
    )?;
    assert_eq!(text, "k 2 1 r 4 6 9 r");
    assert_eq!(underscored(&busy_once(), String::new())?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn patterns_through_references() -> io::Result<()> {
    let (script, mut pair, row) = (busy_once(), (0, 0), row());
    let name = sendable(through_references(&script, &mut pair, &row)).await?;
    assert_eq!((name.as_str(), pair), ("r", (2, 20)));
    Ok(())
}

#[test]
fn patterns_through_references_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut pair = (0, 0);
    let name = through_references_sync(&busy_once(), &mut pair, &row())?;
    assert_eq!((name.as_str(), pair), ("r", (2, 20)));
    Ok(())
}

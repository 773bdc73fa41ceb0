//! References: not cloned; a `&mut` is lent to each attempt anew.

use std::io;

use retry_core::retry_storage;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

/// Not `Clone`: only a reference can be handed on.
struct Table {
    rows: Vec<u32>,
    script: Script<u32, io::Error>,
}

fn table() -> Table {
    Table {
        rows: Vec::new(),
        script: busy_once(),
    }
}

async fn insert(table: &mut Table, row: u32) -> io::Result<u32> {
    table.rows.push(row);
    tokio::task::yield_now().await;
    table.script.next()
}

fn insert_sync(table: &mut Table, row: u32) -> io::Result<u32> {
    table.rows.push(row);
    table.script.next()
}

#[retry_storage]
async fn lent(table: &mut Table) -> io::Result<u32> {
    insert(table, 1).await
}

#[retry_storage]
fn lent_sync(table: &mut Table) -> io::Result<u32> {
    insert_sync(table, 1)
}

/// Moving a `&mut` leaves nothing for the next attempt, unless it has one of its own.
#[retry_storage]
async fn given_away(table: &mut Table) -> io::Result<u32> {
    let all = Some(table);
    match all {
        Some(table) => insert(table, 2).await,
        None => Ok(0),
    }
}

#[retry_storage]
fn given_away_sync(table: &mut Table) -> io::Result<u32> {
    let all = Some(table);
    match all {
        Some(table) => insert_sync(table, 2),
        None => Ok(0),
    }
}

#[retry_storage]
async fn moved_into_a_block(table: &mut Table) -> io::Result<u32> {
    let insertion = async move { insert(table, 3).await };
    insertion.await
}

#[retry_storage]
fn moved_into_a_closure(table: &mut Table) -> io::Result<u32> {
    let mut insertion = move || insert_sync(table, 3);
    insertion()
}

#[retry_storage]
async fn iterated(script: &Script<u32, io::Error>, rows: &mut Vec<u32>) -> io::Result<usize> {
    for row in rows.iter_mut() {
        *row += 1;
    }
    rows.push(0);
    script.next()?;
    for row in rows {
        *row += 10;
    }
    Ok(0)
}

#[retry_storage]
fn rebound(script: &Script<u32, io::Error>, mut rows: &mut [u32]) -> io::Result<u32> {
    rows[0] += 1;
    rows = &mut rows[1..];
    rows[0] += 10;
    script.next()
}

#[retry_storage]
async fn slices<'a>(
    script: &Script<u32, io::Error>,
    key: &'a str,
    rows: &'a [u32],
) -> io::Result<(&'a str, &'a u32)> {
    script.next()?;
    Ok((key, &rows[0]))
}

#[retry_storage]
fn slices_sync<'a>(
    script: &Script<u32, io::Error>,
    key: &'a str,
    rows: &'a [u32],
) -> io::Result<(&'a str, &'a u32)> {
    script.next()?;
    Ok((key, &rows[0]))
}

#[retry_storage]
async fn rebound_shared(script: &Script<u32, io::Error>, mut rest: &str) -> io::Result<String> {
    rest = &rest[1..];
    script.next()?;
    Ok(rest.to_owned())
}

#[tokio::test(start_paused = true)]
async fn exclusive() -> io::Result<()> {
    let mut table = table();
    assert_eq!(sendable(lent(&mut table)).await?, 7);
    assert_eq!(table.rows, [1, 1]);
    Ok(())
}

#[test]
fn exclusive_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut table = table();
    assert_eq!(lent_sync(&mut table)?, 7);
    assert_eq!(table.rows, [1, 1]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn exclusive_and_moved() -> io::Result<()> {
    let mut first = table();
    assert_eq!(sendable(given_away(&mut first)).await?, 7);
    assert_eq!(first.rows, [2, 2]);
    let mut second = table();
    assert_eq!(sendable(moved_into_a_block(&mut second)).await?, 7);
    assert_eq!(second.rows, [3, 3]);
    let mut rows = vec![1];
    sendable(iterated(&busy_once(), &mut rows)).await?;
    assert_eq!(rows, [13, 11, 10]);
    Ok(())
}

#[test]
fn exclusive_and_moved_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let mut first = table();
    assert_eq!(given_away_sync(&mut first)?, 7);
    assert_eq!(first.rows, [2, 2]);
    let mut second = table();
    assert_eq!(moved_into_a_closure(&mut second)?, 7);
    assert_eq!(second.rows, [3, 3]);
    let mut rows = [0, 0];
    assert_eq!(rebound(&busy_once(), &mut rows)?, 7);
    assert_eq!(rows, [2, 20]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn shared() -> io::Result<()> {
    assert_eq!(sendable(slices(&busy_once(), "k", &[5])).await?, ("k", &5));
    let script = busy_once();
    assert_eq!(sendable(rebound_shared(&script, "abc")).await?, "bc");
    Ok(())
}

#[test]
fn shared_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(slices_sync(&busy_once(), "k", &[5])?, ("k", &5));
    Ok(())
}

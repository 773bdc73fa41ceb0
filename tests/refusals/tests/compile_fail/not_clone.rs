//! Arguments by value of which an attempt can have none of its own.

use std::io;

use retry_core::retry_worker;

struct Connection;

struct Guard<'a>(&'a mut Vec<u32>);

#[retry_worker]
async fn owned(connection: Connection) -> io::Result<()> {
    let _ = connection;
    Ok(())
}

#[retry_worker]
fn owned_sync(Guard(rows): Guard<'_>, other: Vec<Connection>) -> io::Result<()> {
    rows.clear();
    drop(other);
    Ok(())
}

#[retry_worker]
async fn generic<T: Send>(item: T) -> io::Result<()> {
    drop(item);
    Ok(())
}

fn main() {}

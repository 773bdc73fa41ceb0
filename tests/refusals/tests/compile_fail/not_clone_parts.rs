//! Arguments by value of which only a part cannot be cloned.

use std::io;

use retry_core::retry_worker;

struct Connection;

#[derive(Clone)]
struct Task<A, C>(A, C);

#[retry_worker]
async fn optional(connection: Option<Connection>) -> io::Result<()> {
    drop(connection);
    Ok(())
}

#[retry_worker]
fn tuple((name, connection): (String, Connection)) -> io::Result<()> {
    drop((name, connection));
    Ok(())
}

#[retry_worker]
async fn array(connections: [Connection; 2]) -> io::Result<()> {
    drop(connections);
    Ok(())
}

#[retry_worker]
fn generic<A, C: Clone>(task: Task<A, C>) -> io::Result<()> {
    drop(task);
    Ok(())
}

#[retry_worker]
fn callback(call: Box<dyn Fn() -> u32>) -> io::Result<u32> {
    Ok(call())
}

#[retry_worker]
async fn shared<A: Clone, C: Clone>(
    task: Task<A, C>,
    (one, other): (A, Vec<C>),
) -> io::Result<()> {
    drop((task, one, other));
    Ok(())
}

#[retry_worker(borrow(connection, task))]
async fn lent<A, C>(connection: Option<Connection>, task: Task<A, C>) -> io::Result<()> {
    let _ = (&connection, &task.0, &task.1);
    Ok(())
}

fn main() {}

//! The bank of the example: a service of somebody else, in the parent's process. It books a charge, and then
//! answers; an answer can be lost.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// The bookings, by order: the number of times that each was charged.
#[derive(Clone, Default)]
pub(crate) struct Books(Arc<Mutex<BTreeMap<String, u32>>>);

impl Books {
    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of times that an order was charged.
    pub(crate) fn charges(&self, order: &str) -> u32 {
        self.entries().get(order).copied().unwrap_or(0)
    }
}

/// Serves the bank. The answer to the first charge of each order is lost: `booked` learns of it instead,
/// and ends the client.
pub(crate) async fn open(books: Books, booked: mpsc::Sender<()>) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, books.clone(), booked.clone()));
        }
    });
    Ok(address)
}

async fn serve(stream: TcpStream, books: Books, booked: mpsc::Sender<()>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let answer = match line.trim().split_once(' ') {
        Some(("charge", order)) => {
            let times = {
                let mut entries = books.entries();
                let times = entries.entry(order.to_owned()).or_insert(0);
                *times += 1;
                *times
            };
            if times == 1 {
                // The client is gone before it can be answered.
                let _ = booked.send(()).await;
                std::future::pending::<()>().await;
            }
            "charged"
        }
        Some(("find", order)) if books.charges(order) > 0 => "charged",
        _ => "unknown",
    };
    stream.write_all(format!("{answer}\n").as_bytes()).await
}

/// Charges an order.
pub(crate) async fn charge(bank: SocketAddr, order: &str) -> io::Result<()> {
    match ask(bank, "charge", order).await?.trim() {
        "charged" => Ok(()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Whether an order was charged.
pub(crate) async fn is_charged(bank: SocketAddr, order: &str) -> io::Result<bool> {
    Ok(ask(bank, "find", order).await?.trim() == "charged")
}

async fn ask(bank: SocketAddr, verb: &str, order: &str) -> io::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(bank).await?);
    stream
        .write_all(format!("{verb} {order}\n").as_bytes())
        .await?;
    let mut answer = String::new();
    stream.read_line(&mut answer).await?;
    Ok(answer)
}

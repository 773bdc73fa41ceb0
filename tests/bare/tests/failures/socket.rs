//! Sockets of the standard library and of tokio, without a protocol.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use retry_tests_bare::loopback::{Peer, Reaction, Refusing};
use retry_tests_bare::program::{Failure, two_calls};
use tokio::task::block_in_place;

fn exchange(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_millis(50)))?;
    stream.write_all(b"an order")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}

async fn send(address: SocketAddr) -> Result<(), Failure> {
    Ok(block_in_place(|| exchange(address))?)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_in_doubt() {
    for (name, reaction) in [
        // Which comes as "would block".
        ("read timeout", Reaction::Silence),
        ("books, then closes", Reaction::Close),
        ("resets", Reaction::Reset),
        ("an answer that is no UTF-8", Reaction::Answer(vec![0xff])),
    ] {
        let peer = Peer::start(reaction).await;
        let calls = two_calls(name, async || send(peer.address()).await).await;
        calls.assert_in_doubt();
        assert_eq!(peer.requests(), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_sent_is_not() {
    let refusing = Refusing::start();
    let calls = two_calls("refused port", async || send(refusing.address()).await).await;
    calls.assert_free();
    let missing = async || {
        std::fs::File::open("/no/such/file")?;
        Ok(())
    };
    two_calls("no such file", missing).await.assert_refused();
}

/// A known limit: the refusal is that of an earlier datagram, and nothing in the error says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_datagram_is_an_earlier_one() -> io::Result<()> {
    let bookings = std::cell::Cell::new(0);
    let send = async || {
        block_in_place(|| {
            let server = UdpSocket::bind("127.0.0.1:0")?;
            let client = UdpSocket::bind("127.0.0.1:0")?;
            client.connect(server.local_addr()?)?;
            client.send(b"an order")?;
            bookings.set(bookings.get() + server.recv(&mut [0; 64])?.min(1));
            drop(server);
            client.send(b"another word")?;
            client.recv(&mut [0; 64])?;
            Ok(())
        })
    };
    two_calls("datagram", send).await.assert_free();
    assert_eq!(bookings.get(), 8, "each attempt has booked");
    Ok(())
}

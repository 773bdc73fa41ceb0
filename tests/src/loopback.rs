//! Peers on the loopback interface that misbehave in a given way.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The reaction of a [`Peer`] once the first bytes of a request have come.
#[derive(Clone, Debug)]
pub enum Reaction {
    /// Closes the connection before that, as soon as it stands.
    CloseAtOnce,
    /// Leaves them unread, and closes the connection.
    CloseUnread,
    /// Closes the connection.
    Close,
    /// Resets the connection.
    Reset,
    /// Never answers.
    Silence,
    /// Answers these bytes, then closes the connection.
    Answer(Vec<u8>),
    /// Answers these bytes, then nothing more.
    AnswerInPart(Vec<u8>),
}

/// A server that treats each of its connections alike, until it is dropped.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    requests: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Peer {
    /// Listens on a free port.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    pub async fn start(reaction: Reaction) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("the port just bound");
        let (counter, requests) = watch::channel(0);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(react(stream, reaction.clone(), counter.clone()));
            }
        });
        Self {
            address,
            requests,
            task,
        }
    }

    /// How many connections have brought a request, or the beginning of one, that was read.
    #[must_use]
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Returns once a request has come.
    pub async fn requested(&self) {
        let mut requests = self.requests.clone();
        // The peer counts for as long as it is there.
        let _ = requests.wait_for(|requests| *requests > 0).await;
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn react(
    mut stream: TcpStream,
    reaction: Reaction,
    counter: watch::Sender<usize>,
) -> io::Result<()> {
    match reaction {
        Reaction::CloseAtOnce => return Ok(()),
        Reaction::CloseUnread => return stream.peek(&mut [0]).await.map(drop),
        _ if stream.read(&mut [0; 4096]).await? == 0 => return Ok(()),
        _ => counter.send_modify(|requests| *requests += 1),
    }
    match reaction {
        Reaction::Close | Reaction::CloseAtOnce | Reaction::CloseUnread => {}
        Reaction::Reset => stream.set_zero_linger()?,
        Reaction::Silence => std::future::pending().await,
        Reaction::Answer(bytes) => stream.write_all(&bytes).await?,
        Reaction::AnswerInPart(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending::<()>().await;
        }
    }
    Ok(())
}

/// A port that refuses connections. It is bound, so that nobody else gets it, and not listened on.
#[derive(Debug)]
pub struct Refusing {
    socket: TcpSocket,
}

impl Refusing {
    /// Takes a free port.
    ///
    /// # Panics
    ///
    /// Where no port is free.
    #[must_use]
    pub fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).expect("a free port");
        Self { socket }
    }

    /// The address that refuses.
    ///
    /// # Panics
    ///
    /// Never: the port is bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("the port just bound")
    }
}

/// A port on which connections neither stand nor fail: its queue is full, and nobody accepts.
#[derive(Debug)]
pub struct Stalling {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Stalling {
    /// Listens on a free port and fills the queue.
    ///
    /// # Panics
    ///
    /// Where no port is free, or the queue has no end.
    pub async fn start() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(any).expect("a free port");
        let listener = socket.listen(1).expect("a port to listen on");
        let address = listener.local_addr().expect("the port just bound");
        let mut queue = Vec::new();
        for _ in 0..100 {
            let patience = Duration::from_millis(100);
            match tokio::time::timeout(patience, TcpStream::connect(address)).await {
                Ok(stream) => queue.push(stream.expect("a connection in the queue")),
                Err(_) => {
                    return Self {
                        address,
                        _listener: listener,
                        _queue: queue,
                    };
                }
            }
        }
        panic!("100 connections have not filled a queue of one");
    }

    /// The address that stalls.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

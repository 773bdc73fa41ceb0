//! A server that answers as a closure tells it, and keeps what it was asked.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A request as it came in.
#[derive(Clone, Debug)]
pub(super) struct Received {
    /// The number of its connection, from 0.
    pub(super) connection: usize,
    head: String,
}

impl Received {
    pub(super) fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The values of a header, by its name in lower case.
    pub(super) fn header(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        let named = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value).collect()
    }

    /// The only `Idempotency-Key`.
    pub(super) fn key(&self) -> &str {
        let [key] = self.header("idempotency-key")[..] else {
            panic!("not one key: {self:?}");
        };
        key
    }
}

/// The bytes of an answer, and what follows them.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// The next request.
    Whole(Vec<u8>),
    /// The end of the connection.
    Cut(Vec<u8>),
    /// Nothing, until the client leaves.
    Stalled(Vec<u8>),
    /// The body's last part again and again, until the client leaves.
    Endless(Vec<u8>),
}

/// An answer with a body of its full length.
pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut bytes = head(status, headers, body.len());
    bytes.extend_from_slice(body.as_bytes());
    Answer::Whole(bytes)
}

/// The head of an answer whose body has this length.
pub(super) fn head(status: u16, headers: &[(&str, &str)], length: usize) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Any\r\ncontent-length: {length}\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    head.into_bytes()
}

/// A server, until it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    /// How many connections have ended.
    ended: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

type Answering = dyn Fn(&Received, usize) -> Answer + Send + Sync;

impl Server {
    /// `answer` gets a request, and the number of requests before it.
    pub(super) async fn start(
        answer: impl Fn(&Received, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("the port just bound");
        let received = Arc::<Mutex<Vec<_>>>::default();
        let (counter, ended) = watch::channel(0);
        let (answer, kept): (Arc<Answering>, _) = (Arc::new(answer), received.clone());
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let (answer, kept, counter) = (answer.clone(), kept.clone(), counter.clone());
                tokio::spawn(async move {
                    let _ = serve(stream, connection, &*answer, &kept).await;
                    counter.send_modify(|ended| *ended += 1);
                });
            }
        });
        Self {
            address,
            received,
            ended,
            task,
        }
    }

    /// A server that gives these answers, in order; the last one again and again.
    pub(super) async fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<_> = answers.into_iter().collect();
        Self::start(move |_, at| answers[at.min(answers.len() - 1)].clone()).await
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    pub(super) fn keys(&self) -> Vec<String> {
        let received = self.received();
        received.iter().map(|it| it.key().to_owned()).collect()
    }

    /// Returns once so many connections have ended.
    pub(super) async fn has_ended(&self, connections: usize) {
        let mut ended = self.ended.clone();
        let _ = ended.wait_for(|ended| *ended >= connections).await;
    }

    pub(super) fn ended(&self) -> usize {
        *self.ended.borrow()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    answer: &Answering,
    kept: &Mutex<Vec<Received>>,
) -> io::Result<()> {
    loop {
        let Some(head) = read(&mut stream).await? else {
            return Ok(());
        };
        let received = Received { connection, head };
        let before = {
            let mut kept = kept.lock().expect("no panic");
            kept.push(received.clone());
            kept.len() - 1
        };
        match answer(&received, before) {
            Answer::Whole(bytes) => stream.write_all(&bytes).await?,
            Answer::Cut(bytes) => return stream.write_all(&bytes).await,
            Answer::Stalled(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.read(&mut [0]).await.map(drop);
            }
            Answer::Endless(bytes) => {
                stream.write_all(&bytes).await?;
                loop {
                    stream.write_all(&[b'x'; 4096]).await?;
                }
            }
        }
    }
}

/// Reads a request, and returns its head; `None` after the last one.
async fn read(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse::<usize>().ok())?
            });
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                return Ok(Some(head));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

//! The part of HTTP/1.1 that the examples need: one `GET` a connection, over tokio's TCP.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The answer of a server.
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The value of `Retry-After`, as sent.
    #[allow(dead_code, reason = "not every example asks for it")]
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// Requests `path` from the server at `address`.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<Response> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut text = String::new();
    stream.read_to_string(&mut text).await?;
    parse(&text).ok_or_else(|| {
        // A server that stops in the middle of an answer sends only a part of it.
        io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ends too early")
    })
}

fn parse(text: &str) -> Option<Response> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let retry_after = lines
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .map(|(_, value)| value.to_owned());
    Some(Response {
        status,
        retry_after,
        body: body.to_owned(),
    })
}

/// Returns an answer with this status; `status` may be followed by further header lines.
pub(crate) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n\r\n{body}")
}

/// Answers every connection to `listener`; `handle` makes the answer from the requested path.
pub(crate) async fn serve<F>(
    listener: TcpListener,
    mut handle: impl FnMut(String) -> F,
) -> io::Result<()>
where
    F: Future<Output = String> + Send + 'static,
{
    loop {
        let (mut stream, _) = listener.accept().await?;
        // A client may give up before it has sent its request.
        let Ok(Some(path)) = read_path(&mut stream).await else {
            continue;
        };
        let answer = handle(path);
        tokio::spawn(async move {
            // A client may also leave before the answer.
            let _ = stream.write_all(answer.await.as_bytes()).await;
        });
    }
}

/// Returns the path in a request's first line, `None` if the request ends too early. Reads the
/// whole request, because an unread rest would reset the connection.
async fn read_path(stream: &mut TcpStream) -> io::Result<Option<String>> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(None);
        }
    }
    let request = String::from_utf8_lossy(&request);
    Ok(request.split(' ').nth(1).map(str::to_owned))
}

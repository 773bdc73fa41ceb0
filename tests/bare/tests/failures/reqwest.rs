//! reqwest 0.13 and 0.12, the same programs.

macro_rules! programs {
    ($version:ident, $reqwest:ident, $accept_any_certificate:ident) => {
        mod $version {
            use std::net::SocketAddr;
            use std::sync::Arc;
            use std::time::Duration;

            use retry_tests_bare::loopback::{Peer, Reaction, Refusing, Stalling};
            use retry_tests_bare::program::{Failure, two_calls};
            use $reqwest::dns::{Name, Resolve, Resolving};
            use $reqwest::{Client, ClientBuilder, Proxy, Response};

            use super::super::reactions::{HALF, answer, broken_before_the_head};

            fn client() -> ClientBuilder {
                // A second installation is an error, and changes nothing.
                let _ = rustls::crypto::ring::default_provider().install_default();
                // A proxy of the environment must not come between.
                Client::builder().no_proxy()
            }

            fn built(client: ClientBuilder) -> Client {
                client
                    .$accept_any_certificate(true)
                    .build()
                    .expect("a client")
            }

            async fn post(client: &Client, url: &str) -> Result<Response, Failure> {
                let sent = client.post(url).body("an order").send().await?;
                Ok(sent.error_for_status()?)
            }

            fn at(address: SocketAddr) -> String {
                format!("http://{address}/order")
            }

            #[tokio::test]
            async fn a_request_that_breaks_off() {
                let client = built(client());
                for (name, reaction) in broken_before_the_head() {
                    let is_read = !matches!(reaction, Reaction::CloseUnread);
                    let peer = Peer::start(reaction).await;
                    let url = at(peer.address());
                    let calls = two_calls(name, async || post(&client, &url).await.map(drop)).await;
                    calls.assert_in_doubt();
                    assert_eq!(peer.requests(), usize::from(is_read), "{name}");
                }
            }

            #[tokio::test]
            async fn an_answer_that_cannot_be_read() {
                let client = built(client());
                let html = answer("200 OK", "", "<html>thanks</html>");
                for (name, bytes) in [("body cut", HALF.to_vec()), ("not JSON", html)] {
                    let peer = Peer::start(Reaction::Answer(bytes)).await;
                    let url = at(peer.address());
                    let read = async || {
                        post(&client, &url).await?.json::<u32>().await?;
                        Ok(())
                    };
                    two_calls(name, read).await.assert_in_doubt();
                    assert_eq!(peer.requests(), 1, "{name}");
                }
            }

            #[tokio::test]
            async fn a_peer_that_is_slow() {
                let patience = Duration::from_millis(100);
                let whole = || built(client().timeout(patience));
                let reads = || built(client().read_timeout(patience));
                for (name, client, reaction) in [
                    ("slow head", whole(), Reaction::Silence),
                    ("slow head, each read", reads(), Reaction::Silence),
                    ("slow body", whole(), Reaction::AnswerInPart(HALF.to_vec())),
                    (
                        "slow body, each read",
                        reads(),
                        Reaction::AnswerInPart(HALF.to_vec()),
                    ),
                ] {
                    let peer = Peer::start(reaction).await;
                    let url = at(peer.address());
                    let read = async || {
                        post(&client, &url).await?.bytes().await?;
                        Ok(())
                    };
                    two_calls(name, read).await.assert_in_doubt();
                    // On a busy machine the time limit may end before the request is sent.
                    assert!(peer.requests() <= 1, "{name}");
                }
                // The limit of the whole request does not tell that it was still connecting.
                let stalling = Stalling::start().await;
                let (client, url) = (whole(), at(stalling.address()));
                let send = async || post(&client, &url).await.map(drop);
                two_calls("slow to connect", send).await.assert_in_doubt();
            }

            struct NoSuchName;

            impl Resolve for NoSuchName {
                fn resolve(&self, _: Name) -> Resolving {
                    Box::pin(async { Err("no such name".into()) })
                }
            }

            #[tokio::test]
            async fn a_request_that_was_never_sent() {
                let refusing = Refusing::start();
                let stalling = Stalling::start().await;
                let plain = Peer::start(Reaction::Answer(answer("400 Bad Request", "", ""))).await;
                let closing = Peer::start(Reaction::Close).await;
                let proxy = Peer::start(Reaction::Answer(answer("403 Forbidden", "", ""))).await;
                let tunnel = Proxy::all(format!("http://{}", proxy.address())).expect("a URL");
                let through_proxy = Client::builder().proxy(tunnel);
                let to_refusing = Proxy::all(at(refusing.address())).expect("a URL");
                let through_refusing = Client::builder().proxy(to_refusing);
                let patience = Duration::from_millis(50);
                for (name, client, url) in [
                    ("refused port", client(), at(refusing.address())),
                    (
                        "dead name",
                        client().dns_resolver(Arc::new(NoSuchName)),
                        "http://booking.invalid/".to_owned(),
                    ),
                    (
                        "plain server behind https",
                        client(),
                        format!("https://{}/", plain.address()),
                    ),
                    (
                        "handshake cut",
                        client(),
                        format!("https://{}/", closing.address()),
                    ),
                    (
                        "connect timeout",
                        client().connect_timeout(patience),
                        at(stalling.address()),
                    ),
                    (
                        "tunnel refused",
                        through_proxy,
                        "https://booking.invalid/".to_owned(),
                    ),
                    (
                        "proxy refused",
                        through_refusing,
                        "http://booking.invalid/".to_owned(),
                    ),
                ] {
                    let client = built(client);
                    let calls = two_calls(name, async || post(&client, &url).await.map(drop)).await;
                    calls.assert_free();
                }
                let client = built(client());
                for url in ["no url", "http://"] {
                    let calls = two_calls(url, async || post(&client, url).await.map(drop)).await;
                    calls.assert_refused();
                }
            }

            #[tokio::test]
            async fn statuses() {
                let client = built(client());
                let unknown = [408, 409, 418, 500, 501, 502, 503, 504, 507];
                let turned_away = [425, 429, 529];
                let refused = [400, 401, 403, 404, 405, 410, 413, 415, 422];
                for status in unknown.into_iter().chain(turned_away).chain(refused) {
                    // A reason is the server's own text, and no number.
                    let line = format!("{status} Status(400, None)");
                    let peer = Peer::start(Reaction::Answer(answer(&line, "", ""))).await;
                    let url = at(peer.address());
                    let calls =
                        two_calls(&line, async || post(&client, &url).await.map(drop)).await;
                    if unknown.contains(&status) {
                        calls.assert_in_doubt();
                        assert_eq!(peer.requests(), 1, "{line}");
                    } else if turned_away.contains(&status) {
                        calls.assert_free();
                    } else {
                        calls.assert_refused();
                    }
                }
            }

            #[tokio::test]
            async fn redirects_without_end() {
                let client = built(client());
                let again = answer("307 Again", "location: /order\r\n", "");
                let peer = Peer::start(Reaction::Answer(again)).await;
                let url = at(peer.address());
                let send = async || post(&client, &url).await.map(drop);
                two_calls("redirects", send).await.assert_in_doubt();
            }
        }
    };
}

programs!(v0_13, reqwest, tls_danger_accept_invalid_certs);
programs!(v0_12, reqwest_012, danger_accept_invalid_certs);

//! A server that books, and then answers with any error, under the gate.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use retry_core::http::{ResponseExt, StatusError};
use retry_core::{Retry, RetryPolicy, Verdict};
use retry_effects::http::RequestExt;
use retry_effects::{Effect, EffectError, InMemoryEffectStore, OnDoubt};

use super::client::{Client, Error, with_both_releases};
use super::server::{Server, answer};

with_both_releases!(
    each_status_books_once_for_a_key,
    without_keys_an_unknown_status_books_once
);

/// Each status from 400 to 599: what two calls of four attempts each do. *Not applied*: both calls make
/// their attempts. *Unknown*: the first answer leaves the action in doubt, and no other request goes out.
const TABLE: &str = "
400-401 stop, not applied: 2 requests
402     stop, unknown: 1 request
403-405 stop, not applied: 2 requests
406-407 stop, unknown: 1 request
408     retry, unknown: 1 request
409     stop, unknown: 1 request
410     stop, not applied: 2 requests
411-412 stop, unknown: 1 request
413     stop, not applied: 2 requests
414     stop, unknown: 1 request
415     stop, not applied: 2 requests
416-421 stop, unknown: 1 request
422     stop, not applied: 2 requests
423-424 stop, unknown: 1 request
425     retry, not applied: 8 requests
426-428 stop, unknown: 1 request
429     retry, not applied: 8 requests
430-499 stop, unknown: 1 request
500     retry, unknown: 1 request
501     stop, unknown: 1 request
502-504 retry, unknown: 1 request
505-508 stop, unknown: 1 request
509     retry, unknown: 1 request
510-511 stop, unknown: 1 request
512-528 retry, unknown: 1 request
529     retry, not applied: 8 requests
530-599 retry, unknown: 1 request
503 with Retry-After: retry, not applied: 8 requests
";

fn status_of(path: &str) -> u16 {
    path.rsplit('/')
        .next()
        .and_then(|status| status.parse().ok())
        .expect("a status")
}

/// A bank that books each request, once for each key if it has one, and answers with the status of its path.
struct Bank {
    server: Server,
    booked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Bank {
    async fn open(headers: &'static [(&'static str, &'static str)]) -> Self {
        let booked = Arc::<Mutex<BTreeMap<_, _>>>::default();
        let books = booked.clone();
        let server = Server::start(move |request, _| {
            let path = request.path();
            let mut books = books.lock().expect("no panic");
            match request.header("idempotency-key")[..] {
                [key] => {
                    // Another key would be another booking of the same order.
                    books.entry(format!("{path} {key}")).or_insert(1);
                }
                _ => *books.entry(path.to_owned()).or_insert(0) += 1,
            }
            answer(status_of(path), headers, "booked")
        });
        Self {
            server: server.await,
            booked,
        }
    }

    /// The number of bookings, by status.
    fn bookings(&self) -> BTreeMap<u16, usize> {
        let mut bookings = BTreeMap::new();
        for (order, count) in &*self.booked.lock().expect("no panic") {
            let path = order.split(' ').next().expect("a path");
            *bookings.entry(status_of(path)).or_insert(0) += count;
        }
        bookings
    }

    /// Returns a line on two calls with this answer.
    async fn line<C: Client>(&self, client: &C, status: u16, has_key: bool) -> String {
        let store = Arc::new(InMemoryEffectStore::new());
        let url = self.server.url(&format!("/{status}"));
        let policy = RetryPolicy::new(4).with_max_wait(Duration::from_millis(1));
        let before = self.server.received().len();
        let mut errors = Vec::new();
        for _ in 0..2 {
            let call = Effect::new("book", &status)
                .store(&store)
                .retry(Retry::new(policy))
                .run_async(|| async {
                    let request = client.post(&url);
                    let request = match has_key {
                        true => request.idempotency_key("book")?,
                        false => request,
                    };
                    C::send(request).await?.checked().await?;
                    Ok::<_, Error>(())
                });
            errors.push(call.await.expect_err("an error status"));
        }
        let error = errors[0].downcast_ref::<StatusError>().expect("the answer");
        let advice = match error.verdict() {
            Verdict::Stop => "stop",
            _ => "retry",
        };
        let proof = match errors[1].downcast_ref::<EffectError>() {
            Some(EffectError::InDoubt { .. }) => "unknown",
            _ => "not applied",
        };
        let requests = self.server.received().len() - before;
        let plural = if requests == 1 { "" } else { "s" };
        format!("{advice}, {proof}: {requests} request{plural}")
    }
}

async fn each_status_books_once_for_a_key<C: Client>() {
    let bank = Bank::open(&[]).await;
    let client = C::new(false);
    let mut lines: Vec<(u16, u16, String)> = Vec::new();
    for status in 400..=599 {
        let line = bank.line(&client, status, true).await;
        match lines.last_mut() {
            Some((_, last, known)) if *known == line => *last = status,
            _ => lines.push((status, status, line)),
        }
    }
    let mut table = "\n".to_owned();
    for (first, last, line) in lines {
        let range = match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        table.push_str(&format!("{range:7} {line}\n"));
    }
    let bookings = bank.bookings();
    assert_eq!(bookings.len(), 200);
    assert!(bookings.values().all(|count| *count == 1), "{bookings:?}");

    let turned_away = Bank::open(&[("retry-after", "0")]).await;
    let line = turned_away.line(&client, 503, true).await;
    table.push_str(&format!("503 with Retry-After: {line}\n"));
    assert_eq!(table, TABLE);
    assert_eq!(turned_away.bookings(), BTreeMap::from([(503, 1)]));
}

async fn without_keys_an_unknown_status_books_once<C: Client>() {
    let bank = Bank::open(&[]).await;
    let client = C::new(false);
    for status in 400..=599 {
        bank.line(&client, status, false).await;
    }
    // These answers state that the server did not book; a server that books and states it is not to be
    // helped without a key.
    let more: Vec<_> = bank
        .bookings()
        .into_iter()
        .filter(|(_, count)| *count > 1)
        .collect();
    let refused = [400, 401, 403, 404, 405, 410, 413, 415, 422].map(|status| (status, 2));
    let turned_away = [425, 429, 529].map(|status| (status, 8));
    let mut expected = [&refused[..], &turned_away].concat();
    expected.sort_unstable();
    assert_eq!(more, expected);
    assert_eq!(OnDoubt::default(), OnDoubt::Halt);
}

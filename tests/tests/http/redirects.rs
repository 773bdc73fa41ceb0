//! The effect of a redirect on a request and on its key, as the page states it.

use std::sync::Arc;

use retry_core::http::ResponseExt;
use retry_effects::http::{RequestExt, with_request_keys};
use retry_effects::{Effect, InMemoryEffectStore};

use super::client::{Client, Error, with_both_releases};
use super::server::{Server, answer};

with_both_releases!(
    a_redirect_carries_the_key_to_another_host,
    a_redirect_that_is_not_followed_is_no_error,
    the_error_is_that_of_the_last_answer,
);

async fn a_redirect_carries_the_key_to_another_host<C: Client>() {
    for (status, method) in [
        (301, "GET"),
        (302, "GET"),
        (303, "GET"),
        (307, "POST"),
        (308, "POST"),
    ] {
        let there = Server::of([answer(200, &[], "")]).await;
        let here = Server::of([answer(status, &[("location", &there.url("/there"))], "")]).await;
        let request = C::new(true).post(&here.url("/here"));
        let call = with_request_keys(async { C::send(request.idempotency_key("charge")?).await });
        call.await.expect("an answer");
        let (asked, followed) = (here.received(), there.received());
        assert_eq!(
            (asked[0].method(), followed[0].method()),
            ("POST", method),
            "{status}"
        );
        assert_eq!(asked[0].key(), followed[0].key(), "{status}");
        assert_eq!(followed[0].path(), "/there");
    }
}

async fn a_redirect_that_is_not_followed_is_no_error<C: Client>() {
    let there = Server::of([answer(200, &[], "")]).await;
    let here = Server::of([answer(303, &[("location", &there.url("/"))], "")]).await;
    let response = C::new(false).ask(&here.url("/")).await.expect("an answer");
    assert_eq!(C::status(&response.checked().await.expect("no error")), 303);
    assert_eq!(there.received().len(), 0);
}

/// The known limit of a client that follows redirects under the gate: the first server has booked, and the
/// refusal of the second one looks like a proof that nothing happened.
async fn the_error_is_that_of_the_last_answer<C: Client>() {
    let there = Server::of([answer(404, &[], "")]).await;
    let here = Server::of([answer(303, &[("location", &there.url("/receipt?t=1"))], "")]).await;
    let store = Arc::new(InMemoryEffectStore::new());
    for follows in [true, false] {
        let client = C::new(follows);
        let call = Effect::new("book", &follows)
            .store(&store)
            .run_async(|| async {
                let sent = client.ask(&here.url("/")).await?.checked().await?;
                Ok::<_, Error>(C::status(&sent))
            });
        match call.await {
            Ok(status) => assert_eq!((follows, status), (false, 303)),
            Err(error) => {
                let text = format!("status 404 Not Found from {}", there.url("/receipt"));
                assert_eq!((follows, error.to_string()), (true, text));
            }
        }
    }
}

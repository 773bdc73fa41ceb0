//! Idempotency keys: the same in all attempts of an action, and another for each request of it.

use std::sync::Arc;

use retry_core::http::ResponseExt;
use retry_core::{Classify, Retry, RetryPolicy, Verdict};
use retry_effects::http::{KeyError, RequestExt, with_request_keys};
use retry_effects::{Effect, EffectError, InMemoryEffectStore, OnDoubt, in_current_scope};
use retry_tests::judged::{REFUSED, assert_judged};

use super::client::{Client, Error, with_both_releases};
use super::server::{Server, answer};

with_both_releases!(
    all_attempts_and_calls_of_an_action_have_one_key,
    each_label_is_a_key_of_its_own,
    the_innermost_action_counts,
    a_header_that_is_there_is_replaced,
    a_retried_call_without_a_gate_has_no_key,
    one_call_without_a_gate_may_have_keys_of_its_own,
    a_spawned_task_has_no_key_without_the_scope_of_its_body,
    an_identity_inside_of_the_retried_call_is_none,
    after_another_request_a_refusal_proves_nothing,
    labels_are_checked_before_anything_is_sent,
);

/// Returns the key of this action and label, from a body that does nothing else.
async fn key_of<C: Client>(action_type: &str, label: &str) -> String {
    let server = Server::of([answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let call = Effect::new(action_type, &1)
        .store(InMemoryEffectStore::new())
        .run_async(|| send(&client, &url, label));
    call.await.expect("an answer");
    server.keys().remove(0)
}

async fn send<C: Client>(client: &C, url: &str, label: &str) -> Result<u16, Error> {
    let request = client.post(url).idempotency_key(label)?;
    let response = C::send(request).await?.checked().await?;
    Ok(C::status(&response))
}

async fn all_attempts_and_calls_of_an_action_have_one_key<C: Client>() {
    let answers = [500, 502, 503, 200].map(|status| answer(status, &[], ""));
    let server = Server::of(answers).await;
    let store = Arc::new(InMemoryEffectStore::new());
    let client = C::new(false);
    for _ in 0..2 {
        let _ = Effect::new("charge", &42)
            .scope("tenant-7")
            .store(&store)
            .in_doubt(OnDoubt::Reexecute)
            .retry(Retry::new(RetryPolicy::new(2)))
            .run_async(|| async { send(&client, &server.url("/"), "charge").await })
            .await;
    }
    // The SHA-256 of `{action id}:charge`: other programs compute it too.
    let key = "197e43fa428c4eb98aa17b25cbee82e0301a645c25ac043a3e930cf06442f266";
    assert_eq!(server.keys(), [key; 4]);
}

async fn each_label_is_a_key_of_its_own<C: Client>() {
    let server = Server::of([answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let call = Effect::new("order", &1)
        .store(InMemoryEffectStore::new())
        .run_async(|| async {
            for label in ["reserve", "charge", "reserve"] {
                send(&client, &url, label).await?;
            }
            Ok::<_, Error>(())
        });
    call.await.expect("three answers");
    let keys = server.keys();
    assert!(keys[0] == keys[2] && keys[0] != keys[1], "{keys:?}");
}

async fn the_innermost_action_counts<C: Client>() {
    let server = Server::of([answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let store = Arc::new(InMemoryEffectStore::new());
    let outer = Effect::new("outer", &1).store(&store).run_async(|| async {
        send(&client, &url, "send").await?;
        let inner = Effect::new("inner", &1).store(&store).run_async(|| async {
            // Neither a loop of its own nor an identity without a gate changes what the action is.
            let again = Retry::new(RetryPolicy::new(2)).run_async(|| send(&client, &url, "send"));
            with_request_keys(again).await
        });
        inner.await?;
        send(&client, &url, "send").await
    });
    with_request_keys(outer).await.expect("three answers");
    let (outer, inner) = (
        key_of::<C>("outer", "send").await,
        key_of::<C>("inner", "send").await,
    );
    assert_eq!(server.keys(), [&*outer, &*inner, &*outer]);
}

async fn a_header_that_is_there_is_replaced<C: Client>() {
    let server = Server::of([answer(200, &[], "")]).await;
    let client = C::new(false);
    let call = Effect::new("order", &1)
        .store(InMemoryEffectStore::new())
        .run_async(|| async {
            let mut request = client.post(&server.url("/"));
            for (name, value) in [("Idempotency-Key", "mine"), ("idempotency-key", "mine too")] {
                request = C::header(request, name, value);
            }
            let request = request.idempotency_key("a")?.idempotency_key_quoted("b")?;
            let response = C::send(C::header(request, "x-other", "stays")).await?;
            Ok::<_, Error>(C::status(&response))
        });
    call.await.expect("an answer");
    let key = key_of::<C>("order", "b").await;
    assert_eq!(server.keys(), [format!("\"{key}\"")]);
    assert_eq!(server.received()[0].header("x-other"), ["stays"]);
}

async fn a_retried_call_without_a_gate_has_no_key<C: Client>() {
    let server = Server::of([answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let call = Retry::new(RetryPolicy::new(3)).run_async(|| send(&client, &url, "charge"));
    let error = call.await.expect_err("no key");
    // By its chain, so that one attempt is enough.
    assert_eq!(
        (
            error.classify().verdict(),
            error.classify().is_not_applied()
        ),
        (Verdict::Stop, true)
    );
    let error = error.downcast_ref::<KeyError>().expect("no key");
    assert_judged(error, REFUSED, "idempotency_key");
    assert_eq!(
        error.to_string(),
        "nothing identifies the call of this idempotency key, and each attempt would have another one: make the call \
         `idempotent = true`, or put `retry_effects::http::with_request_keys` around the retried call; a spawned task \
         needs `in_current_scope`"
    );
    assert_eq!(server.received().len(), 0, "nothing is sent");
}

async fn one_call_without_a_gate_may_have_keys_of_its_own<C: Client>() {
    let server = Server::of([answer(500, &[], ""), answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    for _ in 0..2 {
        let call = Retry::new(RetryPolicy::new(2)).run_async(|| async {
            send(&client, &url, "reserve").await?;
            send(&client, &url, "charge").await
        });
        with_request_keys(call).await.expect("the second attempt");
    }
    let keys = server.keys();
    let [failed, reserved, charged, reserved_again, charged_again] = &keys[..] else {
        panic!("{keys:?}");
    };
    assert_eq!(failed, reserved, "two attempts");
    assert!(reserved != charged, "two labels");
    assert!(
        reserved != reserved_again && charged != charged_again,
        "two calls"
    );
}

async fn a_spawned_task_has_no_key_without_the_scope_of_its_body<C: Client>() {
    let server = Server::of([answer(500, &[], ""), answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let spawned = || {
        let (client, url) = (client.clone(), url.clone());
        async move { send(&client, &url, "charge").await }
    };
    let effect = |key: u32| {
        Effect::new("charge", &key)
            .store(InMemoryEffectStore::new())
            .in_doubt(OnDoubt::Reexecute)
            .retry(Retry::new(RetryPolicy::new(2)))
    };
    let outside = effect(1).run_async(|| async { tokio::spawn(spawned()).await? });
    let error: Error = outside.await.expect_err("no key");
    assert_eq!(error.downcast_ref::<KeyError>(), Some(&KeyError::NotStable));
    assert_eq!(server.received().len(), 0, "nothing is sent");

    let inside = effect(2).run_async(|| async { tokio::spawn(in_current_scope(spawned())).await? });
    inside
        .await
        .map_err(|error: Error| error)
        .expect("the second attempt");
    let keys = server.keys();
    assert!(keys.len() == 2 && keys[0] == keys[1], "{keys:?}");
}

async fn an_identity_inside_of_the_retried_call_is_none<C: Client>() {
    let server = Server::of([answer(200, &[], "")]).await;
    let (client, url) = (C::new(false), server.url("/"));
    let call = Retry::new(RetryPolicy::new(2))
        .run_async(|| with_request_keys(send(&client, &url, "charge")));
    let error = call.await.expect_err("no key");
    assert_eq!(error.downcast_ref::<KeyError>(), Some(&KeyError::NotStable));
    assert_eq!(server.received().len(), 0);
}

/// The first request was answered, and the refusal of the second one is about that alone.
async fn after_another_request_a_refusal_proves_nothing<C: Client>() {
    let answers = [200, 429].map(|status| answer(status, &[], ""));
    let server = Server::of(answers).await;
    let (client, url) = (C::new(false), server.url("/"));
    let store = Arc::new(InMemoryEffectStore::new());
    let call = || {
        Effect::new("order", &1)
            .store(&store)
            .retry(Retry::new(RetryPolicy::new(3)))
            .run_async(|| async {
                send(&client, &url, "book").await?;
                send(&client, &url, "mail").await
            })
    };
    assert!(call().await.is_err());
    assert_eq!(server.received().len(), 2, "no second attempt");
    let again = call().await.expect_err("in doubt");
    assert!(
        matches!(
            again.downcast_ref::<EffectError>(),
            Some(EffectError::InDoubt { .. })
        ),
        "{again}"
    );
    assert_eq!(server.received().len(), 2);
}

async fn labels_are_checked_before_anything_is_sent<C: Client>() {
    let client = C::new(false);
    let long = "a".repeat(256);
    for label in ["", "a\r\nx-other: b", "\u{7f}", "\u{85}", &long] {
        let request = || client.post("http://127.0.0.1:9/");
        assert!(request().idempotency_key(label).is_err(), "{label:?}");
        assert!(
            request().idempotency_key_quoted(label).is_err(),
            "{label:?}"
        );
    }
    let any = with_request_keys(async {
        let request = client.post("http://127.0.0.1:9/");
        request.idempotency_key("Zahlung 7 € \"quoted\"").is_ok()
    });
    assert!(any.await);
}

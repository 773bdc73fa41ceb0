//! The identity of a call: name, key, scope and fingerprint.

use std::cell::Cell;
use std::collections::{BTreeMap, HashSet};
use std::io;
use std::time::Duration;

use retry_core::retry_api;
use retry_core::testing::no_wait;
use retry_effects::{
    EffectError, OnBusy, OnDoubt, compute_action_id, with_scope, with_scope_blocking,
};
use retry_tests::sendable;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Store, gate_error, own_id, refused, store};

#[derive(Clone, Serialize)]
struct Order {
    id: u64,
    cents: u32,
}

fn id_of(action: &str, payload: Value, scope: &str) -> String {
    let id = compute_action_id(action, &payload, scope);
    id.expect("a payload of JSON").to_string()
}

/// The id of a function that has no other name than its own.
fn unnamed(function: &str, payload: Value) -> String {
    id_of(&format!("{}::{function}", module_path!()), payload, "")
}

#[retry_api(idempotent = true)]
async fn by_all(
    order: Order,
    r#type: &str,
    mut tags: Vec<String>,
    rate: &mut f64,
) -> io::Result<String> {
    tags.push(format!("{} {} {type} {rate}", order.id, order.cents));
    own_id()
}

#[retry_api(idempotent = true)]
fn by_all_sync(order: &Order, r#type: String, _unused: Option<bool>) -> io::Result<String> {
    let _ = (order, r#type);
    own_id()
}

#[retry_api(idempotent = true)]
fn by_nothing() -> io::Result<String> {
    own_id()
}

#[tokio::test]
async fn by_default_all_arguments_are_the_key() -> io::Result<()> {
    let order = Order { id: 7, cents: 5 };
    let tags = vec!["a".to_owned()];
    let id = sendable(by_all(order.clone(), "x", tags, &mut 0.1)).await?;
    let payload = json!({"order": {"id": 7, "cents": 5}, "type": "x", "tags": ["a"], "rate": 0.1});
    assert_eq!(id, unnamed("by_all", payload));
    let id = by_all_sync(&order, "x".to_owned(), None)?;
    let payload = json!({"order": {"id": 7, "cents": 5}, "type": "x", "_unused": null});
    assert_eq!(id, unnamed("by_all_sync", payload));
    assert_eq!(by_nothing()?, unnamed("by_nothing", json!({})));
    Ok(())
}

#[retry_api(idempotent = true, name = "charge", key(order_id, r#type))]
async fn by_names(order_id: u64, r#type: &str, cents: u32) -> io::Result<String> {
    let _ = cents;
    Ok(format!("{} {}", own_id()?, order_id + type_len(r#type)))
}

fn type_len(text: &str) -> u64 {
    text.chars().map(|_| 1).sum()
}

#[tokio::test]
async fn named_arguments_are_the_key_and_the_rest_the_fingerprint() -> io::Result<()> {
    let first = sendable(by_names(1, "x", 5)).await?;
    let id = id_of("charge", json!({"order_id": 1, "type": "x"}), "");
    assert_eq!(first, format!("{id} 2"));
    assert_eq!(by_names(1, "x", 5).await?, first);
    let refused = gate_error(by_names(1, "x", 6).await);
    assert!(
        matches!(refused, EffectError::PayloadMismatch { .. }),
        "{refused}"
    );
    Ok(())
}

#[retry_api(idempotent = true, name = "of an expression", key = (order.id, "v1"), skip(noise))]
fn by_expression(order: &Order, noise: u32) -> io::Result<String> {
    let _ = (order, noise);
    own_id()
}

#[retry_api(idempotent = true, name = "of a field", key = order.id)]
fn by_field(order: Order) -> io::Result<String> {
    let _ = order;
    own_id()
}

#[retry_api(idempotent = true, name = "of one argument", key = token)]
fn by_one(token: String) -> io::Result<String> {
    drop(token);
    own_id()
}

#[test]
fn an_expression_is_the_payload() -> io::Result<()> {
    let order = Order { id: 7, cents: 5 };
    let id = id_of("of an expression", json!([7, "v1"]), "");
    assert_eq!(by_expression(&order, 1)?, id);
    assert_eq!(by_expression(&order, 2)?, id);
    let other = Order { id: 7, cents: 6 };
    let refused = gate_error(by_expression(&other, 1));
    assert!(
        matches!(refused, EffectError::PayloadMismatch { .. }),
        "{refused}"
    );
    assert_eq!(by_field(order)?, id_of("of a field", json!(7), ""));
    assert!(by_field(other).is_err());
    let id = id_of("of one argument", json!("t"), "");
    assert_eq!(by_one("t".to_owned())?, id);
    Ok(())
}

/// A line of an order, in the form of the last release, without `gift`, and in the form of this one.
#[derive(Clone, Serialize)]
struct Line {
    sku: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    gift: Option<bool>,
}

#[retry_api(idempotent = true, name = "compared", key(order_id), fingerprint(cents), store = store)]
async fn compared(store: &Store, order_id: u64, cents: u32, line: Line) -> io::Result<u64> {
    let _ = (order_id, cents);
    Ok(line.sku)
}

#[retry_api(idempotent = true, name = "compared", key(order_id), fingerprint(cents), store = store)]
fn compared_sync(store: &Store, order_id: u64, cents: u32, line: Line) -> io::Result<u64> {
    let _ = (order_id, cents);
    Ok(line.sku)
}

#[retry_api(idempotent = true, name = "compared", key(order_id), fingerprint(), store = store)]
async fn not_compared(store: &Store, order_id: u64, cents: u32) -> io::Result<u64> {
    let _ = (order_id, cents);
    Ok(0)
}

#[retry_api(idempotent = true, name = "compared", key(order_id), fingerprint(), store = store)]
fn not_compared_sync(store: &Store, order_id: u64, cents: u32) -> io::Result<u64> {
    let _ = (order_id, cents);
    Ok(0)
}

#[retry_api(idempotent = true, name = "compared", key(order_id), store = store)]
fn all_compared(store: &Store, order_id: u64, cents: u32, line: Line) -> io::Result<u64> {
    let _ = (order_id, cents);
    Ok(line.sku)
}

#[tokio::test]
async fn only_what_the_fingerprint_names_is_compared() -> io::Result<()> {
    let old = Line { sku: 7, gift: None };
    let new = Line {
        sku: 7,
        gift: Some(true),
    };
    let store = store();
    assert_eq!(sendable(compared(&store, 1, 5, old.clone())).await?, 7);
    // Delivered again, after a deploy that gave its lines a field.
    assert_eq!(compared(&store, 1, 5, new.clone()).await?, 7);
    assert_eq!(compared_sync(&store, 1, 5, new.clone())?, 7);
    for refused in [
        compared(&store, 1, 6, old.clone()).await,
        compared_sync(&store, 1, 6, old.clone()),
        // Without the argument all is compared, so that this is another one.
        all_compared(&store, 1, 5, old),
    ] {
        let refused = gate_error(refused);
        assert!(
            matches!(refused, EffectError::PayloadMismatch { .. }),
            "{refused}"
        );
    }
    // Nothing is compared: neither with what was recorded, nor later with this.
    assert_eq!(sendable(not_compared(&store, 1, 6)).await?, 7);
    assert_eq!(not_compared_sync(&store, 1, 6)?, 7);
    assert_eq!(not_compared(&store, 2, 5).await?, 0);
    assert_eq!(not_compared_sync(&store, 2, 6)?, 0);
    assert_eq!(compared(&store, 2, 6, new).await?, 0);
    Ok(())
}

#[derive(Clone, Serialize)]
struct Cart {
    id: u64,
    skus: HashSet<u64>,
}

#[retry_api(idempotent = true, name = "by sets", skip(runs))]
async fn by_sets(runs: &Cell<u32>, tags: HashSet<&str>, cart: Cart) -> io::Result<String> {
    let _ = (tags.len(), cart);
    runs.set(runs.get() + 1);
    own_id()
}

#[tokio::test]
async fn equal_sets_are_one_key() -> io::Result<()> {
    let runs = Cell::new(0);
    let payload = json!({"tags": ["a", "b", "c"], "cart": {"id": 1, "skus": [1, 2, 3, 4, 5]}});
    let id = id_of("by sets", payload, "");
    for _ in 0..5 {
        let skus = [5, 4, 3, 2, 1].into();
        let call = by_sets(&runs, ["c", "a", "b"].into(), Cart { id: 1, skus });
        assert_eq!(call.await?, id);
    }
    assert_eq!(runs.get(), 1);
    Ok(())
}

struct Client;

#[retry_api(idempotent = true, name = "without some", skip(client, seen))]
async fn without(client: &Client, seen: HashSet<u32>, order_id: u64) -> io::Result<String> {
    let Client = client;
    let _ = (seen.len(), order_id);
    own_id()
}

#[tokio::test]
async fn what_is_skipped_is_neither() -> io::Result<()> {
    let id = id_of("without some", json!({"order_id": 1}), "");
    for seen in [[1, 2], [3, 4]] {
        assert_eq!(sendable(without(&Client, seen.into(), 1)).await?, id);
    }
    Ok(())
}

#[retry_api(idempotent = true, name = "for a run", scope = run_id)]
async fn for_a_run(run_id: &str, step: u32) -> io::Result<String> {
    let _ = (run_id, step);
    own_id()
}

#[retry_api(idempotent = true, name = "for a number", scope = &number, key(step))]
fn for_a_number(number: u64, step: u32) -> io::Result<String> {
    let _ = (number, step);
    own_id()
}

#[retry_api(idempotent = true, name = "for another", scope = format!("tenant {tenant}"))]
fn for_another(tenant: u32) -> io::Result<String> {
    let _ = tenant;
    own_id()
}

#[retry_api(idempotent = true, name = "for whom it may concern")]
async fn for_anybody(step: u32) -> io::Result<String> {
    let _ = step;
    own_id()
}

#[tokio::test]
async fn the_scope_tells_calls_apart() -> io::Result<()> {
    for run in ["a", "b"] {
        let id = id_of("for a run", json!({"step": 1}), run);
        assert_eq!(sendable(for_a_run(run, 1)).await?, id);
        assert_eq!(with_scope("around", for_a_run(run, 1)).await?, id);
        let id = id_of("for whom it may concern", json!({"step": 1}), run);
        assert_eq!(with_scope(run, for_anybody(1)).await?, id);
    }
    let id = id_of("for a number", json!({"step": 1}), "7");
    assert_eq!(for_a_number(7, 1)?, id);
    let id = id_of("for another", json!({"tenant": 7}), "tenant 7");
    assert_eq!(with_scope_blocking("around", || for_another(7))?, id);
    Ok(())
}

#[retry_api(idempotent = true, name = "patterns", key(order_id))]
async fn patterns(
    (a, _): (u32, u32),
    order_id: u64,
    _: &str,
    &[b, ref c]: &[u32; 2],
    ref d: String,
) -> io::Result<String> {
    Ok(format!("{} {a}{b}{c}{d}", own_id()?))
}

#[tokio::test]
async fn a_fingerprint_knows_patterns_by_their_place() -> io::Result<()> {
    let call = |pair, text, array, last: &str| patterns(pair, 7, text, array, last.to_owned());
    let first = sendable(call((1, 2), "x", &[3, 4], "5")).await?;
    let id = id_of("patterns", json!({"order_id": 7}), "");
    assert_eq!(first, format!("{id} 1345"));
    assert_eq!(call((1, 2), "x", &[3, 4], "5").await?, first);
    for other in [
        call((1, 3), "x", &[3, 4], "5"),
        call((1, 2), "y", &[3, 4], "5"),
        call((1, 2), "x", &[3, 5], "5"),
        call((1, 2), "x", &[3, 4], "6"),
    ] {
        let refused = gate_error(other.await);
        assert!(
            matches!(refused, EffectError::PayloadMismatch { .. }),
            "{refused}"
        );
    }
    Ok(())
}

#[retry_api(idempotent = true, name = "conditions")]
fn conditions(
    #[cfg(not(test))] never: Client,
    #[cfg(test)] always: u32,
    map: BTreeMap<String, u32>,
) -> io::Result<String> {
    let _ = (always, map);
    own_id()
}

#[test]
fn parameters_under_conditions() -> io::Result<()> {
    let id = id_of("conditions", json!({"always": 1, "map": {}}), "");
    assert_eq!(conditions(1, BTreeMap::new())?, id);
    Ok(())
}

fn counted<T>(counter: &Cell<u32>, value: T) -> T {
    counter.set(counter.get() + 1);
    value
}

#[retry_api(
    idempotent = true,
    name = "evaluated",
    key = counted(log, 1),
    scope = counted(log, "s"),
    store = counted(log, store),
    lease = counted(log, Duration::from_secs(5)),
    retain = counted(log, Duration::from_secs(5)),
    in_doubt = counted(log, OnDoubt::Halt),
    on_busy = counted(log, OnBusy::Fail),
    skip(log, attempts, store),
)]
fn evaluated(log: &Cell<u32>, store: &Store, attempts: &Cell<u32>) -> io::Result<()> {
    counted(attempts, ());
    assert_eq!(log.get(), 7);
    if attempts.get() < 3 {
        return Err(refused());
    }
    Ok(())
}

#[test]
fn arguments_are_evaluated_once_and_before_the_first_attempt() -> io::Result<()> {
    let _no_wait = no_wait();
    let (log, attempts) = (Cell::new(0), Cell::new(0));
    let store = store();
    evaluated(&log, &store, &attempts)?;
    assert_eq!((log.get(), attempts.get()), (7, 3));
    // A replay evaluates them too, and runs nothing.
    log.set(0);
    evaluated(&log, &store, &attempts)?;
    assert_eq!((log.get(), attempts.get()), (7, 3));
    Ok(())
}

//! The texts that are recorded, and how those of other builds are read.

use std::collections::BTreeMap;
use std::fmt::Debug;

use proptest::prelude::*;
use retry_effects::store::{Claim, ClaimRequest, FORMAT, NEWEST_FORMAT, Payload};
use retry_effects::{Effect, EffectError, Outcome, compute_action_id};
use retry_tests::block_on;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::checks::{is_replayed, payload};
use super::place::{Place, Store};
use super::shapes::{Chain, Double, Internal, Marker, Name, Single, Untagged, Wrapped};

fn store() -> Store {
    Place::memory().unwrap().open()
}

/// The text of a value, and its form.
fn recorded<T>(value: T) -> (u32, String)
where
    T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
{
    let store = store();
    is_replayed(&store, "a value", &value);
    let payload = payload(&store, "a value");
    (payload.format(), payload.json().to_owned())
}

/// Returns the result of a call where this payload is recorded, by any build.
fn read<T: Serialize + DeserializeOwned>(payload: Payload) -> Result<T, EffectError> {
    let store = store();
    let id = compute_action_id("return", "a record", "").unwrap();
    let claimed = block_on(store.pending(&ClaimRequest::new(id, "return"))).unwrap();
    let Claim::Won(token) = claimed else {
        panic!("{claimed:?}");
    };
    block_on(store.complete(&token, Outcome::Success(payload))).unwrap();
    let effect = Effect::new("return", "a record").store(store);
    effect.run(|| -> Result<T, EffectError> { unreachable!("it has run") })
}

#[test]
fn json_is_the_form_of_what_json_can_hold() {
    let json = |text: &str| (FORMAT, text.to_owned());
    assert_eq!(recorded(()), json("null"));
    assert_eq!(recorded(None::<Marker>), json("null"));
    assert_eq!(recorded(Some(Some(7))), json("7"));
    assert_eq!(recorded(vec![Some(1), None]), json("[1,null]"));
    assert_eq!(recorded(BTreeMap::from([(1, true)])), json(r#"{"1":true}"#));
    assert_eq!(recorded(u128::MAX), json(&u128::MAX.to_string()));
    assert_eq!(recorded(Double(-0.0)), json("-0.0"));
    assert_eq!(recorded(Single(7.038_531e-26)), json("7.038531e-26"));
    assert_eq!(
        recorded(serde_json::json!({"a": 1.5})),
        json(r#"{"a":1.5}"#)
    );
}

#[test]
fn the_notation_is_that_of_the_rest() {
    let notation = |text: &str| (NEWEST_FORMAT, text.to_owned());
    assert_eq!(recorded(Some(())), notation("~Some(null)"));
    assert_eq!(
        recorded(Some(Some(None::<u8>))),
        notation("~Some(Some(null))")
    );
    assert_eq!(
        recorded((Some(Wrapped(Marker)), "a\"b".to_owned(), None::<()>)),
        notation(r#"~[Some(null),"a\"b",null]"#)
    );
    assert_eq!(
        recorded([Double(f64::NAN), Double(f64::NEG_INFINITY), Double(0.5)]),
        notation("~[f64(7ff8000000000000),f64(fff0000000000000),0.5]")
    );
    assert_eq!(recorded(Single(f32::INFINITY)), notation("~f32(7f800000)"));
    assert_eq!(
        recorded(BTreeMap::from([((1, 'a'), true), ((2, 'b'), false)])),
        notation(r#"~{[1,"a"]:true,[2,"b"]:false}"#)
    );
    let names = BTreeMap::from([(Name::Number(1), 1), (Name::Text("1".to_owned()), 2)]);
    assert_eq!(recorded(names), notation(r#"~{1:1,"1":2}"#));
}

#[test]
fn deep_json_of_an_earlier_build_is_read() {
    let deep = Chain::of(200);
    let json = serde_json::to_string(&deep).unwrap();
    let mut read: Chain = read(Payload::new(json)).unwrap();
    // The fault of old: `Some(())` was written as `None`.
    let mut last = &mut read;
    while last.next.is_some() {
        last = last.next.as_mut().unwrap();
    }
    assert_eq!(last.end.replace(()), None);
    assert_eq!(read, deep);
}

/// Recorded by a build whose `serde_json` was another.
#[test]
fn floats_in_tagged_types_are_read_in_any_build() {
    let json = r#" { "type": "Held", "share": 1.5, "note" : "é\n", "Other-Name": [ ] } "#;
    let read: Internal = read(Payload::new(json)).unwrap();
    let text = serde_json::to_string(&read).unwrap();
    assert_eq!(
        text,
        r#"{"type":"Held","share":1.5,"note":"é\n","Other-Name":[]}"#
    );
    let json = r#"{"1":[{"type":"Unit"}],"-2":[{"type":"Held","share":0.1,"Other-Name":[null]}]}"#;
    let read: BTreeMap<i8, Vec<Internal>> = self::read(Payload::new(json)).unwrap();
    assert_eq!(read[&-2].len(), 1);
    // Python writes white space.
    let read: Vec<Untagged> = self::read(Payload::new("[1.5, \"a\"]")).unwrap();
    assert_eq!(
        read,
        [Untagged::Float(Double(1.5)), Untagged::Text("a".to_owned())]
    );
}

#[test]
fn other_texts_are_errors() {
    for text in [
        "",
        "~",
        "null",
        "~null null",
        "~Some(null",
        "~Some null",
        "~{1:2",
        "~{1 2}",
        "~[1 2]",
        "~[1,]",
        "~[,1]",
        "~\"a",
        "~nul",
        "~f64(7ff)",
        "~f32(7f80000g)",
        "~f64(é000000000000000)",
        "~json(1)",
        "~json(\"",
        "~-",
        "~1e",
        "~é",
        "Some(null)",
    ] {
        let payload = Payload::with_format(NEWEST_FORMAT, text);
        let error = read::<serde_json::Value>(payload).expect_err(text);
        let EffectError::NotDecoded { format, source, .. } = error else {
            panic!("{text}: {error}");
        };
        assert!(source.is_some() && format == NEWEST_FORMAT, "{text}");
    }
    // The notation is none of JSON's form, nor JSON of the notation's.
    assert!(read::<Option<()>>(Payload::new("~Some(null)")).is_err());
    assert!(read::<Option<()>>(Payload::new("Some(null)")).is_err());
    let newer = Payload::with_format(NEWEST_FORMAT + 1, "null");
    let error = read::<()>(newer).expect_err("newer");
    assert!(
        matches!(error, EffectError::NotDecoded { source: None, .. }),
        "{error}"
    );
}

proptest! {
    /// No text in a record causes a panic.
    #[test]
    fn any_text_is_read_or_is_an_error(
        text in r#"~?([\[\]{}(),:" ]|Some\(|null|f64\(|f32\(|json\("1"\)|-?[0-9]{1,40}|[a-fé\\.]){0,12}"#,
        format in FORMAT..=NEWEST_FORMAT,
    ) {
        let payload = Payload::with_format(format, text);
        let _ = read::<serde_json::Value>(payload.clone());
        let _ = read::<BTreeMap<Option<Option<i8>>, Internal>>(payload.clone());
        let _ = read::<Vec<Untagged>>(payload);
    }
}

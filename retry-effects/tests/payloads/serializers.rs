//! Implementations of `Serialize` that fail or break its contract.

use super::*;

#[test]
fn the_values_own_failure_keeps_its_words_and_its_place() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the lock is poisoned"))
        }
    }
    let error = refusal(&object("state", [Broken]));
    assert!(matches!(error, ActionIdError::Unserializable { .. }));
    assert_eq!(
        error.to_string(),
        "payload.state[0] cannot be serialized: the lock is poisoned"
    );
}

#[test]
fn a_display_that_fails_is_refused() {
    struct Mute;
    impl std::fmt::Display for Mute {
        fn fmt(&self, _f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            Err(std::fmt::Error)
        }
    }
    impl Serialize for Mute {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_str(self)
        }
    }
    assert!(matches!(
        refusal(&Mute),
        ActionIdError::Unserializable { .. }
    ));
}

#[test]
fn maps_out_of_step_are_refused() {
    #[derive(Clone, Copy)]
    enum Misstep {
        TwoKeys,
        NoKey,
        NoValue,
    }
    impl Serialize for Misstep {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(None)?;
            match self {
                Self::TwoKeys => map
                    .serialize_key("a")
                    .and_then(|()| map.serialize_key("b"))?,
                Self::NoKey => map.serialize_value("a")?,
                Self::NoValue => map.serialize_key("a")?,
            }
            map.end()
        }
    }
    for (misstep, message) in [
        (
            Misstep::TwoKeys,
            "it began an entry before the last one was complete",
        ),
        (Misstep::NoKey, "it gave a value without a key"),
        (
            Misstep::NoValue,
            "it ended before its last entry was complete",
        ),
    ] {
        assert_eq!(
            refusal(&[misstep]).to_string(),
            format!("payload[0] cannot be serialized: {message}")
        );
    }
}

#[test]
fn an_error_cannot_be_passed_over() {
    struct List;
    impl Serialize for List {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(None)?;
            list.serialize_element(&f64::NAN).err();
            list.serialize_element(&1)?;
            list.end()
        }
    }
    struct Fields;
    impl Serialize for Fields {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut fields = serializer.serialize_struct("Fields", 1)?;
            fields.serialize_field("a", &f64::NAN).err();
            fields.end()
        }
    }
    assert_eq!(
        refusal(&List).to_string(),
        "payload cannot be serialized: it went on after an element had failed"
    );
    assert_eq!(
        refusal(&Fields).to_string(),
        "payload cannot be serialized: it ended before its last entry was complete"
    );
}

//! The tests of replays once more, and those of numbers and JSON that are kept as texts.
#![cfg(unix)]

#[path = "../../tests/replays.rs"]
mod of_every_kind;

mod kept_as_texts {
    use std::fmt::Debug;
    use std::sync::Arc;

    use retry_effects::store::{FORMAT, Filter, NEWEST_FORMAT};
    use retry_effects::{Effect, EffectError, EffectStore, InMemoryEffectStore};
    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use serde_json::value::RawValue;
    use serde_json::{Number, Value};

    const NUMBERS: [&str; 7] = [
        "7",
        "1.10",
        "1e+400",
        "-0.0",
        "0.1000000000000000055511151231257827",
        "18446744073709551616",
        "-170141183460469231731687303715884105729",
    ];

    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct Raw(Box<RawValue>);

    impl PartialEq for Raw {
        fn eq(&self, other: &Self) -> bool {
            self.0.get() == other.0.get()
        }
    }

    fn raw(json: &str) -> Raw {
        Raw(RawValue::from_string(json.to_owned()).expect("JSON"))
    }

    /// Replays a value, and gives its form and text.
    #[track_caller]
    fn recorded<T>(value: &T) -> (u32, String)
    where
        T: Clone + Debug + PartialEq + Serialize + DeserializeOwned,
    {
        let store = Arc::new(InMemoryEffectStore::new());
        for _ in 0..2 {
            let effect = Effect::new("return", "a value").store(&store);
            let returned = effect.run(|| Ok::<_, EffectError>(value.clone()));
            assert_eq!(returned.expect("it is replayed"), *value);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let all = Filter::all();
        let records = runtime.expect("a runtime").block_on(store.list(&all));
        let payload = records.expect("one")[0].payload.clone().expect("a result");
        (payload.format(), payload.json().to_owned())
    }

    #[test]
    fn the_feature_is_on() {
        let number: Number = serde_json::from_str("1.10").expect("a number");
        assert_eq!(number.to_string(), "1.10");
    }

    #[test]
    fn numbers_of_any_size() {
        for text in NUMBERS {
            let number: Value = serde_json::from_str(text).expect("a number");
            assert_eq!(recorded(&number), (FORMAT, text.to_owned()));
            let list = vec![Some(number)];
            assert_eq!(recorded(&list), (FORMAT, format!("[{text}]")));
            let (format, text) = recorded(&(list, Some(())));
            assert_eq!(format, NEWEST_FORMAT, "{text}");
        }
    }

    #[test]
    fn floats_are_json() {
        assert_eq!(
            recorded(&vec![0.1, 1e300]),
            (FORMAT, "[0.1,1e+300]".to_owned())
        );
        let body = serde_json::from_str::<Value>(r#"{"a":1.5}"#).expect("JSON");
        assert_eq!(recorded(&body), (FORMAT, r#"{"a":1.5}"#.to_owned()));
    }

    #[test]
    fn a_float_is_no_object_where_its_type_takes_any() {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(untagged)]
        enum Parameter {
            Object(std::collections::BTreeMap<String, String>),
            Number(f64),
        }
        let value = Parameter::Number(1.5);
        assert_eq!(recorded(&value), (FORMAT, "1.5".to_owned()));
    }

    #[test]
    fn raw_json_keeps_its_text() {
        for json in ["null", "1.10", r#"{"b": [1e400], "a":null}"#, "\"\\u00e4\""] {
            assert_eq!(recorded(&raw(json)), (FORMAT, json.to_owned()));
            let (format, text) = recorded(&(Some(raw(json)), None::<Raw>, Some(())));
            assert_eq!(format, NEWEST_FORMAT, "{text}");
        }
    }
}

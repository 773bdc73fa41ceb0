//! The bounds of nesting.

use super::*;

#[test]
fn nesting_ends_at_128_levels() {
    let lists = |depth| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    let objects = |depth| (0..depth).fold(json!(1), |inner, _| json!({"a": inner}));
    for (nested, inner) in [(lists(128), lists(127)), (objects(128), objects(127))] {
        compute_action_id("op", &nested, "s").unwrap();
        // Levels that were left are not counted any more.
        compute_action_id("op", &[&inner, &inner], "s").unwrap();
    }
    for (nested, step) in [(lists(129), "[0]"), (objects(129), ".a")] {
        let error = refusal(&nested);
        assert!(matches!(error, ActionIdError::TooDeep { limit: 128, .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "payload{} nests deeper than 128 levels; flatten the payload or hash a part of it",
                step.repeat(128)
            )
        );
    }
}

#[test]
fn variants_count_as_levels() {
    #[derive(Serialize)]
    enum Chain {
        End,
        Link(Box<Chain>),
        List(Box<Chain>, ()),
        Object { next: Box<Chain> },
    }
    fn chain(length: usize, link: fn(Box<Chain>) -> Chain) -> Chain {
        (0..length).fold(Chain::End, |inner, _| link(Box::new(inner)))
    }
    compute_action_id("op", &chain(128, Chain::Link), "s").unwrap();
    assert!(matches!(
        refusal(&chain(129, Chain::Link)),
        ActionIdError::TooDeep { .. }
    ));

    let lists = |length| chain(length, |next| Chain::List(next, ()));
    compute_action_id("op", &lists(64), "s").unwrap();
    let path = format!("payload{}", ".List[0]".repeat(64));
    let error = refusal(&lists(65));
    assert!(
        error.to_string().starts_with(&format!("{path} nests")),
        "{error}"
    );

    let objects = |length| chain(length, |next| Chain::Object { next });
    compute_action_id("op", &objects(64), "s").unwrap();
    let path = format!("payload{}", ".Object.next".repeat(64));
    let error = refusal(&objects(65));
    assert!(
        error.to_string().starts_with(&format!("{path} nests")),
        "{error}"
    );
}

#[test]
fn layers_without_a_mark_in_the_text_end_at_512() {
    #[derive(Serialize)]
    struct Onion(Option<Box<Onion>>);
    fn onion(layers: usize) -> Onion {
        (0..layers).fold(Onion(None), |inner, _| Onion(Some(Box::new(inner))))
    }
    // Two layers each, the innermost one.
    assert_same(&onion(255), &Value::Null);
    assert_same(&[onion(255), onion(255)], &json!([null, null]));
    assert!(matches!(
        refusal(&onion(256)),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
    // Far deeper than the stack allows.
    let deep = onion(10_000);
    assert!(matches!(
        refusal(&deep),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
    let keys = Entries(vec![(onion(256), 1)]);
    assert!(matches!(
        refusal(&keys),
        ActionIdError::TooDeep { limit: 512, .. }
    ));
}

//! The store of calls that name none. A process of its own, because the store is global to a process.

use std::io;

use retry_core::testing::Recorder;
use retry_effects::{Effect, EffectError, InMemoryEffectStore, set_default_store};

#[test]
fn the_first_call_fixes_it_with_one_warning() {
    let recorder = Recorder::install();
    let call = |result: u32| Effect::new("charge", &42).run(|| io::Result::Ok(result));
    assert_eq!(call(1).expect("it ran"), 1);
    assert_eq!(call(2).expect("a replay"), 1);
    let warnings = recorder.messages().into_iter();
    let warnings: Vec<_> = warnings
        .filter(|message| message.starts_with("WARN"))
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("No default store is set"),
        "{warnings:?}"
    );

    let late = set_default_store(InMemoryEffectStore::new());
    assert!(matches!(late, Err(EffectError::DefaultStoreIsSet)));
    assert_eq!(call(3).expect("the same store"), 1);
}

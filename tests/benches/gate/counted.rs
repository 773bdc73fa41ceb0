//! Instructions a call, by callgrind on a child process.

use crate::{callgrind, gated, limit, map};

/// As a child: so many calls of one kind.
pub(crate) fn serve(arguments: &[String]) -> bool {
    let [role, which, calls] = arguments else {
        return false;
    };
    if role != "counted" {
        return false;
    }
    let calls = calls.parse().expect("a number");
    match which.as_str() {
        "id" => _ = gated::ids(calls),
        "new" => _ = gated::new_keys(&gated::Store::default(), calls),
        "replay" => _ = gated::replays(calls),
        "ours" => map::ours(&map::Ours::default(), 0, calls),
        "limit" => {
            let store = limit::Limit::default();
            limit::limit(&store, 0, calls);
            std::hint::black_box(store.sum());
        }
        "bare" => map::bare(&map::Bare::default(), 0, calls),
        other => panic!("no calls are named {other}"),
    }
    true
}

/// The difference between two numbers of calls; `None` without valgrind.
#[expect(clippy::cast_precision_loss, reason = "a count")]
pub(crate) fn instructions(which: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    callgrind::is_there().then_some(())?;
    let count = |calls| callgrind::instructions(&program, &["counted", which, calls]);
    let (few, many) = (count("10000")?, count("20000")?);
    Some((many - few) as f64 / 10_000.0)
}

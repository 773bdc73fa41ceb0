//! The rows, and the contenders of each.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use tower::retry::budget::TpsBudget;

use super::attribute;
use super::executor::{repeat, repeat_async};
use super::hand_written::{Defaults, NoWait};
use super::{
    again_peer, backon_attribute, backon_peer, failsafe_peer, hand_written, ours as own,
    retry_peer, tokio_retry_peer, tokio_retry2_peer, tower_peer,
};
use retry_benches::{Contender, FLOOR, Row};

/// Async calls: in each, the first `$failures` attempts fail.
macro_rules! asynchronous {
    ($failures:expr, $call:expr) => {
        |calls| repeat_async(calls, $failures, $call)
    };
}

/// The same with sync calls.
macro_rules! blocking {
    ($failures:expr, $call:expr) => {
        |calls| repeat(calls, $failures, $call)
    };
}

/// The contenders of an async row without waiting.
macro_rules! failing_async {
    ($failures:expr) => {
        &[
            Contender::other(
                FLOOR,
                asynchronous!($failures, hand_written::load::<NoWait>),
            ),
            Contender::ours(
                "attribute, retry_if",
                asynchronous!($failures, attribute::load_if),
            ),
            Contender::ours(
                "attribute, Classify",
                asynchronous!($failures, attribute::load_no_wait),
            ),
            Contender::ours(
                "builder, retry_if",
                asynchronous!($failures, own::builder_no_wait),
            ),
            Contender::ours(
                "function, Classify",
                asynchronous!($failures, own::function_no_wait),
            ),
            Contender::other("backon", asynchronous!($failures, backon_peer::load_if)),
            Contender::other(
                "backon-macros",
                asynchronous!($failures, backon_attribute::load_if),
            ),
            Contender::other("tower", |calls| tower_peer::repeat(calls, $failures, 2)),
        ]
    };
}

/// The contenders of a sync row without waiting.
macro_rules! failing_blocking {
    ($failures:expr) => {
        &[
            Contender::other(
                FLOOR,
                blocking!($failures, hand_written::load_blocking::<NoWait>),
            ),
            Contender::ours(
                "attribute, retry_if",
                blocking!($failures, attribute::load_if_blocking),
            ),
            Contender::ours(
                "attribute, Classify",
                blocking!($failures, attribute::load_no_wait_blocking),
            ),
            Contender::ours(
                "builder, retry_if",
                blocking!($failures, own::builder_no_wait_blocking),
            ),
            Contender::ours(
                "function, Classify",
                blocking!($failures, own::function_no_wait_blocking),
            ),
            Contender::other(
                "backon",
                blocking!($failures, backon_peer::load_if_blocking),
            ),
            Contender::other(
                "backon-macros",
                blocking!($failures, backon_attribute::load_if_blocking),
            ),
            Contender::other("retry", blocking!($failures, retry_peer::load_if_blocking)),
        ]
    };
}

/// Every row, in the table's order.
pub(crate) static ROWS: &[Row] = &[
    Row {
        id: "success-async",
        title: "success on the first attempt, defaults, async",
        contenders: &[
            Contender::other(FLOOR, asynchronous!(0, hand_written::load::<Defaults>)),
            Contender::other("(body alone)", asynchronous!(0, hand_written::body_alone)),
            Contender::ours("attribute", asynchronous!(0, attribute::load)),
            Contender::ours("function", asynchronous!(0, own::function)),
            Contender::ours("builder", asynchronous!(0, own::builder)),
            Contender::other("backon", asynchronous!(0, backon_peer::load)),
            Contender::other("backon-macros", asynchronous!(0, backon_attribute::load)),
            Contender::other("tokio-retry", asynchronous!(0, tokio_retry_peer::load)),
            Contender::other("tokio-retry2", asynchronous!(0, tokio_retry2_peer::load)),
            Contender::other("again", asynchronous!(0, again_peer::load)),
            Contender::other("tower", |calls| tower_peer::repeat(calls, 0, 4)),
        ],
    },
    Row {
        id: "success-sync",
        title: "success on the first attempt, defaults, sync",
        contenders: &[
            Contender::other(FLOOR, blocking!(0, hand_written::load_blocking::<Defaults>)),
            Contender::other(
                "(body alone)",
                blocking!(0, hand_written::body_alone_blocking),
            ),
            Contender::ours("attribute", blocking!(0, attribute::load_blocking)),
            Contender::ours("function", blocking!(0, own::function_blocking)),
            Contender::ours("builder", blocking!(0, own::builder_blocking)),
            Contender::other("backon", blocking!(0, backon_peer::load_blocking)),
            Contender::other(
                "backon-macros",
                blocking!(0, backon_attribute::load_blocking),
            ),
            Contender::other("retry", blocking!(0, retry_peer::load_blocking)),
        ],
    },
    Row {
        id: "recovered-async",
        title: "two failures then success, no waiting, async",
        contenders: failing_async!(2),
    },
    Row {
        id: "exhausted-async",
        title: "three failures, no waiting, async",
        contenders: failing_async!(3),
    },
    Row {
        id: "recovered-sync",
        title: "two failures then success, no waiting, sync",
        contenders: failing_blocking!(2),
    },
    Row {
        id: "exhausted-sync",
        title: "three failures, no waiting, sync",
        contenders: failing_blocking!(3),
    },
    Row {
        id: "text",
        title: "three failures, no waiting, async, the error is a String",
        contenders: &[
            Contender::other(FLOOR, asynchronous!(3, hand_written::load_text::<NoWait>)),
            Contender::ours(
                "attribute, retry_if",
                asynchronous!(3, attribute::load_text_by_predicate),
            ),
            Contender::ours(
                "attribute, by text",
                asynchronous!(3, attribute::load_by_text),
            ),
            Contender::ours(
                "builder, retry_if",
                asynchronous!(3, own::builder_text_by_predicate),
            ),
            Contender::ours("function, by text", asynchronous!(3, own::function_by_text)),
        ],
    },
    Row {
        id: "counted",
        title: "success on the first attempt, async, with statistics",
        contenders: &[
            Contender::other(FLOOR, asynchronous!(0, hand_written::load::<Defaults>)),
            Contender::ours("attribute, stats", |calls| {
                counted(|| repeat_async(calls, 0, attribute::load));
            }),
            Contender::ours("function, stats", |calls| {
                counted(|| repeat_async(calls, 0, own::function));
            }),
        ],
    },
    Row {
        id: "guarded-async",
        title: "success on the first attempt, async, with budget, breaker and statistics",
        contenders: &[
            Contender::other(FLOOR, asynchronous!(0, hand_written::load::<Defaults>)),
            Contender::ours(
                "attribute, budget + breaker",
                asynchronous!(0, attribute::load_guarded),
            ),
            Contender::ours("attribute, all three", |calls| {
                counted(|| repeat_async(calls, 0, attribute::load_guarded));
            }),
            Contender::ours(
                "builder, budget + breaker",
                asynchronous!(0, own::builder_guarded),
            ),
            Contender::ours("builder, all three", |calls| {
                counted(|| repeat_async(calls, 0, own::builder_guarded));
            }),
            Contender::other("tower, budget alone", |calls| {
                tower_peer::repeat_with_budget(black_box(&BUDGET), calls);
            }),
        ],
    },
    Row {
        id: "guarded-sync",
        title: "success on the first attempt, sync, with budget, breaker and statistics",
        contenders: &[
            Contender::other(FLOOR, blocking!(0, hand_written::load_blocking::<Defaults>)),
            Contender::ours(
                "attribute, budget + breaker",
                blocking!(0, attribute::load_guarded_blocking),
            ),
            Contender::ours("attribute, all three", |calls| {
                counted(|| repeat(calls, 0, attribute::load_guarded_blocking));
            }),
            Contender::ours(
                "builder, budget + breaker",
                blocking!(0, own::builder_guarded_blocking),
            ),
            Contender::ours("builder, all three", |calls| {
                counted(|| repeat(calls, 0, own::builder_guarded_blocking));
            }),
            Contender::other(
                "failsafe, breaker alone",
                blocking!(0, failsafe_peer::load_blocking),
            ),
        ],
    },
];

static BUDGET: LazyLock<Arc<TpsBudget>> = LazyLock::new(Arc::default);

/// Counting is for the whole process and for good: measured in processes of their own.
fn counted(calls: impl FnOnce()) {
    retry_core::enable_stats();
    calls();
}

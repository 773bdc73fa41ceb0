//! Who meets whom.

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use tower::retry::budget::TpsBudget;

use super::attribute;
use super::executor::{repeat, repeat_async};
use super::hand_written::{Defaults, NoWait};
use super::{
    Contender, Row, again_peer, backon_attribute, backon_peer, failsafe_peer, hand_written, ours,
    retry_peer, tokio_retry_peer, tokio_retry2_peer, tower_peer,
};

/// The contender that the others are compared with.
pub(crate) const FLOOR: &str = "hand-written loop";

/// A contender whose calls are async: in each, the first `$failures` attempts fail.
macro_rules! asynchronous {
    ($name:expr, $failures:expr, $call:expr) => {
        Contender {
            name: $name,
            run: |calls| repeat_async(calls, $failures, $call),
        }
    };
}

/// A contender whose calls are sync.
macro_rules! blocking {
    ($name:expr, $failures:expr, $call:expr) => {
        Contender {
            name: $name,
            run: |calls| repeat(calls, $failures, $call),
        }
    };
}

/// The contenders of an async row without waiting.
macro_rules! failing_async {
    ($failures:expr) => {
        &[
            asynchronous!(FLOOR, $failures, hand_written::load::<NoWait>),
            asynchronous!("attribute, retry_if", $failures, attribute::load_if),
            asynchronous!("attribute, Classify", $failures, attribute::load_no_wait),
            asynchronous!("builder, retry_if", $failures, ours::builder_no_wait),
            asynchronous!("function, Classify", $failures, ours::function_no_wait),
            asynchronous!("backon", $failures, backon_peer::load_if),
            asynchronous!("backon-macros", $failures, backon_attribute::load_if),
            Contender {
                name: "tower",
                run: |calls| tower_peer::repeat(calls, $failures, 2),
            },
        ]
    };
}

/// The contenders of a sync row without waiting.
macro_rules! failing_blocking {
    ($failures:expr) => {
        &[
            blocking!(FLOOR, $failures, hand_written::load_blocking::<NoWait>),
            blocking!(
                "attribute, retry_if",
                $failures,
                attribute::load_if_blocking
            ),
            blocking!(
                "attribute, Classify",
                $failures,
                attribute::load_no_wait_blocking
            ),
            blocking!(
                "builder, retry_if",
                $failures,
                ours::builder_no_wait_blocking
            ),
            blocking!(
                "function, Classify",
                $failures,
                ours::function_no_wait_blocking
            ),
            blocking!("backon", $failures, backon_peer::load_if_blocking),
            blocking!(
                "backon-macros",
                $failures,
                backon_attribute::load_if_blocking
            ),
            blocking!("retry", $failures, retry_peer::load_if_blocking),
        ]
    };
}

/// Every row, in the table's order.
pub(crate) static ROWS: &[Row] = &[
    Row {
        id: "success-async",
        title: "success on the first attempt, defaults, async",
        contenders: &[
            asynchronous!(FLOOR, 0, hand_written::load::<Defaults>),
            asynchronous!("(body alone)", 0, hand_written::body_alone),
            asynchronous!("attribute", 0, attribute::load),
            asynchronous!("function", 0, ours::function),
            asynchronous!("builder", 0, ours::builder),
            asynchronous!("backon", 0, backon_peer::load),
            asynchronous!("backon-macros", 0, backon_attribute::load),
            asynchronous!("tokio-retry", 0, tokio_retry_peer::load),
            asynchronous!("tokio-retry2", 0, tokio_retry2_peer::load),
            asynchronous!("again", 0, again_peer::load),
            Contender {
                name: "tower",
                run: |calls| tower_peer::repeat(calls, 0, 4),
            },
        ],
    },
    Row {
        id: "success-sync",
        title: "success on the first attempt, defaults, sync",
        contenders: &[
            blocking!(FLOOR, 0, hand_written::load_blocking::<Defaults>),
            blocking!("(body alone)", 0, hand_written::body_alone_blocking),
            blocking!("attribute", 0, attribute::load_blocking),
            blocking!("function", 0, ours::function_blocking),
            blocking!("builder", 0, ours::builder_blocking),
            blocking!("backon", 0, backon_peer::load_blocking),
            blocking!("backon-macros", 0, backon_attribute::load_blocking),
            blocking!("retry", 0, retry_peer::load_blocking),
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
            asynchronous!(FLOOR, 3, hand_written::load_text::<NoWait>),
            asynchronous!("attribute, retry_if", 3, attribute::load_text_by_predicate),
            asynchronous!("attribute, by text", 3, attribute::load_by_text),
            asynchronous!("builder, retry_if", 3, ours::builder_text_by_predicate),
            asynchronous!("function, by text", 3, ours::function_by_text),
        ],
    },
    Row {
        id: "counted",
        title: "success on the first attempt, async, with statistics",
        contenders: &[
            asynchronous!(FLOOR, 0, hand_written::load::<Defaults>),
            Contender {
                name: "attribute, stats",
                run: |calls| counted(|| repeat_async(calls, 0, attribute::load)),
            },
            Contender {
                name: "function, stats",
                run: |calls| counted(|| repeat_async(calls, 0, ours::function)),
            },
        ],
    },
    Row {
        id: "guarded-async",
        title: "success on the first attempt, async, with budget, breaker and statistics",
        contenders: &[
            asynchronous!(FLOOR, 0, hand_written::load::<Defaults>),
            asynchronous!("attribute, budget + breaker", 0, attribute::load_guarded),
            Contender {
                name: "attribute, all three",
                run: |calls| counted(|| repeat_async(calls, 0, attribute::load_guarded)),
            },
            asynchronous!("builder, budget + breaker", 0, ours::builder_guarded),
            Contender {
                name: "builder, all three",
                run: |calls| counted(|| repeat_async(calls, 0, ours::builder_guarded)),
            },
            Contender {
                name: "tower, budget alone",
                run: |calls| tower_peer::repeat_with_budget(black_box(&BUDGET), calls),
            },
        ],
    },
    Row {
        id: "guarded-sync",
        title: "success on the first attempt, sync, with budget, breaker and statistics",
        contenders: &[
            blocking!(FLOOR, 0, hand_written::load_blocking::<Defaults>),
            blocking!(
                "attribute, budget + breaker",
                0,
                attribute::load_guarded_blocking
            ),
            Contender {
                name: "attribute, all three",
                run: |calls| counted(|| repeat(calls, 0, attribute::load_guarded_blocking)),
            },
            blocking!(
                "builder, budget + breaker",
                0,
                ours::builder_guarded_blocking
            ),
            Contender {
                name: "builder, all three",
                run: |calls| counted(|| repeat(calls, 0, ours::builder_guarded_blocking)),
            },
            blocking!("failsafe, breaker alone", 0, failsafe_peer::load_blocking),
        ],
    },
];

static BUDGET: LazyLock<Arc<TpsBudget>> = LazyLock::new(Arc::default);

/// Counting is for the whole process and for good: measured in processes of their own.
fn counted(calls: impl FnOnce()) {
    retry_core::enable_stats();
    calls();
}

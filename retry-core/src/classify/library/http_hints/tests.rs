use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;
use crate::classify::judgement::Answer;

type Headers<'a> = &'a [(&'a str, &'a str)];

/// 6 November 1994, 08:49:37.
const NOW: Duration = Duration::from_secs(784_111_777);

fn judged(status: u16, headers: Headers<'_>) -> Judgement {
    let of = |name: &str| {
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value)
    };
    judge(status, of, UNIX_EPOCH + NOW)
}

/// The wait in milliseconds, if there is a hint.
fn wait(status: u16, headers: Headers<'_>) -> Option<u128> {
    match judged(status, headers).verdict() {
        Verdict::RetryAfter(wait) => Some(wait.as_millis()),
        _ => None,
    }
}

#[test]
fn without_headers_the_table_judges() {
    for status in 100..=999 {
        let (with, without) = (judged(status, &[]), http_status::judge(status));
        assert_eq!(with.verdict(), without.verdict(), "{status}");
        assert_eq!(with.is_not_applied(), without.is_not_applied(), "{status}");
        assert_eq!(with.answer(), without.answer(), "{status}");
        assert_eq!(with.kind(), without.kind(), "{status}");
    }
}

#[test]
fn the_order_of_the_hints() {
    const ALL: Headers<'static> = &[
        ("retry-after-ms", "1500.5"),
        ("retry-after", "3"),
        ("x-amz-retry-after", "4000"),
        ("ratelimit", "\"default\";r=0;t=5"),
        ("ratelimit-reset", "6"),
    ];
    let waits: Vec<_> = (0..=ALL.len()).map(|at| wait(429, &ALL[at..])).collect();
    let all = [1_500, 3_000, 4_000, 5_000, 6_000].map(Some);
    assert_eq!(waits[..5], all);
    assert_eq!(waits[5], None);
    // The state of a quota is no word about a fault of the server.
    let quota = &ALL[3..];
    assert_eq!((wait(529, quota), wait(500, quota)), (Some(5_000), None));
    // A final status stays final.
    assert_eq!(
        (wait(400, ALL), wait(409, ALL), wait(501, ALL)),
        (None, None, None)
    );
    assert_eq!(
        (wait(201, ALL), wait(202, ALL), wait(301, ALL)),
        (None, None, None)
    );
}

#[test]
fn a_503_is_proved_by_a_wait_of_the_server_alone() {
    let proved = |headers| judged(503, headers).is_not_applied();
    assert!(proved(&[("retry-after", "0")]));
    assert!(proved(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")]));
    assert!(!proved(&[]) && !proved(&[("retry-after", "soon")]));
    assert!(!proved(&[
        ("retry-after-ms", "10"),
        ("x-should-retry", "true")
    ]));
    for status in [408, 409, 500, 502, 504, 599] {
        assert!(
            !judged(status, &[("retry-after", "1")]).is_not_applied(),
            "{status}"
        );
    }
}

#[test]
fn the_advice_of_a_header_is_no_proof() {
    for status in 400..=999 {
        let table = http_status::judge(status);
        for (name, value, verdict) in [
            ("x-should-retry", "true", Verdict::Retry),
            ("x-should-retry", "FALSE ", Verdict::Stop),
            ("stripe-should-retry", "true", Verdict::Retry),
            ("stripe-should-retry", "false", Verdict::Stop),
            ("x-should-retry", "perhaps", table.verdict()),
        ] {
            let judged = judged(status, &[(name, value)]);
            assert_eq!(judged.verdict(), verdict, "{status} {value}");
            assert_eq!(judged.is_not_applied(), table.is_not_applied(), "{status}");
            assert_eq!(judged.answer(), table.answer(), "{status}");
            assert_eq!(judged.is_throttle(), table.is_throttle(), "{status}");
        }
    }
    let both = [("x-should-retry", "false"), ("stripe-should-retry", "true")];
    assert_eq!(judged(500, &both).verdict(), Verdict::Stop);
    // An answer that may be tried again may have a hint.
    let again = [("x-should-retry", "true"), ("retry-after", "2")];
    assert_eq!(wait(409, &again), Some(2_000));
    let never = [("x-should-retry", "false"), ("retry-after", "2")];
    let never = judged(429, &never);
    assert_eq!(
        (never.verdict(), never.answer()),
        (Verdict::Stop, Answer::Failing)
    );
    assert!(never.is_throttle() && never.is_not_applied());
}

#[test]
fn a_date_is_compared_with_the_clock_of_its_server() {
    const LATER: (&str, &str) = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
    assert_eq!(wait(503, &[LATER]), Some(30_000));
    let dates = |date| wait(503, &[LATER, ("date", date)]);
    // A server, or this machine, an hour off.
    assert_eq!(dates("Sun, 06 Nov 1994 07:50:00 GMT"), Some(3_607_000));
    assert_eq!(dates("Sun, 06 Nov 1994 08:50:00 GMT"), Some(7_000));
    assert_eq!(dates("Sun, 06 Nov 1994 09:50:00 GMT"), Some(0));
    assert_eq!(dates("yesterday"), Some(30_000), "this machine's clock");
    assert_eq!(
        dates("Mon, 01 Jan 0001 00:00:00 GMT"),
        Some(62_919_708_607_000)
    );
    let far = [("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")];
    assert_eq!(
        wait(429, &far),
        Some((253_402_300_799 - 784_111_777) * 1_000)
    );
}

#[test]
fn what_is_no_number_is_no_hint() {
    for value in [
        "", " ", ".", "-1", "+1", "1e3", "NaN", "inf", "0x10", "1,5", "1.5.5", "1.-5", "1 s", "٣",
        ".5",
    ] {
        for name in ["retry-after-ms", "x-amz-retry-after", "ratelimit-reset"] {
            assert_eq!(wait(429, &[(name, value)]), None, "{name}: {value:?}");
        }
    }
    let nines = "9".repeat(10_000);
    for name in ["retry-after-ms", "retry-after", "x-amz-retry-after"] {
        let millis = wait(429, &[(name, &nines)]);
        assert!(
            millis.is_some_and(|millis| millis >= u128::from(u64::MAX)),
            "{name}"
        );
    }
    assert_eq!(wait(429, &[("retry-after-ms", "0.9999999999999")]), Some(0));
    assert_eq!(
        wait(429, &[("ratelimit-reset", "1764520000")]),
        None,
        "a Unix time"
    );
    let left = [("ratelimit-remaining", "3"), ("ratelimit-reset", "9")];
    assert_eq!(wait(429, &left), None, "there is some quota left");
}

#[test]
fn the_quotas_of_a_list() {
    for (list, seconds) in [
        ("\"default\";r=0;t=30", Some(30)),
        ("default;r=0;t=30", Some(30)),
        ("\"a,b;t=9\";r=0;t=30", Some(30)),
        ("\"a\\\"b\";r=0;t=3", Some(3)),
        ("\"hour\";r=0;t=300, \"day\";r=5;t=90000", Some(300)),
        ("\"second\";r=0;t=1, \"hour\";r=0;t=300", Some(300)),
        ("\"default\";t=7", Some(7)),
        ("\"default\";r=1;t=30", None),
        ("\"default\";r=0", None),
        ("\"default\";r=0;t=soon", None),
        ("\"default\";r=0;t=-1", None),
        ("\"default\";r=0;t=1, \"broken;r=0;t=2", None),
        ("limit=10, remaining=0, reset=7", None),
        ("", None),
    ] {
        let millis = seconds.map(|seconds: u128| seconds * 1_000);
        assert_eq!(wait(429, &[("ratelimit", list)]), millis, "{list}");
    }
}

const NAMES: [&str; 9] = [
    "retry-after-ms",
    "retry-after",
    "x-amz-retry-after",
    "ratelimit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "x-should-retry",
    "stripe-should-retry",
    "date",
];

proptest! {
    #[test]
    fn no_header_panics_nor_makes_a_proof(
        status in 100_u16..=999,
        values in prop::collection::vec("[\\PC\\t]{0,40}|[-+0-9.eE;=rt\",\\\\]{0,40}|[0-9]{0,60}", 9),
        clock: u64,
    ) {
        let of = |name: &str| {
            let at = NAMES.iter().position(|known| *known == name);
            at.map(|at| values[at].as_str())
        };
        let now = UNIX_EPOCH.checked_add(Duration::from_secs(clock)).unwrap_or(UNIX_EPOCH);
        let (judged, table) = (judge(status, of, now), http_status::judge(status));
        prop_assert!(status == 503 || judged.is_not_applied() == table.is_not_applied());
        prop_assert_eq!(judged.answer(), table.answer());
        prop_assert_eq!(judged.kind(), table.kind());
    }

    #[test]
    fn waits_are_read_as_they_are_written(millis in 0_u64..1_000_000_000, seconds in 0_u64..1_000_000_000) {
        let text = format!("{}.{:03}", millis, millis % 1_000);
        let nanos = u128::from(millis) * 1_000_000 + u128::from(millis % 1_000) * 1_000;
        let read = milliseconds(&text).expect("a number");
        prop_assert_eq!(read.as_nanos(), nanos);
        let list = format!("\"q\";r=0;t={seconds}");
        prop_assert_eq!(exhausted(&list), Some(Duration::from_secs(seconds)));
    }
}

//! `min_wait` and `max_wait`, in every spelling; a setting's text means the same.

use std::io;
use std::time::Duration;

use retry_core::{OperationClass, RetrySettings, retry_storage};

use super::{busy, expected, slept};

const fn nanos(nanos: u64) -> Duration {
    Duration::from_nanos(nanos)
}

/// Functions that wait once, exactly `min_wait`, with what the literal is to mean.
macro_rules! waiting {
    ($($name:ident: $wait:expr, $nanos:literal;)*) => {
        $(
            #[retry_storage(max_attempts = 2, min_wait = $wait, max_wait = "400d", jitter = "none")]
            fn $name() -> io::Result<()> {
                busy()
            }
        )*
        const SPELLINGS: &[(fn() -> io::Result<()>, &str, u64)] =
            &[$(($name, stringify!($wait), $nanos)),*];
    };
}

waiting! {
    zero: 0, 0;
    whole: 2, 2_000_000_000;
    decimal: 2.0, 2_000_000_000;
    half: 0.5, 500_000_000;
    underscored: 1_0, 10_000_000_000;
    precise: 1.0000000019, 1_000_000_001;
    nanoseconds: "7ns", 7;
    microseconds: "250us", 250_000;
    micro_sign: "250µs", 250_000;
    greek_mu: "250μs", 250_000;
    milliseconds: "500ms", 500_000_000;
    seconds: "2s", 2_000_000_000;
    fractional: "1.5s", 1_500_000_000;
    leading_point: ".5s", 500_000_000;
    trailing_point: "2.s", 2_000_000_000;
    minutes: "1.5m", 90_000_000_000;
    hours: "2h", 7_200_000_000_000;
    days: "0.1d", 8_640_000_000_000;
    joined: "1h30m", 5_400_000_000_000;
    spaced: " 1h 30 m ", 5_400_000_000_000;
    exact: "1.0000000019s", 1_000_000_001;
}

#[retry_storage(max_attempts = 2, min_wait = Duration::from_millis(5), jitter = "none")]
fn an_expression() -> io::Result<()> {
    busy()
}

#[retry_storage(max_attempts = 2, min_wait = wait, max_wait = wait * 2, jitter = "none")]
fn a_parameter(wait: Duration) -> io::Result<()> {
    busy()
}

#[retry_storage(max_attempts = 6, max_wait = "2s", jitter = "none")]
fn capped() -> io::Result<()> {
    busy()
}

/// Past the class's greatest wait, which gives way.
#[retry_storage(max_attempts = 3, min_wait = "7s", jitter = "none")]
fn past_the_class() -> io::Result<()> {
    busy()
}

#[retry_storage(max_attempts = 3, max_wait = "200ms", jitter = "none")]
fn under_the_class() -> io::Result<()> {
    busy()
}

#[retry_storage(min_wait = 1, max_wait = 3)]
fn spread() -> io::Result<()> {
    busy()
}

#[test]
fn every_spelling() {
    for (call, literal, nanoseconds) in SPELLINGS {
        assert_eq!(slept(call), [nanos(*nanoseconds)], "{literal}");
    }
}

/// Two parsers read waits, the macro's and the settings': whatever an attribute accepts, a variable
/// must accept, and mean the same.
#[test]
fn settings_read_literals_alike() {
    for (_, literal, nanoseconds) in SPELLINGS {
        // A variable has no quotes, and numbers in it no underscores.
        let text = literal.trim_matches('"').replace('_', "");
        let settings = RetrySettings::from_vars([
            ("RETRY__STORAGE_MIN_WAIT", text),
            ("RETRY__STORAGE_MAX_WAIT", "400d".to_owned()),
        ]);
        let policy = settings.map(|settings| settings.policy(OperationClass::Storage));
        let wait = policy.map(|policy| policy.min_wait());
        assert_eq!(wait.ok(), Some(nanos(*nanoseconds)), "{literal}");
    }
}

#[test]
fn expressions() {
    assert_eq!(slept(an_expression), [Duration::from_millis(5)]);
    let wait = Duration::from_secs(3);
    assert_eq!(slept(|| a_parameter(wait)), [wait]);
}

#[test]
fn bounds() {
    let millis = |millis: &[u64]| -> Vec<_> {
        millis
            .iter()
            .map(|millis| Duration::from_millis(*millis))
            .collect()
    };
    assert_eq!(slept(capped), millis(&[500, 1000, 2000, 2000, 2000]));
    assert_eq!(slept(past_the_class), millis(&[7000, 7000]));
    assert_eq!(slept(under_the_class), millis(&[200, 200]));
}

#[test]
fn drawn_as_the_policy_draws() {
    let policy = OperationClass::Storage
        .default_policy()
        .with_min_wait(Duration::from_secs(1))
        .with_max_wait(Duration::from_secs(3));
    assert_eq!(slept(spread), expected(policy));
}

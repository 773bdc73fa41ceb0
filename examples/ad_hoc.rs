//! Retries without an attribute: the two functions, the builder, and policies looked up by name.
//!
//! ```text
//! cargo run -p retry-examples --bin ad_hoc
//! ```
//!
//! Attributes, functions and builder run the same engine. Use the functions for a call that needs
//! only a policy, the builder for the other options of an attribute, and the attribute on a
//! function.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod timeline;

use std::time::Duration;

use retry_core::{
    AGENT_HIGH_RISK, AGENT_LOW_MEDIUM, Growth, Jitter, Retry, RetryPolicy, Verdict,
    execute_with_retry, execute_with_retry_async, resolve_retry_policy, resolve_retry_policy_for,
};
use tracing::Level;

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A policy is a constant; an invalid one, such as `new(0)`, does not compile.
const POLICY: RetryPolicy = RetryPolicy::new(3)
    .with_backoff_ms(100)
    .with_exponential_backoff(true);

fn main() -> Outcome {
    timeline::start(Level::INFO);
    functions()?;
    functions_async()?;
    builder()?;
    builder_async()?;
    policies_by_name()?;
    waits();
    Ok(())
}

/// A dependency that fails at first: the connection is back at the third attempt.
fn load(attempt: u32) -> Result<&'static str, String> {
    match attempt {
        1 | 2 => Err("connection reset".to_owned()),
        _ => Ok("task"),
    }
}

/// `Classify` decides which errors are retried; `String`, `&str`, `io::Error` and boxed errors
/// implement it. The operation is named by its place in the source.
fn functions() -> Outcome {
    println!("\n1. execute_with_retry: the thread sleeps\n");
    let mut attempt = 0;
    let loaded = execute_with_retry(
        || {
            attempt += 1;
            load(attempt)
        },
        &POLICY,
    )?;
    assert_eq!((loaded, attempt), ("task", 3));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn functions_async() -> Outcome {
    println!("\n2. execute_with_retry_async: tokio sleeps\n");
    let mut attempt = 0;
    let loaded = execute_with_retry_async(
        || {
            // The future cannot borrow from the closure, so it takes a copy of the number.
            attempt += 1;
            let attempt = attempt;
            async move { load(attempt) }
        },
        &AGENT_LOW_MEDIUM,
    )
    .await?;
    assert_eq!(loaded, "task");

    println!("\n3. AGENT_HIGH_RISK: the first failure is final, and its error comes back\n");
    let failed = execute_with_retry_async(|| async { load(1) }, &AGENT_HIGH_RISK).await;
    assert_eq!(failed, Err("connection reset".to_owned()));
    Ok(())
}

/// An error without `Classify`; with a predicate, `Display` is enough.
#[derive(Debug, thiserror::Error)]
enum PollError {
    #[error("busy, come back in {0} ms")]
    Busy(u64),
    #[error("there is no such job")]
    Gone,
}

fn builder() -> Outcome {
    println!("\n4. Retry, the builder: a predicate, a hook, a value that is not enough\n");
    let mut answers = [Err(PollError::Busy(150)), Ok(40), Ok(100)].into_iter();
    let progress = Retry::new(POLICY.with_jitter(Jitter::Full))
        .name("poll_job")
        // A `bool` is enough; a `Verdict` can also name a wait.
        .retry_if(|error: &PollError| match error {
            PollError::Busy(wait) => Verdict::RetryAfter(Duration::from_millis(*wait)),
            PollError::Gone => Verdict::Stop,
        })
        .retry_on_ok(|progress| *progress < 100)
        .on_retry(|event| {
            println!(
                "   on_retry: {} waits {:?}",
                event.operation(),
                event.wait()
            );
        })
        .max_total_time(Duration::from_secs(5))
        .run(|| answers.next().unwrap_or(Err(PollError::Gone)))?;
    assert_eq!(progress, 100);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn builder_async() -> Outcome {
    println!("\n5. Limits: of one attempt, and of the whole call\n");
    // A limit has no error of the function's own, so it needs `E: From<RetryError>`, which `String`
    // has.
    let limited = Retry::new(POLICY.with_max_wait(Duration::from_millis(20)))
        .name("slow_call")
        .timeout(Duration::from_millis(400))
        .max_total_time(Duration::from_millis(600))
        .run_async(std::future::pending::<Result<(), String>>)
        .await;
    println!("   -> {limited:?}");
    assert!(matches!(limited, Err(error) if error.starts_with("time limit of 0.6s")));
    Ok(())
}

fn policies_by_name() -> Outcome {
    println!("\n6. Policies by name, and by kind of work\n");
    for name in [
        "FLOW_NODE_DEFAULT",
        "ASYNC_JOB_DEFAULT",
        "NODUS_SCHEDULED_DEFAULT",
        "NO_RETRY",
    ] {
        print_policy(name, &resolve_retry_policy(name)?);
    }
    for (kind, risk) in [
        ("agent", Some("low")),
        ("agent", Some("high")),
        ("agent", None),
    ] {
        let policy = resolve_retry_policy_for(kind, risk)?;
        print_policy(
            &format!("{kind}, risk {}", risk.unwrap_or("unknown")),
            &policy,
        );
    }
    // An invalid value at run time gives a typed error instead of a panic.
    let unknown = resolve_retry_policy("FLOW");
    let none = RetryPolicy::try_new(0);
    for refused in [unknown, none] {
        let error = refused.err().ok_or("it must be refused")?;
        println!("   -> {error}");
    }
    Ok(())
}

fn print_policy(name: &str, policy: &RetryPolicy) {
    println!(
        "   {name:<24} {} attempts, first wait {:?}, {:?}",
        policy.max_attempts(),
        policy.min_wait(),
        policy.execution_guarantee()
    );
}

/// `waits(seed)` is the schedule of a call: `max_attempts - 1` waits, the same for the same seed.
fn waits() {
    println!("\n7. What a policy would wait, for one seed\n");
    let base = RetryPolicy::new(6)
        .with_min_wait(Duration::from_millis(100))
        .with_max_wait(Duration::from_secs(1));
    for (growth, jitter) in [
        (Growth::Exponential(2.0), Jitter::None),
        (Growth::Exponential(2.0), Jitter::Equal),
        (Growth::Exponential(2.0), Jitter::Full),
        (Growth::Exponential(2.0), Jitter::Decorrelated),
        (Growth::Linear, Jitter::Additive(Duration::from_millis(50))),
        (Growth::Fibonacci, Jitter::None),
    ] {
        let policy = base.with_growth(growth).with_jitter(jitter);
        let waits: Vec<_> = policy.waits(42).map(|wait| wait.as_millis()).collect();
        println!("   {:<40} {waits:?} ms", format!("{growth:?}, {jitter:?}"));
        assert_eq!(waits.len(), 5);
        assert!(waits.iter().all(|wait| *wait <= 1000));
        assert!(policy.waits(42).eq(policy.waits(42)));
    }
}

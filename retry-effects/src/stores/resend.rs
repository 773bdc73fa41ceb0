//! Repeats requests to a store's server.
//!
//! It uses the project's policies, but not its engine: budgets, settings and events belong to the
//! application's calls. When a storm of those calls has used up a budget, a store that could not
//! repeat its request would leave effects in doubt that have happened.

use retry_core::{RetryPolicy, Verdict};
use tokio::time::{Instant, sleep};

use crate::protocol::ids::ClaimId;

/// Repeats a request until there is an answer, a permanent error, or neither attempts nor time are
/// left.
pub(crate) async fn again<T, E, F>(
    policy: RetryPolicy,
    until: Option<Instant>,
    verdict: impl Fn(&E) -> Verdict,
    mut ask: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    // The low half of a fully random number.
    #[expect(clippy::cast_possible_truncation, reason = "a seed")]
    let mut waits = policy.waits(ClaimId::random().bits() as u64);
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let may_pass = verdict(&error) != Verdict::Stop;
        let Some(wait) = waits.next().filter(|_| may_pass) else {
            return Err(error);
        };
        if until.is_some_and(|until| Instant::now() + wait >= until) {
            return Err(error);
        }
        sleep(wait).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy::new(4).with_backoff_ms(100);

    async fn asked(until: Option<Instant>, verdict: Verdict, answers_at: u32) -> (u32, bool) {
        let asked = Cell::new(0);
        let answer = again(
            POLICY,
            until,
            |_: &&str| verdict,
            || async {
                asked.set(asked.get() + 1);
                if asked.get() == answers_at {
                    Ok(())
                } else {
                    Err("no")
                }
            },
        )
        .await;
        (asked.get(), answer.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn it_asks_as_long_as_that_may_help() {
        assert_eq!(asked(None, Verdict::Retry, 3).await, (3, true));
        assert_eq!(asked(None, Verdict::Retry, 4).await, (4, true));
        assert_eq!(asked(None, Verdict::Retry, 9).await, (4, false));
        assert_eq!(asked(None, Verdict::Stop, 2).await, (1, false));
        let until = Instant::now() + Duration::from_millis(150);
        assert_eq!(asked(Some(until), Verdict::Retry, 9).await, (2, false));
    }
}

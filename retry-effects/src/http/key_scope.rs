//! [`with_request_keys`]: one identity for all requests of a call without a gate.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use retry_core::__private::is_inside_attempt;

use crate::gate::ambient;
use crate::protocol::ids::ClaimId;

thread_local! {
    static CURRENT: Cell<Option<u128>> = const { Cell::new(None) };
}

/// Runs a call whose requests have the same idempotency keys in all its attempts, although no gate
/// identifies it: put it around the retried call, not into it.
///
/// Each use is an identity of its own, at random: two calls have different keys, and so has the same call
/// after a restart, or by another process. Only the gate (`idempotent = true`) knows that two calls are the
/// same action; inside a gated call its action counts, whatever is around or inside it. A task that is
/// spawned inside does not inherit the identity.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "reqwest")]
/// # async fn example(client: reqwest::Client) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// use retry_core::{ASYNC_JOB_DEFAULT, Retry, http::ResponseExt};
/// use retry_effects::http::{RequestExt, with_request_keys};
///
/// let mail = Retry::new(ASYNC_JOB_DEFAULT).run_async(|| async {
///     let request = client.post("https://mail.example.com/v1/send").body("hello");
///     let sent = request.idempotency_key("send")?.send().await?.checked().await?;
///     Ok::<_, Box<dyn std::error::Error + Send + Sync>>(sent.text().await?)
/// });
/// with_request_keys(mail).await?; // each attempt sends the same key
/// # Ok(())
/// # }
/// ```
pub fn with_request_keys<F: Future>(call: F) -> impl Future<Output = F::Output> {
    KeyScope {
        call,
        identity: Some(ClaimId::random().bits()),
        has_begun: false,
    }
}

/// Returns the identity of the call around this code, if it has one.
pub(super) fn current() -> Option<u128> {
    CURRENT.get()
}

pin_project! {
    struct KeyScope<F> {
        #[pin]
        call: F,
        // While the call is polled, the one around it.
        identity: Option<u128>,
        has_begun: bool,
    }
}

impl<F: Future> Future for KeyScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        struct Inside<'a>(&'a mut Option<u128>);

        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                *self.0 = CURRENT.replace(*self.0);
            }
        }

        let this = self.project();
        if !*this.has_begun {
            *this.has_begun = true;
            if is_inside_attempt() && current().is_none() && ambient::action().is_none() {
                // Inside of the call that is retried it would be another identity in each attempt.
                *this.identity = None;
            }
        }
        *this.identity = CURRENT.replace(*this.identity);
        let _inside = Inside(this.identity);
        this.call.poll(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn each_call_has_its_own_identity_across_its_suspensions() {
        let call = || {
            with_request_keys(async {
                let before = current();
                tokio::task::yield_now().await;
                assert_eq!(current(), before);
                let inner = with_request_keys(async { current() }).await;
                assert!(inner.is_some() && inner != before);
                tokio::task::yield_now().await;
                assert_eq!(current(), before);
                before.expect("an identity")
            })
        };
        let (one, other) = tokio::join!(call(), call());
        assert_ne!(one, other);
        assert_eq!(current(), None);
    }

    #[test]
    fn a_panic_leaves_nothing_behind() {
        let mut call = Box::pin(with_request_keys(async { panic!("within the call") }));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let poll = std::panic::AssertUnwindSafe(|| {
            let _: Poll<()> = call.as_mut().poll(&mut context);
        });
        assert!(std::panic::catch_unwind(poll).is_err());
        assert_eq!(current(), None);
    }
}

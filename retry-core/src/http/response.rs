//! [`ResponseExt`]: from a response to its error, with a bounded part of its body.

use std::future::Future;
use std::time::Duration;

use ::http::StatusCode;

use crate::classify::judgement::Verdict;
use crate::classify::library::status_error::StatusError;

/// The time for the body of an error's answer: most come with the head, and a call that is to fail or to
/// try again gains nothing by a longer wait.
const BODY_TIME: Duration = Duration::from_secs(2);

/// A response of a known client: `reqwest::Response` of 0.13 (feature `reqwest`) and of 0.12
/// (`reqwest-012`).
pub trait HttpResponse: sealed::Response {}

/// The check of a response's status. See [the module](crate::http).
pub trait ResponseExt: HttpResponse {
    /// Returns the response, unless its status is an error: 400 or more. A redirect that the client does not
    /// follow is none, nor is a `Retry-After` beside another status.
    ///
    /// Of an error's answer at most the first 8 KiB are read, for at most two seconds; the rest is dropped,
    /// and with it the connection if the body is longer, so that nothing is held during the wait before
    /// the next attempt. A body that ends too early, or is slow, is kept as far as it came: the status
    /// stays the error. The time limit of an attempt includes the reading.
    ///
    /// # Errors
    ///
    /// [`StatusError`], if the status is 400 or more.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled, if the status is 400 or more.
    fn checked(self) -> impl Future<Output = Result<Self, StatusError>> + Send {
        self.checked_with(StatusError::verdict)
    }

    /// [`checked`](Self::checked), with the advice of `judge` on an error: a [`Verdict`], or an
    /// `Option` of one, where `None` leaves the advice as it is. For what only the body states.
    ///
    /// It replaces the advice and no more: a 429 that is final stays *not applied*, so that a gated action
    /// is released. For another proof write `not_applied_if`, or an error type with a
    /// [`Classify`](trait@crate::Classify) of its own.
    ///
    /// # Errors
    ///
    /// [`StatusError`], if the status is 400 or more.
    ///
    /// # Panics
    ///
    /// As [`checked`](Self::checked).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "reqwest")]
    /// # async fn example(client: reqwest::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use retry_core::{Verdict, http::ResponseExt};
    ///
    /// let answer = client.post("https://api.example.com/v1/chat").send().await?;
    /// // No wait mends an account without credit.
    /// let answer = answer
    ///     .checked_with(|error| error.body_text().contains("insufficient_quota").then_some(Verdict::Stop))
    ///     .await?;
    /// # let _ = answer;
    /// # Ok(())
    /// # }
    /// ```
    fn checked_with<V: Into<Option<Verdict>>>(
        self,
        judge: impl FnOnce(&StatusError) -> V + Send,
    ) -> impl Future<Output = Result<Self, StatusError>> + Send {
        async move {
            if self.code().as_u16() < StatusCode::BAD_REQUEST.as_u16() {
                return Ok(self);
            }
            let error = error_of(self).await;
            Err(match judge(&error).into() {
                Some(verdict) => error.advised(verdict),
                None => error,
            })
        }
    }
}

impl<R: HttpResponse> ResponseExt for R {}

async fn error_of(mut response: impl HttpResponse) -> StatusError {
    let (status, url) = (response.code(), response.public_url());
    let mut body = Vec::new();
    // Its part until then is kept.
    let _ = tokio::time::timeout(BODY_TIME, async {
        while response.read(&mut body, StatusError::MAX_BODY).await {}
    })
    .await;
    StatusError::new(status, response.take_headers(), body, url)
}

mod sealed {
    use std::future::Future;

    use ::http::{HeaderMap, StatusCode};

    /// All that a check needs of a client's response.
    pub trait Response: Sized + Send {
        fn code(&self) -> StatusCode;

        /// Returns the URL that answered, without what is secret.
        fn public_url(&self) -> String;

        fn take_headers(&mut self) -> HeaderMap;

        /// Adds the next part of the body, up to `longest` bytes in all. Returns whether there may be
        /// more.
        fn read(&mut self, body: &mut Vec<u8>, longest: usize)
        -> impl Future<Output = bool> + Send;
    }
}

/// The two versions differ in their types alone.
macro_rules! http_response {
    ($response:ty) => {
        impl HttpResponse for $response {}

        impl sealed::Response for $response {
            fn code(&self) -> StatusCode {
                self.status()
            }

            fn public_url(&self) -> String {
                let mut url = self.url().clone();
                url.set_query(None);
                url.set_fragment(None);
                // Only a URL without a host has no place for them.
                let _ = url.set_username("");
                let _ = url.set_password(None);
                url.into()
            }

            fn take_headers(&mut self) -> ::http::HeaderMap {
                std::mem::take(self.headers_mut())
            }

            async fn read(&mut self, body: &mut Vec<u8>, longest: usize) -> bool {
                let Ok(Some(part)) = self.chunk().await else {
                    return false;
                };
                let room = longest.saturating_sub(body.len());
                body.extend_from_slice(&part[..part.len().min(room)]);
                body.len() < longest
            }
        }
    };
}

#[cfg(feature = "reqwest")]
http_response!(reqwest::Response);
#[cfg(feature = "reqwest-012")]
http_response!(reqwest_012::Response);

//! [`RequestExt`]: the header `Idempotency-Key` of a request.

use super::key::key;
use super::key_error::KeyError;

/// A request of a known client: `reqwest::RequestBuilder` of 0.13 (feature `reqwest`) and of 0.12
/// (`reqwest-012`).
pub trait HttpRequest: sealed::Request {}

/// The idempotency key of a request. See [the module](crate::http).
pub trait RequestExt: HttpRequest {
    /// Sets the header `Idempotency-Key` to the key of the action under way and `label`: the same in all
    /// attempts, calls and processes. Replaces a header that is there.
    ///
    /// `label` names this request among those of the action, in 1 to 255 bytes without control
    /// characters.
    ///
    /// # Errors
    ///
    /// [`KeyError`] for another label; and in a call that is retried without a gate, unless it runs in
    /// [`with_request_keys`](crate::http::with_request_keys).
    fn idempotency_key(self, label: &str) -> Result<Self, KeyError> {
        Ok(self.with_key(&key(label)?))
    }

    /// [`idempotency_key`](Self::idempotency_key) in quotes, as the draft of the IETF has it.
    ///
    /// # Errors
    ///
    /// As [`idempotency_key`](Self::idempotency_key).
    fn idempotency_key_quoted(self, label: &str) -> Result<Self, KeyError> {
        Ok(self.with_key(&format!("\"{}\"", key(label)?)))
    }
}

impl<R: HttpRequest> RequestExt for R {}

mod sealed {
    /// All that a key needs of a client's request.
    pub trait Request: Sized {
        fn with_key(self, key: &str) -> Self;
    }
}

/// The two versions differ in their types alone.
macro_rules! http_request {
    ($client:ident) => {
        impl HttpRequest for $client::RequestBuilder {}

        impl sealed::Request for $client::RequestBuilder {
            fn with_key(self, key: &str) -> Self {
                use $client::header::{HeaderMap, HeaderName, HeaderValue};

                let name = HeaderName::from_static("idempotency-key");
                let value = HeaderValue::from_str(key).expect("digits, and perhaps quotes");
                // `headers` replaces, where `header` would add a second one.
                self.headers(HeaderMap::from_iter([(name, value)]))
            }
        }
    };
}

#[cfg(feature = "reqwest")]
http_request!(reqwest);
#[cfg(feature = "reqwest-012")]
http_request!(reqwest_012);

//! One face for both releases of reqwest.

use std::future::Future;

use retry_core::http::ResponseExt;
use retry_effects::http::RequestExt;

/// The error of a test's calls. It is judged by its chain.
pub(super) type Error = Box<dyn std::error::Error + Send + Sync>;

/// The operations that the tests need of a client.
pub(super) trait Client: Clone + Send + Sync + 'static {
    type Request: RequestExt + Send;
    type Response: ResponseExt + Send + 'static;

    /// A client that follows redirects, or none.
    fn new(follows: bool) -> Self;
    fn post(&self, url: &str) -> Self::Request;
    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, Error>> + Send;
    fn status(response: &Self::Response) -> u16;
    fn text(response: Self::Response) -> impl Future<Output = Result<String, Error>> + Send;

    /// Adds a header, beside those of its name.
    fn header(request: Self::Request, name: &str, value: &str) -> Self::Request;

    /// Sends a request, and returns the response.
    async fn ask(&self, url: &str) -> Result<Self::Response, Error> {
        Self::send(self.post(url)).await
    }
}

macro_rules! client {
    ($name:ident, $release:ident) => {
        #[derive(Clone, Debug)]
        pub(super) struct $name($release::Client);

        impl Client for $name {
            type Request = $release::RequestBuilder;
            type Response = $release::Response;

            fn new(follows: bool) -> Self {
                retry_tests::choose_encryption();
                let policy = match follows {
                    true => $release::redirect::Policy::limited(3),
                    false => $release::redirect::Policy::none(),
                };
                // A proxy of the environment must not come between.
                let client = $release::Client::builder().no_proxy().redirect(policy);
                Self(client.build().expect("a client"))
            }

            fn post(&self, url: &str) -> Self::Request {
                self.0.post(url).body("order")
            }

            async fn send(request: Self::Request) -> Result<Self::Response, Error> {
                Ok(request.send().await?)
            }

            fn status(response: &Self::Response) -> u16 {
                response.status().as_u16()
            }

            async fn text(response: Self::Response) -> Result<String, Error> {
                Ok(response.text().await?)
            }

            fn header(request: Self::Request, name: &str, value: &str) -> Self::Request {
                request.header(name, value)
            }
        }
    };
}
client!(Reqwest13, reqwest);
client!(Reqwest12, reqwest_012);

/// Runs each of these generic tests with both releases, on paused time: no wait is slept.
macro_rules! with_both_releases {
    ($($test:ident),* $(,)?) => {$(
        mod $test {
            use super::super::client::{Reqwest12, Reqwest13};

            #[tokio::test(start_paused = true)]
            async fn reqwest_0_13() {
                super::$test::<Reqwest13>().await;
            }

            #[tokio::test(start_paused = true)]
            async fn reqwest_0_12() {
                super::$test::<Reqwest12>().await;
            }
        }
    )*};
}
pub(super) use with_both_releases;

//! [`Nested`]: the reaction of a call to nested calls that have given up.

/// The reaction of a call when an annotated call inside its attempt has given up.
///
/// "Inside" means on the same task, or in sync code on the same thread. The inner call has failed after
/// all its attempts, and the attempt around it fails too. If the attempt's error carries the inner
/// call's error, another attempt would only repeat all inner attempts. If the attempt swallowed the
/// inner failure and failed for another reason, its error counts like any other.
///
/// | the outer error | counts as |
/// |---|---|
/// | is the inner one: by `?`, `#[from]`, `#[source]`, boxed, with anyhow's context | carried |
/// | is a text that quotes it: `format!("cannot load: {e}")` | carried |
/// | has another text | swallowed |
/// | has the same text, after another annotated call, an `.await` that waited, or another refused system call | swallowed, unless it is the very same object: a boxed error, a `String` |
/// | has the same text, and nothing of this was seen | carried |
///
/// The last row can be wrong: sync code that swallows an inner failure and then makes an error of its
/// own with an equal text. Use different texts there, or set `nested = "multiply"`.
///
/// # Examples
///
/// ```
/// use retry_core::{RetryPolicy, execute_with_retry};
///
/// const THREE: RetryPolicy = RetryPolicy::new(3).with_backoff_ms(0);
///
/// fn load(attempts: &mut u32) -> Result<(), String> {
///     let attempt = || {
///         *attempts += 1;
///         Err("connection reset".to_owned())
///     };
///     execute_with_retry(attempt, &THREE)
/// }
///
/// // The inner call's failure fails the outer call: one outer attempt, three inner ones.
/// let mut attempts = 0;
/// let page = || load(&mut attempts).map_err(|error| format!("no page: {error}"));
/// assert!(execute_with_retry(page, &THREE).is_err());
/// assert_eq!(attempts, 3);
///
/// // The attempt swallows the inner failure: the outer call makes its three attempts.
/// let mut attempts = 0;
/// let page = || load(&mut attempts).or(Err("database busy".to_owned()));
/// assert!(execute_with_retry(page, &THREE).is_err());
/// assert_eq!(attempts, 9);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Nested {
    /// Stop: the inner call has used its attempts, and its error states the reason. The default.
    #[default]
    Stop,
    /// Retry, and repeat the inner attempts.
    Multiply,
}

//! Retry budgets: a token bucket that first attempts fill and retries pay from.

pub(crate) mod bucket;
pub(crate) mod level;
pub(crate) mod limits;
pub(crate) mod retry_budget;
#[cfg(test)]
mod tests;
pub(crate) mod token;

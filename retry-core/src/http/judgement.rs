//! [`judge_status`]: the judgement of an HTTP answer, for any client.

use std::time::SystemTime;

use crate::classify::judgement::Judgement;
use crate::classify::library::http_hints;

/// Returns the judgement of an HTTP answer by its status and its headers, for an error type of your own
/// around any client.
///
/// `header` returns the value of a field by its name in lower case, or `None`, also for a value that is no
/// text. [The module](crate::http) has the rules. A status below 400 is no error: check that first.
///
/// # Examples
///
/// ```
/// use std::{collections::HashMap, time::Duration};
/// use retry_core::{Verdict, http::judge_status};
///
/// let headers = HashMap::from([("retry-after", "7")]);
/// let judged = judge_status(503, |name| headers.get(name).copied());
/// assert_eq!(judged.verdict(), Verdict::RetryAfter(Duration::from_secs(7)));
/// assert!(judged.is_not_applied());
///
/// // A bare 503 may be a proxy's word for an answer that it lost.
/// assert!(!judge_status(503, |_| None).is_not_applied());
/// ```
///
/// With the types of the crate `http`, which hyper, tonic and axum use, the second argument is
/// `|name| headers.get(name)?.to_str().ok()`.
pub fn judge_status<'a>(status: u16, header: impl Fn(&str) -> Option<&'a str>) -> Judgement {
    http_hints::judge(status, header, SystemTime::now())
}

//! [`redis::RedisError`], by the server's error code, and else by how far the command had come.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, RetryMethod, ServerError, ServerErrorKind};

use super::transport;
use crate::classify::{Classify, Verdict};

impl Classify for RedisError {
    fn classify(&self) -> Verdict {
        judge(self).0
    }

    fn kind(&self) -> &'static str {
        judge(self).1
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &RedisError) -> (Verdict, &'static str) {
    match RedisError::kind(error) {
        ErrorKind::Server(_) | ErrorKind::Extension => judge_server(error),
        ErrorKind::Io => judge_io(error),
        // The command has run; its answer is not what the caller expected.
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => (Verdict::Unknown, "decode"),
        ErrorKind::AuthenticationFailed => (Verdict::Stop, "authentication"),
        ErrorKind::InvalidClientConfig
        | ErrorKind::Client
        | ErrorKind::EmptySentinelList
        | ErrorKind::RESP3NotSupported => (Verdict::Stop, "invalid_request"),
        // Between a failover and its end; no command was sent.
        ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel
        | ErrorKind::ClusterConnectionNotFound => (Verdict::Retry, "no_node"),
        // `Serialize`, which exists with a feature of redis alone, and kinds to come.
        _ if matches!(error.retry_method(), RetryMethod::NoRetry) => (Verdict::Stop, "redis"),
        _ => (Verdict::Unknown, "redis"),
    }
}

fn judge_io(error: &RedisError) -> (Verdict, &'static str) {
    // Also a socket file that is not there: the server is not up.
    if error.is_connection_refusal() {
        return (Verdict::Retry, "connection_refused");
    }
    // Also "would block", as a blocking socket reports the timeout of a read.
    if error.is_timeout() {
        return (Verdict::Unknown, "timed_out");
    }
    // The library shows its cause inside an `Arc`, which hides the type from the chain.
    type Shared = Arc<dyn Error + Send + Sync>;
    let cause = error
        .source()
        .map(|source| match source.downcast_ref::<Shared>() {
            Some(shared) => &**shared as &(dyn Error + 'static),
            None => source,
        });
    match cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
        Some(io) => transport::judge(io),
        None => (Verdict::Unknown, "connection_closed"),
    }
}

/// One command's error; or those of a pipeline, which has no source, or of a transaction.
fn judge_server(error: &RedisError) -> (Verdict, &'static str) {
    let Some(errors) = error.clone().into_server_errors() else {
        return judge_reply(error.code().unwrap_or_default(), error.detail());
    };
    let mut replies = errors
        .iter()
        .map(|(_, reply)| judge_reply(reply.code(), reply.details()));
    let judged = if error.source().is_some() {
        replies.next()
    } else if is_unqueued_transaction(error, &errors) {
        // The server ran none of it: final if one of its commands is.
        let first = replies.clone().next();
        replies.find(|judged| judged.0 == Verdict::Stop).or(first)
    } else {
        // The commands of a pipeline that are not listed have taken effect.
        Some((Verdict::Unknown, "pipeline"))
    };
    judged.unwrap_or((Verdict::Unknown, "redis"))
}

/// Whether these are the commands that kept a transaction from being run, and not the answers of a
/// pipeline that happens to begin with an aborted one.
fn is_unqueued_transaction(error: &RedisError, errors: &[(usize, ServerError)]) -> bool {
    let aborted = Some(ServerErrorKind::ExecAbort);
    RedisError::kind(error) == ErrorKind::Server(ServerErrorKind::ExecAbort)
        && errors.iter().all(|(_, reply)| reply.kind() != aborted)
}

/// An error in place of a result. The server looks before it runs a command, so nothing was done.
fn judge_reply(code: &str, detail: Option<&str>) -> (Verdict, &'static str) {
    // A script or function that failed at one of its lines; what stands above it has been done.
    if detail.is_some_and(|detail| detail.contains("@user_")) {
        return (Verdict::Unknown, "script");
    }
    match code {
        "LOADING" => (Verdict::Retry, "loading"),
        // A script or module command that runs for too long.
        "BUSY" => (Verdict::Retry, "busy"),
        "TRYAGAIN" => (Verdict::Retry, "try_again"),
        "CLUSTERDOWN" => (Verdict::Retry, "cluster_down"),
        "MASTERDOWN" => (Verdict::Retry, "master_down"),
        // The slot moves to another node; a cluster client then knows the new one.
        "MOVED" | "ASK" => (Verdict::Retry, "moved"),
        // A failover made the node a replica. A new connection finds its successor.
        "READONLY" => (Verdict::Retry, "read_only"),
        "NOREPLICAS" => (Verdict::Retry, "no_replicas"),
        // Unlike a disk's, memory comes back by itself: by expiry, eviction and deletion.
        "OOM" => (Verdict::Retry, "out_of_memory"),
        "ERR" if detail == Some("max number of clients reached") => {
            (Verdict::Retry, "too_many_connections")
        }
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => (Verdict::Stop, "authentication"),
        "WRONGTYPE" => (Verdict::Stop, "wrong_type"),
        _ => (Verdict::Stop, "rejected"),
    }
}

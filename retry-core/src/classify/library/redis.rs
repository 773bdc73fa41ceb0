//! [`redis::RedisError`], by the server's error code, else by the progress of the command.

use std::error::Error;
use std::io;
use std::sync::Arc;

use redis::{ErrorKind, RedisError, RetryMethod, ServerError, ServerErrorKind};

use super::outcome::{broken, declined, final_unknown, misused, refused, turned_away, unknown};
use super::transport;
use crate::classify::judgement::{Judgement, Verdict};

classified! {
    RedisError: judge;
}

fn judge(error: &RedisError) -> Judgement {
    match RedisError::kind(error) {
        ErrorKind::Server(_) | ErrorKind::Extension => judge_server(error),
        ErrorKind::Io => judge_io(error),
        // The command has run; the caller expected another answer.
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => unknown("decode"),
        ErrorKind::AuthenticationFailed => refused("authentication"),
        ErrorKind::InvalidClientConfig
        | ErrorKind::Client
        | ErrorKind::EmptySentinelList
        | ErrorKind::RESP3NotSupported => misused("invalid_request"),
        // Between a failover and its end; no command was sent.
        ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::NoValidReplicasFoundBySentinel
        | ErrorKind::ClusterConnectionNotFound => turned_away("no_node"),
        // `Serialize`, which exists only with a feature of redis, and future kinds.
        _ if matches!(error.retry_method(), RetryMethod::NoRetry) => final_unknown("redis"),
        _ => unknown("redis"),
    }
}

fn judge_io(error: &RedisError) -> Judgement {
    // Also for a missing socket file: the server is not up.
    if error.is_connection_refusal() {
        return turned_away("connection_refused");
    }
    // Also for "would block": a blocking socket reports a read timeout so.
    if error.is_timeout() {
        return unknown("timed_out");
    }
    // The library holds its cause in an `Arc`, which hides the type from the chain.
    type Shared = Arc<dyn Error + Send + Sync>;
    let cause = error
        .source()
        .map(|source| match source.downcast_ref::<Shared>() {
            Some(shared) => &**shared as &(dyn Error + 'static),
            None => source,
        });
    match cause.and_then(|cause| cause.downcast_ref::<io::Error>()) {
        Some(io) => transport::judge(io),
        None => unknown("connection_closed"),
    }
}

/// Judges one command's error, or those of a pipeline, which has no source, or of a transaction.
fn judge_server(error: &RedisError) -> Judgement {
    let Some(errors) = error.clone().into_server_errors() else {
        return judge_reply(error.code().unwrap_or_default(), error.detail());
    };
    let mut replies = errors
        .iter()
        .map(|(_, reply)| judge_reply(reply.code(), reply.details()));
    let judged = if error.source().is_some() {
        replies.next()
    } else if is_unqueued_transaction(error, &errors) {
        // The server ran no command. The failure is final if the error of one command is.
        let first = replies.clone().next();
        replies
            .find(|judged| judged.verdict() == Verdict::Stop)
            .or(first)
    } else {
        // The commands of a pipeline that are not listed have taken effect.
        Some(unknown("pipeline"))
    };
    judged.unwrap_or(unknown("redis"))
}

/// Whether these are the commands that prevented a transaction from running, and not the answers of a
/// pipeline that begins with an aborted transaction.
fn is_unqueued_transaction(error: &RedisError, errors: &[(usize, ServerError)]) -> bool {
    let aborted = Some(ServerErrorKind::ExecAbort);
    RedisError::kind(error) == ErrorKind::Server(ServerErrorKind::ExecAbort)
        && errors.iter().all(|(_, reply)| reply.kind() != aborted)
}

/// Judges an error in place of a result. The server checks a command before it runs it, so its own
/// refusals prove that nothing was done. A script may answer any code after it has written: codes and
/// texts that are not the server's own prove nothing.
fn judge_reply(code: &str, detail: Option<&str>) -> Judgement {
    // A script or function failed at one of its lines; the lines above it have run.
    if detail.is_some_and(|detail| detail.contains("@user_")) {
        return unknown("script");
    }
    match code {
        "LOADING" => turned_away("loading"),
        // A script or module command is running for too long.
        "BUSY" => turned_away("busy"),
        "TRYAGAIN" => turned_away("try_again"),
        "CLUSTERDOWN" => turned_away("cluster_down"),
        "MASTERDOWN" => turned_away("master_down"),
        // The slot moves to another node; a cluster client then knows the new one.
        "MOVED" | "ASK" => turned_away("moved"),
        // A failover made the node a replica. A new connection finds the new master.
        "READONLY" => turned_away("read_only"),
        "NOREPLICAS" => turned_away("no_replicas"),
        // Unlike disk space, memory comes back by itself: by expiry, eviction and deletion.
        "OOM" => turned_away("out_of_memory"),
        "ERR" => judge_text(detail.unwrap_or_default()),
        "NOAUTH" | "WRONGPASS" | "NOPERM" | "DENIED" => refused("authentication"),
        "WRONGTYPE" => refused("wrong_type"),
        // The server cannot save to its disk, and refuses writes.
        "MISCONF" => broken("rejected"),
        "NOSCRIPT" | "CROSSSLOT" | "EXECABORT" | "NOGROUP" | "BUSYGROUP" | "BUSYKEY"
        | "NOTBUSY" | "NOPROTO" => refused("rejected"),
        _ => declined("rejected"),
    }
}

/// Judges the general code, which scripts and modules use too: only the server's own texts are known. Those that
/// the server does not continue count as a whole: a script's may begin alike.
fn judge_text(detail: &str) -> Judgement {
    const WHOLE: [&str; 9] = [
        "syntax error",
        "value is not an integer or out of range",
        "value is not a valid float",
        "value is out of range",
        "no such key",
        "index out of range",
        "increment or decrement would overflow",
        "db index is out of range",
        "invalid db index",
    ];
    const CONTINUED: [&str; 6] = [
        "unknown command",
        "unknown subcommand",
        "wrong number of arguments for ",
        "invalid expire time",
        "string exceeds maximum allowed size",
        "protocol error: ",
    ];
    if detail == "max number of clients reached" {
        return turned_away("too_many_connections");
    }
    let detail = detail.to_ascii_lowercase();
    let is_of_server =
        WHOLE.contains(&detail.as_str()) || CONTINUED.iter().any(|text| detail.starts_with(text));
    if is_of_server {
        refused("rejected")
    } else {
        declined("rejected")
    }
}

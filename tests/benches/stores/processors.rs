//! Processor time: of this process, and of a server.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The processor time of this process, threads that have ended included.
pub(crate) fn own() -> Duration {
    let used = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(used).expect("the clock has begun at 0")
}

/// A server: its process, and that process's children, which are the sessions of Postgres.
#[derive(Clone, Copy)]
pub(crate) struct Server(pub(crate) u32);

/// Nanoseconds on a processor, by thread.
pub(crate) struct Used(HashMap<String, u64>);

impl Server {
    pub(crate) fn used(self) -> Used {
        let root = self.0.to_string();
        let children = fs::read_to_string(format!("/proc/{root}/task/{root}/children"));
        let children = children.unwrap_or_default();
        let mut used = HashMap::new();
        for process in children.split_whitespace().chain([&*root]) {
            used.extend(threads(process));
        }
        Used(used)
    }

    /// The processor time since then. A session that has ended meanwhile is lost, one that has begun counts.
    pub(crate) fn used_since(self, then: &Used) -> Duration {
        let now = self.used().0.into_iter();
        let grown = now.map(|(thread, nanos)| nanos - then.0.get(&thread).unwrap_or(&0));
        Duration::from_nanos(grown.sum())
    }
}

/// The first number of each thread's `schedstat`. A process may end while it is read.
fn threads(process: &str) -> Vec<(String, u64)> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    let used = threads.flatten().filter_map(|thread| {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let nanos = times.split(' ').next()?.parse().ok()?;
        Some((thread.file_name().into_string().ok()?, nanos))
    });
    used.collect()
}

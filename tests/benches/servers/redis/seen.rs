//! What was measured.

use std::fmt;
use std::fs;
use std::time::Duration;

use retry_tests::redis::ThrowawayRedis;

/// The time of processors that this process and a server have used.
pub(super) struct Cpu {
    server: String,
}

impl Cpu {
    pub(super) fn of(server: &ThrowawayRedis) -> Self {
        let info = server.command(&["INFO", "server"]);
        let process = info
            .lines()
            .find_map(|line| line.strip_prefix("process_id:"));
        Self {
            server: process.expect("a process").to_owned(),
        }
    }

    pub(super) fn used(&self) -> Duration {
        of_process("self") + of_process(&self.server)
    }
}

/// The first number of each thread's `schedstat`: nanoseconds on a processor.
fn of_process(process: &str) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Duration::ZERO;
    };
    let used = threads.flatten().filter_map(|thread| -> Option<u64> {
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        times.split(' ').next()?.parse().ok()
    });
    Duration::from_nanos(used.sum())
}

/// One side's turn.
pub(super) struct Turn {
    pub(super) all: Duration,
    pub(super) cpu: Duration,
    pub(super) times: Vec<Duration>,
}

/// All turns of a side.
#[derive(Default)]
pub(super) struct Seen {
    rates: Vec<f64>,
    cpu: Vec<f64>,
    p50: Vec<f64>,
    times: Vec<Duration>,
}

impl Seen {
    pub(super) const HEAD: &str = "    rate     p50     p90     p99     cpu";

    pub(super) fn add(&mut self, mut turn: Turn) {
        let passes = turn.times.len() as f64;
        self.rates.push(passes / turn.all.as_secs_f64());
        self.cpu.push(turn.cpu.as_secs_f64() * 1e6 / passes);
        turn.times.sort_unstable();
        self.p50
            .push(turn.times[turn.times.len() / 2].as_secs_f64() * 1e6);
        self.times.extend(turn.times);
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median rounds' rate, p50 and time of processors; the other percentiles are of all passes.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.times.clone();
        times.sort_unstable();
        let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
        write!(
            f,
            "{:>8.0} {:>7.0} {:>7.0} {:>7.0} {:>7.1}",
            median(&self.rates),
            median(&self.p50),
            at(0.9),
            at(0.99),
            median(&self.cpu)
        )
    }
}

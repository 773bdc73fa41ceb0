//! The workers' processes: their start, output, kill and restart.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::bank::{Bank, chance};
use crate::order::{By, Order};

/// The number of workers.
pub(crate) const WORKERS: u32 = 4;

/// The maximum number of kills.
const KILLS: usize = 9;

/// All workers, and their output.
pub(crate) struct Crew<'a> {
    bank: &'a Bank,
    /// The arguments of each worker, after its number.
    task: [String; 3],
    /// The workers that were killed at the bank, by order.
    pub(crate) killed: BTreeMap<u32, Vec<u32>>,
    pub(crate) kills: usize,
    /// The workers' results for each order: receipts' numbers, or that it is in doubt.
    pub(crate) told: BTreeMap<u32, BTreeSet<String>>,
    pub(crate) answers: usize,
}

/// A process, which is killed when this value is dropped.
struct Worker {
    number: u32,
    orders: Vec<u32>,
    process: Child,
    /// Collects the process's output, until its end.
    listener: Option<JoinHandle<Vec<String>>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl<'a> Crew<'a> {
    pub(crate) fn new(bank: &'a Bank, url: &str, schema: &str) -> Self {
        Self {
            bank,
            task: [url.to_owned(), schema.to_owned(), bank.address.to_string()],
            killed: BTreeMap::new(),
            kills: 0,
            told: BTreeMap::new(),
            answers: 0,
        }
    }

    /// Gives each worker its orders, and waits until every worker has a result for all of them.
    /// With `kills`, workers at the bank are killed now and then, and started again.
    pub(crate) async fn charge(
        &mut self,
        orders_of: impl Fn(u32) -> Vec<u32>,
        kills: bool,
    ) -> io::Result<()> {
        let mut workers = Vec::new();
        for number in 1..=WORKERS {
            workers.push(self.start(number, orders_of(number))?);
        }
        let mut next_kill = Instant::now() + pause();
        while !workers.is_empty() {
            sleep(Duration::from_millis(5)).await;
            if kills
                && self.kills < KILLS
                && Instant::now() >= next_kill
                && let Some(at) = self.victim(&workers)
            {
                next_kill = Instant::now() + pause();
                let victim = workers.swap_remove(at);
                workers.push(self.replace(victim)?);
            }
            for mut worker in std::mem::take(&mut workers) {
                match worker.process.try_wait()? {
                    None => workers.push(worker),
                    Some(status) if status.success() => self.hear(worker),
                    Some(status) => return Err(io::Error::other(format!("a worker: {status}"))),
                }
            }
        }
        Ok(())
    }

    /// Returns a worker that is at the bank, with a card, a wallet and a wire in turn.
    fn victim(&self, workers: &[Worker]) -> Option<usize> {
        let by = [By::Card, By::Wallet, By::Wire][self.kills % 3];
        let is_there = |worker: &Worker| {
            let orders = self.bank.orders_of(worker.number);
            orders.iter().any(|order| Order::of(*order).by == by)
        };
        let there: Vec<_> = (0..workers.len())
            .filter(|at| is_there(&workers[*at]))
            .collect();
        let chosen = usize::try_from(chance(there.len().max(1) as u64));
        there.get(chosen.ok()?).copied()
    }

    /// Kills a worker, and starts it again.
    fn replace(&mut self, mut worker: Worker) -> io::Result<Worker> {
        let orders = self.bank.orders_of(worker.number);
        worker.process.kill()?;
        self.bank.sees_off(worker.number);
        self.kills += 1;
        for order in orders {
            self.killed.entry(order).or_default().push(worker.number);
        }
        let again = self.start(worker.number, worker.orders.clone());
        self.hear(worker);
        again
    }

    fn start(&self, number: u32, orders: Vec<u32>) -> io::Result<Worker> {
        let mut process = Command::new(env::current_exe()?)
            .arg(number.to_string())
            .args(&self.task)
            .args(orders.iter().map(u32::to_string))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let lines = BufReader::new(stdout).lines();
        let listener = thread::spawn(|| lines.map_while(Result::ok).collect());
        Ok(Worker {
            number,
            orders,
            process,
            listener: Some(listener),
        })
    }

    /// Collects a worker's output once it has ended.
    fn hear(&mut self, mut worker: Worker) {
        let said = worker.listener.take().map(JoinHandle::join);
        for line in said.into_iter().flatten().flatten() {
            let Some((order, answer)) = line.split_once(' ') else {
                continue;
            };
            self.answers += 1;
            let order = order.parse().unwrap_or_default();
            self.told
                .entry(order)
                .or_default()
                .insert(answer.to_owned());
        }
    }
}

fn pause() -> Duration {
    Duration::from_millis(50 + chance(250))
}

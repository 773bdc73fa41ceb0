//! The arguments of the command line.

mod values;

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use retry_core::{
    Growth, Jitter, OperationClass, RetryBudget, RetryPolicy, RetrySettings, resolve_retry_policy,
};
use retry_tests::simulation::client::{Allowance, Conduct};
use values::{attempts, growth, jitter, multiplier, number, ratio, wait};

pub(crate) const HELP: &str = "\
Explains a retry policy: its waits, its worst case alone and nested, and what it does to a service
that fails or is overloaded, by the simulations (`cargo run --bin simulate`).

usage: explain [POLICY] [FLAGS]

POLICY
  a named policy     FLOW_NODE_DEFAULT, AGENT_LOW_MEDIUM, AGENT_HIGH_RISK, ASYNC_JOB_DEFAULT,
                     NODUS_SCHEDULED_DEFAULT, NO_RETRY
  a class            worker, storage, scheduler, api: as the environment configures it
                     (RETRY__STORAGE_MAX_ATTEMPTS, RETRY__STORAGE_BUDGET and so on, and .env)
  without one        api, as configured

FLAGS, which change the policy; a WAIT is 500ms, 1h30m, or seconds (0.5)
  --max-attempts N       the first one included, or `unlimited`
  --min-wait WAIT        the first step
  --max-wait WAIT        what no wait passes
  --throttled-min-wait WAIT  the first step after an answer like \"too many requests\"
  --backoff GROWTH       constant, linear, exponential or fibonacci
  --multiplier X         exponential, by X (from 1)
  --jitter JITTER        none, equal, full, decorrelated, or a WAIT to add at random

FLAGS about what stands around it
  --timeout WAIT         of one attempt, for the worst case (the simulated overload has 1s)
  --layers N             layers of nested calls for the worst case (from 1 to 10; default 3)
  --budget RATIO         a retry budget (0.1 is 10 %), one in each of the simulated clients
  --floor N              its retries a second whatever happens (default 1)
  --shared-budget        one budget for all clients
  --circuit-breaker      5 failures in a row, 60 s, one in each client

FLAGS about the answer
  --json                 for machines
  --svg FILE             where the chart goes (default: explain.svg in the folder for temporary files)
  --help

example: explain storage --max-attempts 3 --jitter full --timeout 2s --budget 0.1 --floor 0";

/// The policy to explain, and the options of the explanation.
#[derive(Debug)]
pub(crate) struct Asked {
    /// As it was asked for: a name, a class, and what changed it.
    pub(crate) name: String,
    pub(crate) policy: RetryPolicy,
    pub(crate) timeout: Option<Duration>,
    pub(crate) layers: u32,
    pub(crate) allowance: Option<Allowance>,
    pub(crate) has_breaker: bool,
    pub(crate) is_json: bool,
    svg: Option<PathBuf>,
}

impl Asked {
    /// Returns the conduct of the simulated clients.
    pub(crate) fn conduct(&self) -> Conduct {
        let mut conduct = Conduct::new(self.policy);
        if let Some(allowance) = self.allowance {
            conduct = conduct.with_budget(allowance);
        }
        if self.has_breaker {
            conduct = conduct.with_breaker();
        }
        conduct
    }

    /// Where the chart goes: a machine that reads JSON gets one only where it says so.
    pub(crate) fn chart(&self) -> Option<PathBuf> {
        let of_a_person = || (!self.is_json).then(|| env::temp_dir().join("explain.svg"));
        self.svg.clone().or_else(of_a_person)
    }
}

/// Reads the arguments; `None` asks for help.
///
/// # Errors
///
/// A message for the user about the invalid argument.
pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Option<Asked>, String> {
    let mut arguments = arguments.peekable();
    if arguments.peek().is_none() {
        return Ok(None);
    }
    let named = match arguments.next_if(|first| !first.starts_with('-')) {
        Some(name) => name,
        None => "api".to_owned(),
    };
    let mut flags = Flags::new();
    while let Some(argument) = arguments.next() {
        if argument == "--help" || argument == "-h" {
            return Ok(None);
        }
        let (flag, given) = match argument.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        flags.take(&flag, given, &mut arguments)?;
    }
    let (policy, budget) = policy(&named)?;
    flags.over(&named, policy, budget).map(Some)
}

/// A named policy, or a class as configured, with the budget that is switched on for it.
fn policy(name: &str) -> Result<(RetryPolicy, Option<RetryBudget>), String> {
    let class = match name.trim().to_ascii_lowercase().as_str() {
        "worker" => OperationClass::Worker,
        "storage" => OperationClass::Storage,
        "scheduler" => OperationClass::Scheduler,
        "api" => OperationClass::Api,
        _ => {
            return resolve_retry_policy(name)
                .map(|policy| (policy, None))
                .map_err(|error| format!("{error}; classes are worker, storage, scheduler, api"));
        }
    };
    let settings = RetrySettings::load().map_err(|error| error.to_string())?;
    Ok((settings.policy(class), settings.budget(class)))
}

/// The flags as far as they were read.
struct Flags {
    seen: Vec<String>,
    changes: Vec<(String, Change)>,
    budget: Option<f64>,
    floor: Option<u32>,
    is_shared: bool,
    asked: Partly,
}

/// The values of the flags that do not change the policy.
struct Partly {
    timeout: Option<Duration>,
    layers: u32,
    has_breaker: bool,
    is_json: bool,
    svg: Option<PathBuf>,
}

#[derive(Clone, Copy)]
enum Change {
    Attempts(Option<u32>),
    MinWait(Duration),
    MaxWait(Duration),
    ThrottledMinWait(Duration),
    Growth(Growth),
    Jitter(Jitter),
}

impl Flags {
    const fn new() -> Self {
        Self {
            seen: Vec::new(),
            changes: Vec::new(),
            budget: None,
            floor: None,
            is_shared: false,
            asked: Partly {
                timeout: None,
                layers: 3,
                has_breaker: false,
                is_json: false,
                svg: None,
            },
        }
    }

    /// Takes one flag, with its value if it has one: `given` behind a `=`, or the `next` argument.
    fn take(
        &mut self,
        flag: &str,
        given: Option<String>,
        next: &mut impl Iterator<Item = String>,
    ) -> Result<(), String> {
        if self.seen.iter().any(|seen| seen == flag) {
            return Err(format!("{flag} is given twice"));
        }
        self.seen.push(flag.to_owned());
        let switch = match flag {
            "--shared-budget" => Some(&mut self.is_shared),
            "--circuit-breaker" => Some(&mut self.asked.has_breaker),
            "--json" => Some(&mut self.asked.is_json),
            _ => None,
        };
        if let Some(switch) = switch {
            *switch = true;
            return given.map_or(Ok(()), |value| {
                Err(format!("{flag} takes no value; it was given {value:?}"))
            });
        }
        if !VALUED.contains(&flag) {
            return Err(format!("{flag:?} is not a flag of explain"));
        }
        let Some(value) = given.or_else(|| next.next()) else {
            return Err(format!("{flag} needs a value"));
        };
        let change = match flag {
            "--timeout" => {
                let timeout = wait(flag, &value)?;
                if timeout.is_zero() {
                    return Err(format!("{flag} is {value:?}; it must be more than 0"));
                }
                return set(&mut self.asked.timeout, timeout);
            }
            "--layers" => {
                self.asked.layers = number(flag, &value, "a whole number from 1 to 10", 1..=10)?;
                return Ok(());
            }
            "--svg" => return set(&mut self.asked.svg, PathBuf::from(value)),
            "--budget" => return set(&mut self.budget, ratio(flag, &value)?),
            "--floor" => {
                let floor = number(
                    flag,
                    &value,
                    "a whole number from 0 to 1000000",
                    0..=1_000_000,
                )?;
                return set(&mut self.floor, floor);
            }
            "--max-attempts" => Change::Attempts(attempts(flag, &value)?),
            "--min-wait" => Change::MinWait(wait(flag, &value)?),
            "--max-wait" => Change::MaxWait(wait(flag, &value)?),
            "--throttled-min-wait" => Change::ThrottledMinWait(wait(flag, &value)?),
            "--backoff" => Change::Growth(growth(flag, &value)?),
            "--multiplier" => Change::Growth(multiplier(flag, &value)?),
            _ => Change::Jitter(jitter(flag, &value)?),
        };
        // A multiplier says the same more exactly.
        let is_said = matches!(change, Change::Growth(Growth::Exponential(_)))
            && flag == "--backoff"
            && self.seen.iter().any(|seen| seen == "--multiplier");
        if !is_said {
            self.changes.push((format!("{flag} {value}"), change));
        }
        Ok(())
    }

    /// Refuses flags that say two things at once.
    fn refuse_contradictions(&self) -> Result<(), String> {
        let wait = |flag: &str| {
            let mut found = self
                .changes
                .iter()
                .filter_map(|(text, change)| match *change {
                    Change::MinWait(wait)
                    | Change::MaxWait(wait)
                    | Change::ThrottledMinWait(wait) => {
                        (text.split(' ').next() == Some(flag)).then_some((text, wait))
                    }
                    _ => None,
                });
            found.next()
        };
        for (shorter, longer) in [
            ("--min-wait", "--max-wait"),
            ("--min-wait", "--throttled-min-wait"),
            ("--throttled-min-wait", "--max-wait"),
        ] {
            if let (Some((_, least)), Some((text, given))) = (wait(shorter), wait(longer))
                && given < least
            {
                return Err(format!(
                    "{text} contradicts {shorter}; it must be at least that"
                ));
            }
        }
        let growth = |change: &&(String, Change)| matches!(change.1, Change::Growth(growth) if !matches!(growth, Growth::Exponential(_)));
        let is_multiplied = self.seen.iter().any(|flag| flag == "--multiplier");
        match self.changes.iter().find(growth).filter(|_| is_multiplied) {
            Some((text, _)) => Err(format!(
                "--multiplier belongs to --backoff exponential; it contradicts {text}"
            )),
            None => Ok(()),
        }
    }

    /// Returns the request: `policy` as the flags change it, with the budget of the settings unless a flag sets one.
    fn over(
        self,
        name: &str,
        mut policy: RetryPolicy,
        budget: Option<RetryBudget>,
    ) -> Result<Asked, String> {
        self.refuse_contradictions()?;
        let mut name = name.to_owned();
        for (text, change) in self.changes {
            name = format!("{name} {text}");
            policy = match change {
                Change::Attempts(Some(attempts)) => policy.with_max_attempts(attempts),
                Change::Attempts(None) => policy.with_unlimited_attempts(),
                Change::MinWait(wait) => policy.with_min_wait(wait),
                Change::MaxWait(wait) => policy.with_max_wait(wait),
                Change::ThrottledMinWait(wait) => policy.with_throttled_min_wait(wait),
                Change::Growth(growth) => policy.with_growth(growth),
                Change::Jitter(jitter) => policy.with_jitter(jitter),
            };
        }
        let configured = budget.map(|budget| (budget.ratio(), budget.floor()));
        let given = self.budget.map(|ratio| (ratio, 1));
        let allowance = given.or(configured).map(|(ratio, floor)| Allowance {
            ratio,
            floor: self.floor.unwrap_or(floor),
            is_shared: self.is_shared,
        });
        if allowance.is_none() && (self.floor.is_some() || self.is_shared) {
            return Err(
                "--floor and --shared-budget say more of a budget; add --budget RATIO".to_owned(),
            );
        }
        let Partly {
            timeout,
            layers,
            has_breaker,
            is_json,
            svg,
        } = self.asked;
        Ok(Asked {
            name,
            policy,
            timeout,
            layers,
            allowance,
            has_breaker,
            is_json,
            svg,
        })
    }
}

const VALUED: [&str; 12] = [
    "--max-attempts",
    "--min-wait",
    "--max-wait",
    "--throttled-min-wait",
    "--backoff",
    "--multiplier",
    "--jitter",
    "--timeout",
    "--layers",
    "--budget",
    "--floor",
    "--svg",
];

fn set<T>(field: &mut Option<T>, value: T) -> Result<(), String> {
    *field = Some(value);
    Ok(())
}

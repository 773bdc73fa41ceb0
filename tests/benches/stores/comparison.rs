//! The sides of a store in turn, and the table of their medians.

use std::iter::zip;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};

use crate::peer::Peers;
use crate::processors::Server;
use crate::settings::Settings;
use crate::side::{Role, Side};
use crate::table::{Cell, Table};

const HEAD: [&str; 9] = [
    "callers",
    "side",
    "p50 us",
    "p99 us",
    "CPU us",
    "of the server",
    "actions/s",
    "p50 / by hand",
    "rate / limit",
];

/// All that the stores share in a run.
pub(crate) struct Bench {
    settings: Settings,
    runtime: Runtime,
    pub(crate) peers: Peers,
}

impl Bench {
    pub(crate) fn new(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        Self {
            settings,
            runtime: runtime.expect("a runtime"),
            peers: Peers::default(),
        }
    }

    /// The runtime of all async sides.
    pub(crate) fn runtime(&self) -> &Handle {
        self.runtime.handle()
    }

    /// Measures the sides with each number of callers, and prints the table.
    pub(crate) fn compare(&self, title: &str, server: Option<Server>, mut sides: Vec<Side>) {
        let mut table = Table::new(HEAD);
        for &callers in &self.settings.callers {
            let mut seen: Vec<Vec<Figures>> = sides.iter().map(|_| Vec::new()).collect();
            for number in 0..self.settings.rounds {
                let figures = round(&mut sides, number, callers, server);
                for (seen, figures) in zip(&mut seen, figures) {
                    seen.extend(figures);
                }
            }
            for (side, seen) in zip(&sides, &seen) {
                // The row of a peer that could not be fetched stays, without figures.
                if callers == 1 || !seen.is_empty() {
                    table.line(line(callers, side, seen));
                }
            }
        }
        println!("\n{title}\n");
        table.print();
    }
}

/// The figures of a side in one round.
struct Figures {
    p50: f64,
    p99: f64,
    /// Microseconds on a processor an action.
    processors: f64,
    /// Those of them that the server uses, if there is one.
    server: Option<f64>,
    rate: f64,
    by_hand: Option<f64>,
    limit: Option<f64>,
}

/// One turn of each side. Each round begins with another one, so that none is always after the same one.
fn round(
    sides: &mut [Side],
    number: usize,
    callers: usize,
    server: Option<Server>,
) -> Vec<Option<Figures>> {
    let mut round: Vec<Option<Figures>> = sides.iter().map(|_| None).collect();
    for step in 0..sides.len() {
        let at = (number + step) % sides.len();
        round[at] = turn(&mut sides[at], callers, server);
    }
    let of = |role| {
        let at = sides.iter().position(|side| side.role == role)?;
        round[at].as_ref()
    };
    let by_hand = of(Role::ByHand).map(|figures| figures.p50);
    let limit = of(Role::Limit).map(|figures| figures.rate);
    for (figures, side) in zip(&mut round, sides) {
        if let Some(figures) = figures
            && side.role != Role::Beside
        {
            figures.by_hand = by_hand.map(|p50| figures.p50 / p50);
            figures.limit = limit.map(|rate| figures.rate / rate);
        }
    }
    round
}

fn turn(side: &mut Side, callers: usize, server: Option<Server>) -> Option<Figures> {
    let before = server.map(|server| (server, server.used()));
    let turn = side.turn(callers)?;
    let server = before.map(|(server, then)| server.used_since(&then));
    let processors = server.unwrap_or_default() + turn.processors;
    let an_action = |used: Duration| used.as_secs_f64() * 1e6 / turn.actions();
    Some(Figures {
        p50: turn.percentile(0.5),
        p99: turn.percentile(0.99),
        processors: an_action(processors),
        server: server.map(an_action),
        rate: turn.rate(),
        by_hand: None,
        limit: None,
    })
}

fn line(callers: usize, side: &Side, seen: &[Figures]) -> [Cell; HEAD.len()] {
    let median = |of: fn(&Figures) -> Option<f64>| median(seen.iter().filter_map(of).collect());
    [
        Cell::number(Some(callers as f64), 0),
        Cell::text(side.name),
        Cell::number(median(|it| Some(it.p50)), 1),
        Cell::number(median(|it| Some(it.p99)), 1),
        Cell::number(median(|it| Some(it.processors)), 1),
        Cell::number(median(|it| it.server), 1),
        Cell::number(median(|it| Some(it.rate)), 0),
        Cell::number(median(|it| it.by_hand), 2),
        Cell::number(median(|it| it.limit), 2),
    ]
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (lower, upper) = (values.len().checked_sub(1)? / 2, values.len() / 2);
    Some(f64::midpoint(values[lower], values[upper]))
}

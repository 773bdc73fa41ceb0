//! An explanation as text for a terminal.

use std::fmt;

use retry_tests::simulation::table::Table;

use super::explanation::{Case, Explanation, WorstCase};
use super::prediction::{MOST_ATTEMPTS, Prediction};
use super::schedule::{Retry, Schedule};

/// Prints an explanation.
pub(crate) struct Report<'a>(pub(crate) &'a Explanation);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation {
            asked,
            min_wait_s,
            max_wait_s,
            throttled_min_wait_s,
            growth,
            jitter,
            ..
        } = self.0;
        let attempts = self.0.max_attempts.map_or_else(
            || "unlimited attempts".to_owned(),
            |attempts| counted(f64::from(attempts), "attempt"),
        );
        let throttled = throttled_min_wait_s.map_or_else(String::new, |wait| {
            format!(" (if throttled, from {})", seconds(wait))
        });
        writeln!(
            f,
            "{asked}: {attempts}, waits from {} to {}{throttled}, growth {growth}, jitter {jitter}\n",
            seconds(*min_wait_s),
            seconds(*max_wait_s)
        )?;
        Self::schedule(f, &self.0.schedule)?;
        if let Some(schedule) = &self.0.throttled_schedule {
            writeln!(f, "if the other side throttles each attempt:")?;
            Self::schedule(f, schedule)?;
        }
        if let Some(worst) = &self.0.worst_case {
            self.worst_case(f, worst)?;
        }
        self.predictions(f)
    }
}

impl Report<'_> {
    fn schedule(f: &mut fmt::Formatter<'_>, schedule: &Schedule) -> fmt::Result {
        if schedule.retries.is_empty() {
            return writeln!(
                f,
                "The first failure is final: there is nothing to wait for.\n"
            );
        }
        let mut table = Table::new(&[
            "retry",
            "shortest wait",
            "mean",
            "longest",
            "waited by then, mean",
            "at most",
        ]);
        for Retry {
            retry,
            shortest_s,
            mean_s,
            longest_s,
            waited_mean_s,
            waited_most_s,
        } in &schedule.retries
        {
            let times = [shortest_s, mean_s, longest_s, waited_mean_s, waited_most_s];
            let cells = times.into_iter().map(|time| seconds(*time));
            table.row([retry.to_string()].into_iter().chain(cells));
        }
        write!(f, "{table}")?;
        if schedule.goes_on {
            writeln!(f, "and so on, as the last")?;
        }
        match schedule.total {
            Some(total) => writeln!(
                f,
                "\nall waits: {} on average, {} at most\n",
                seconds(total.mean_s),
                seconds(total.most_s)
            ),
            None => writeln!(f, "\nall waits: no end\n"),
        }
    }

    fn worst_case(&self, f: &mut fmt::Formatter<'_>, worst: &WorstCase) -> fmt::Result {
        let WorstCase {
            layers,
            stop,
            multiply,
        } = worst;
        let what = self.0.timeout_s.map_or_else(
            || "waits alone: give --timeout to count attempts".to_owned(),
            |timeout| format!("attempts of {} each, and waits", seconds(timeout)),
        );
        writeln!(f, "if every attempt fails ({what}):")?;
        let mut table = Table::new(&["one call", "attempts", "time"]);
        let mut row = |name: String,
                       Case {
                           attempts,
                           seconds: time,
                       }: &Case| {
            table.row([name, format!("{attempts}"), seconds(*time)]);
        };
        row("alone".to_owned(), stop);
        row(format!("{layers} layers, nested = stop (default)"), stop);
        row(format!("{layers} layers, nested = multiply"), multiply);
        writeln!(f, "{table}")
    }

    fn predictions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let predictions = &self.0.predictions;
        if predictions.is_empty() {
            return write!(
                f,
                "Not simulated: more than {MOST_ATTEMPTS} attempts. In an outage the load has no other bound than them."
            );
        }
        writeln!(
            f,
            "if each attempt fails with probability p: attempts per call (and calls that succeed), of 100\nclients with 100 calls each"
        )?;
        let heading: Vec<String> = predictions[0]
            .load
            .iter()
            .map(|load| format!("p = {}", load.failure))
            .collect();
        let heading: Vec<&str> = std::iter::once("policy")
            .chain(heading.iter().map(String::as_str))
            .collect();
        let mut table = Table::new(&heading);
        for Prediction { conduct, load, .. } in predictions {
            let cells = load.iter().map(|load| {
                format!(
                    "{:.2} ({:.0} %)",
                    load.attempts_per_call,
                    100.0 * load.success
                )
            });
            table.row([(*conduct).to_owned()].into_iter().chain(cells));
        }
        writeln!(f, "{table}")?;
        writeln!(
            f,
            "if a service that 20 clients use to 80 % is 4 × slower for 10 s, and they wait 1 s for an answer:"
        )?;
        let sheds = predictions.iter().any(|it| it.lost_if_shed.is_some());
        let mut heading = vec!["policy", "95 % of the calls succeed again after"];
        heading.extend(sheds.then_some("if it sheds load: calls that fail"));
        let mut table = Table::new(&heading);
        for Prediction {
            conduct,
            recoveries_s,
            lost_if_shed,
            ..
        } in predictions
        {
            let lost = lost_if_shed.map(|lost| format!("{:.0} %", 100.0 * lost));
            let cells = [(*conduct).to_owned(), recovered(recoveries_s)];
            table.row(cells.into_iter().chain(lost));
        }
        write!(f, "{table}")
    }
}

/// The soonest and the latest of some runs.
fn recovered(runs: &[Option<u32>]) -> String {
    let never = runs.iter().filter(|run| run.is_none()).count();
    match (runs.iter().flatten().min(), runs.iter().flatten().max()) {
        (Some(soonest), Some(latest)) if never == 0 => format!("{soonest} to {latest} s"),
        (Some(soonest), _) => format!("{soonest} s, or never ({never} of {} runs)", runs.len()),
        _ => "never".to_owned(),
    }
}

fn counted(count: f64, what: &str) -> String {
    let plural = if count > 1.0 { "s" } else { "" };
    format!("{count} {what}{plural}")
}

/// Three digits, in the unit that suits: `250 ms`, `1.5 s`, `2.25 min`.
fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        0.0 => (0.0, "s"),
        ..1e-3 => (seconds * 1e6, "µs"),
        ..0.9995 => (seconds * 1e3, "ms"),
        ..600.0 => (seconds, "s"),
        ..36_000.0 => (seconds / 60.0, "min"),
        _ => (seconds / 3_600.0, "h"),
    };
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if digits > 0 {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("{text} {unit}")
}

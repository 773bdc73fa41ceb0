//! The command `explain`, as a person and as a machine run it.

use std::process::{Command, Output};
use std::{env, fs};

use serde_json::Value;

fn explain(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_explain"));
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("RETRY__")) {
        command.env_remove(name);
    }
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    explain(arguments).output().expect("it runs")
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let output = output(arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn assert_near(value: &Value, expected: f64) {
    let value = value.as_f64().expect("a number");
    assert!(
        (value - expected).abs() <= 0.01 * expected,
        "{value}, not {expected}"
    );
}

#[test]
fn a_named_policy_with_its_schedule_its_worst_case_and_what_it_does() {
    let explained = json(&["FLOW_NODE_DEFAULT", "--timeout", "2s", "--json"]);
    assert_eq!(explained["max_attempts"], 3);
    let retries = &explained["schedule"]["retries"];
    assert_eq!(retries.as_array().map(Vec::len), Some(2));
    for (retry, (shortest, mean, longest)) in [(0, (0.5, 0.525, 0.55)), (1, (1.0, 1.025, 1.05))] {
        assert_near(&retries[retry]["shortest_s"], shortest);
        assert_near(&retries[retry]["mean_s"], mean);
        assert_near(&retries[retry]["longest_s"], longest);
    }
    assert_near(&retries[1]["waited_most_s"], 1.6);
    assert_near(&explained["schedule"]["total"]["mean_s"], 1.55);

    // Three attempts of 2 s and 1.6 s; nested thrice, 9 times that, and the waits of two layers.
    let worst = &explained["worst_case"];
    assert_near(&worst["stop"]["attempts"], 3.0);
    assert_near(&worst["stop"]["seconds"], 7.6);
    assert_near(&worst["multiply"]["attempts"], 27.0);
    assert_near(&worst["multiply"]["seconds"], 9.0 * 7.6 + 4.0 * 1.6);

    let [asked, budget, none] = [0, 1, 2].map(|at| &explained["predictions"][at]);
    for (prediction, load) in [(asked, 3.0), (none, 1.0)] {
        let outage = prediction["load"].as_array().and_then(|load| load.last());
        assert_near(&outage.expect("p = 1")["attempts_per_call"], load);
    }
    let recoveries = |prediction: &Value| prediction["recoveries_s"].as_array().cloned();
    assert!(recoveries(asked).expect("runs").iter().all(Value::is_null));
    for recovering in [budget, none] {
        let runs = recoveries(recovering).expect("runs");
        assert!(runs.iter().all(|run| run.as_u64() > Some(15)), "{runs:?}");
    }
}

#[test]
fn a_person_gets_tables_and_a_chart() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.svg");
    let asked = ["NO_RETRY", "--svg", file.to_str().expect("UTF-8")];
    let Output { status, stdout, .. } = output(&asked);
    assert!(status.success());
    let text = String::from_utf8(stdout).expect("UTF-8");
    for part in [
        "NO_RETRY: 1 attempt,",
        "nothing to wait for",
        "3 layers, nested = multiply",
        " p = 0.5 |",
        "95 % of the calls succeed again after",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    let svg = fs::read_to_string(file).expect("the chart");
    assert!(
        svg.starts_with("<svg ") && svg.contains(">attempts per call<"),
        "{svg}"
    );
}

#[test]
fn flags_change_a_class_as_the_environment_configures_it() {
    let output = explain(&["storage", "--jitter=none", "--max-attempts", "20", "--json"])
        .env("RETRY__STORAGE_MAX_WAIT", "2s")
        .output()
        .expect("it runs");
    let explained: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let retries = &explained["schedule"]["retries"];
    for (retry, wait) in [(0, 0.5), (1, 1.0), (2, 2.0), (3, 2.0), (18, 2.0)] {
        assert_near(&retries[retry]["shortest_s"], wait);
        assert_near(&retries[retry]["longest_s"], wait);
    }
    assert!(retries[19].is_null());
    assert_eq!(
        explained["predictions"],
        Value::Array(Vec::new()),
        "too many attempts"
    );
}

#[test]
fn waits_after_throttles_have_a_schedule_of_their_own() {
    let asked = [
        "api",
        "--jitter=none",
        "--throttled-min-wait",
        "3s",
        "--json",
    ];
    let explained = json(&asked);
    assert_near(&explained["throttled_min_wait_s"], 3.0);
    for (schedule, waits) in [
        ("schedule", [1.0, 2.0, 4.0]),
        ("throttled_schedule", [3.0, 6.0, 12.0]),
    ] {
        for (retry, wait) in waits.into_iter().enumerate() {
            assert_near(&explained[schedule]["retries"][retry]["mean_s"], wait);
        }
    }
    // If each attempt is throttled, the call takes longest.
    assert_near(&explained["worst_case"]["stop"]["seconds"], 21.0);

    let text = String::from_utf8(output(&asked[..4]).stdout).expect("UTF-8");
    assert!(text.contains("(if throttled, from 3 s)"), "{text}");
    assert!(
        text.contains("if the other side throttles each attempt:"),
        "{text}"
    );
    assert!(json(&["api", "--json"])["throttled_schedule"].is_null());
}

#[test]
fn a_budget_that_settings_switch_on_is_predicted_with() {
    let outage = |budget: Option<&str>| {
        let mut command = explain(&["storage", "--max-attempts", "3", "--json"]);
        if let Some(budget) = budget {
            command.env("RETRY__STORAGE_BUDGET", budget);
            command.env("RETRY__STORAGE_BUDGET_FLOOR", "0");
        }
        let output = command.output().expect("it runs");
        let explained: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let load = explained["predictions"][0]["load"].as_array().cloned();
        let whole = load.and_then(|load| load.last().cloned());
        whole
            .and_then(|whole| whole["attempts_per_call"].as_f64())
            .expect("a load")
    };
    assert!(outage(None) > 2.9);
    assert!(outage(Some("0.1")) < 1.5);
}

#[test]
fn attempts_without_end_have_no_worst_case() {
    let explained = json(&[
        "api",
        "--max-attempts",
        "unlimited",
        "--backoff",
        "linear",
        "--json",
    ]);
    assert!(explained["max_attempts"].is_null() && explained["worst_case"].is_null());
    assert_eq!(explained["schedule"]["goes_on"], true);
    assert!(explained["schedule"]["total"].is_null());
}

#[test]
fn what_is_wrong_is_said_and_ends_with_2() {
    for (arguments, text) in [
        (
            &["--attempts", "3"][..],
            r#""--attempts" is not a flag of explain"#,
        ),
        (&["api", "storage"], r#""storage" is not a flag of explain"#),
        (
            &["FLOW_NODE"],
            r#"unknown policy "FLOW_NODE"; known policies are FLOW_NODE_DEFAULT, "#,
        ),
        (
            &["api", "--max-attempts", "0"],
            r#"--max-attempts is "0"; it must be a whole number from 1 to"#,
        ),
        (
            &["api", "--min-wait", "soon"],
            r#"--min-wait is "soon"; it must be seconds (0.5) or carry units"#,
        ),
        (&["api", "--min-wait"], "--min-wait needs a value"),
        (
            &["api", "--jitter", "some"],
            r#"--jitter is "some"; it must be none, equal, full, decorrelated, or a wait"#,
        ),
        (
            &["api", "--backoff", "cubic"],
            r#"--backoff is "cubic"; it must be constant, linear, exponential or fibonacci"#,
        ),
        (
            &["api", "--multiplier", "0.5"],
            r#"--multiplier is "0.5"; it must be a finite number of at least 1"#,
        ),
        (
            &["api", "--budget", "1.5"],
            "--budget: ratio is 1.5; it must be",
        ),
        (&["api", "--floor", "2"], "add --budget RATIO"),
        (
            &["api", "--layers", "11"],
            r#"--layers is "11"; it must be a whole number from 1 to 10"#,
        ),
        (
            &["api", "--min-wait", "10s", "--max-wait", "1s"],
            "--max-wait 1s contradicts --min-wait; it must be at least that",
        ),
        (
            &["api", "--multiplier", "3", "--backoff", "linear"],
            "--multiplier belongs to --backoff exponential; it contradicts --backoff linear",
        ),
        (
            &["api", "--max-attempts", "3", "--max-attempts", "7"],
            "--max-attempts is given twice",
        ),
        (
            &["api", "--timeout", "0"],
            r#"--timeout is "0"; it must be more than 0"#,
        ),
        (
            &["api", "--json=yes"],
            r#"--json takes no value; it was given "yes""#,
        ),
    ] {
        let Output {
            status,
            stderr,
            stdout,
        } = output(arguments);
        let error = String::from_utf8(stderr).expect("UTF-8");
        assert_eq!(status.code(), Some(2), "{arguments:?}: {error}");
        assert!(
            error.contains(text),
            "{arguments:?}: no {text:?} in {error}"
        );
        assert!(stdout.is_empty(), "{arguments:?}");
    }
    let output = explain(&["storage"])
        .env("RETRY__STORAGE_MAX_WAIT", "soon")
        .output()
        .expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        error.contains(r#"RETRY__STORAGE_MAX_WAIT is "soon""#),
        "{error}"
    );
}

#[test]
fn help_is_asked_for_or_given_where_nothing_is() {
    for arguments in [&["--help"][..], &["api", "-h"], &[]] {
        let Output { status, stdout, .. } = output(arguments);
        let text = String::from_utf8(stdout).expect("UTF-8");
        assert!(
            status.success() && text.contains("usage: explain [POLICY] [FLAGS]"),
            "{text}"
        );
    }
}

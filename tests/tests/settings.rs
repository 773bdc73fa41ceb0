//! Settings as a process meets them: installed, or read at first use, from variables and `.env`.
//!
//! Settings that are read once for a process are tested in a process of its own: a test runs this program
//! again as a child, and reads its output.

use std::path::Path;

use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{RetrySettings, retry_api, retry_storage};
use retry_tests::{child, is_child, printed_by};

#[retry_storage]
fn load_task(script: &Script<(), &'static str>) -> Result<(), &'static str> {
    script.next()
}

#[retry_api(max_attempts = 3)]
fn call_llm(script: &Script<(), &'static str>) -> Result<(), &'static str> {
    script.next()
}

/// Runs one of the `child_…` tests below in a process of its own, and returns what it printed.
fn output_of(test: &str, folder: &Path, variables: &[(&str, &str)]) -> String {
    let mut child = child(test);
    printed_by(child.envs(variables.iter().copied()).current_dir(folder))
}

/// Fails until attempts run out, on both operations, and prints what was reported.
#[test]
fn child_fails_twice() {
    if !is_child() {
        return;
    }
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    for _ in 0..2 {
        let script = Script::new(std::iter::repeat_n(Err("busy"), 50));
        let _ = load_task(&script);
        println!("load_task made {} attempts", script.attempts());
    }
    let script = Script::new(std::iter::repeat_n(Err("busy"), 50));
    let _ = call_llm(&script);
    println!("call_llm made {} attempts", script.attempts());
    for message in recorder.messages() {
        if message.contains("RETRY__") || message.contains(".env") {
            println!("{message}");
        }
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn the_environment_is_read_at_first_use() {
    let printed = output_of(
        "child_fails_twice",
        folder().path(),
        &[
            ("RETRY__STORAGE_MAX_ATTEMPTS", "7"),
            ("RETRY__API_MAX_ATTEMPTS", "9"),
            ("RETRY__OP__CALL_LLM__MAX_ATTEMPTS", "2"),
        ],
    );
    assert!(printed.contains("load_task made 7 attempts"), "{printed}");
    // Over the argument, which is over the class variable.
    assert!(printed.contains("call_llm made 2 attempts"), "{printed}");
}

#[test]
fn a_typo_is_logged_once_and_its_default_used() {
    let printed = output_of(
        "child_fails_twice",
        folder().path(),
        &[
            ("RETRY__STORAGE_MAX_ATTEMPTS", "many"),
            ("RETRY__STORAGE_MIN_WAIT", "250ms"),
            ("RETRY__STORAGE_ATTEMPTS", "4"),
            ("RETRY__OP__load__MAX_WAIT", "4"),
        ],
    );
    assert_eq!(
        printed.matches("load_task made 5 attempts").count(),
        2,
        "{printed}"
    );
    let error = "ERROR RETRY__STORAGE_MAX_ATTEMPTS is \"many\"; it must be a whole number from 1 to \
                 4294967295, or unlimited: the default is used";
    assert_eq!(printed.matches(error).count(), 1, "{printed}");
    for name in ["RETRY__STORAGE_ATTEMPTS", "RETRY__OP__load__MAX_WAIT"] {
        let unknown = format!("WARN Unknown setting {name}: it is not used");
        assert_eq!(printed.matches(&unknown).count(), 1, "{printed}");
    }
}

#[test]
fn the_environment_wins_over_dot_env_which_is_never_written_back() {
    let folder = folder();
    let text = "RETRY__STORAGE_MAX_ATTEMPTS=6\nexport RETRY__API_MAX_ATTEMPTS='8' # tonight\n\
                RETRY__OP__CALL_LLM__MAX_ATTEMPTS=4\nDATABASE_PASSWORD=hunter2\n";
    std::fs::write(folder.path().join(".env"), text).expect("written");
    let printed = output_of(
        "child_fails_twice",
        folder.path(),
        &[("RETRY__STORAGE_MAX_ATTEMPTS", "2")],
    );
    assert!(printed.contains("load_task made 2 attempts"), "{printed}");
    assert!(printed.contains("call_llm made 4 attempts"), "{printed}");
    let now = std::fs::read_to_string(folder.path().join(".env")).expect("still there");
    assert_eq!(now, text);
}

#[test]
fn a_line_of_dot_env_that_is_not_ours_is_skipped_and_keeps_its_secrets() {
    let folder = folder();
    let text = "password hunter2 'unclosed\nRETRY__STORAGE_MAX_ATTEMPTS=6\n";
    std::fs::write(folder.path().join(".env"), text).expect("written");
    let printed = output_of("child_fails_twice", folder.path(), &[]);
    let warned = "WARN Line 1 of .env is not NAME=value: it is skipped";
    assert_eq!(printed.matches(warned).count(), 1, "{printed}");
    assert!(printed.contains("load_task made 6 attempts"), "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");

    let printed = output_of("child_loads", folder.path(), &[]);
    assert!(printed.contains("Ok: RetrySettings"), "{printed}");
    assert_eq!(printed.matches(warned).count(), 1, "{printed}");
    assert!(!printed.contains("hunter2"), "{printed}");
}

#[test]
fn a_malformed_line_of_dot_env_that_is_ours_is_named() {
    let folder = folder();
    let text =
        "RETRY__API_MAX_ATTEMPTS 7\nRETRY__STORAGE_MAX_ATTEMPTS='6\nRETRY__API_MIN_WAIT=soon\n";
    std::fs::write(folder.path().join(".env"), text).expect("written");
    let printed = output_of("child_loads", folder.path(), &[]);
    for named in [
        "Err: RETRY__",
        "RETRY__API_MAX_ATTEMPTS is \"7\"; line 1 of .env must be NAME=value",
        "RETRY__STORAGE_MAX_ATTEMPTS is \"'6\"; line 2 of .env must be NAME=value",
        "RETRY__API_MIN_WAIT is \"soon\"; it must be seconds",
    ] {
        assert!(printed.contains(named), "{printed}");
    }
    let printed = output_of("child_fails_twice", folder.path(), &[]);
    let error = "ERROR RETRY__STORAGE_MAX_ATTEMPTS is \"'6\"; line 2 of .env must be NAME=value: \
                 the default is used";
    assert_eq!(printed.matches(error).count(), 1, "{printed}");
    assert!(printed.contains("load_task made 5 attempts"), "{printed}");
}

#[test]
fn a_dot_env_that_cannot_be_read_is_an_error() {
    let folder = folder();
    std::fs::create_dir(folder.path().join(".env")).expect("made");
    let printed = output_of("child_loads", folder.path(), &[]);
    assert!(printed.contains("Err: cannot read .env: "), "{printed}");
    let printed = output_of("child_fails_twice", folder.path(), &[]);
    assert!(printed.contains("ERROR cannot read .env: "), "{printed}");
}

#[test]
fn child_loads() {
    if !is_child() {
        return;
    }
    let recorder = Recorder::install();
    match RetrySettings::load() {
        Ok(settings) => println!("Ok: {settings:?}"),
        Err(error) => println!("Err: {error}"),
    }
    println!("{:#?}", recorder.messages());
}

#[test]
fn load_names_every_bad_variable() {
    let printed = output_of(
        "child_loads",
        folder().path(),
        &[
            ("RETRY__API_MAX_ATTEMPTS", "-3"),
            ("RETRY__WORKER_MAX_WAIT", "2 fortnights"),
        ],
    );
    for name in [
        "RETRY__API_MAX_ATTEMPTS is \"-3\"",
        "RETRY__WORKER_MAX_WAIT is \"2 fortnights\"",
    ] {
        assert!(printed.contains(name), "{printed}");
    }
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_refused_by_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let output = child("child_loads")
        .env("RETRY__API_MAX_WAIT", OsStr::from_bytes(b"\xff\xfe"))
        .output()
        .expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("Err: RETRY__API_MAX_WAIT is"), "{printed}");
}

#[test]
fn child_installs_twice() {
    if !is_child() {
        return;
    }
    let _clock = VirtualClock::install();
    for attempts in ["2", "4", "unlimited"] {
        let variables = [
            ("RETRY__STORAGE_MAX_ATTEMPTS", attempts),
            ("RETRY__NESTED", "multiply"),
        ];
        RetrySettings::from_vars(variables).expect("good").install();
        let mut outcomes = vec![Err("busy"); 30];
        outcomes.push(Ok(()));
        let script = Script::new(outcomes);
        let _ = load_task(&script);
        println!("{attempts}: {} attempts", script.attempts());
    }
}

#[test]
fn installed_settings_replace_each_other_and_the_environment() {
    let printed = output_of(
        "child_installs_twice",
        folder().path(),
        &[("RETRY__STORAGE_MAX_ATTEMPTS", "9")],
    );
    for line in ["2: 2 attempts", "4: 4 attempts", "unlimited: 31 attempts"] {
        assert!(printed.contains(line), "{printed}");
    }
}

#[test]
fn child_counts_by_variable() {
    if !is_child() {
        return;
    }
    let _clock = VirtualClock::install();
    // The first call counts, though nothing has failed yet that would need settings.
    let _ = load_task(&Script::new([Ok(())]));
    let _ = load_task(&Script::new([Err("busy"), Ok(())]));
    println!(
        "{:?}",
        retry_core::stats()
            .operation("load_task")
            .map(|one| one.calls)
    );
}

#[test]
fn statistics_are_switched_on_by_a_variable() {
    let printed = output_of(
        "child_counts_by_variable",
        folder().path(),
        &[("RETRY__STATS", "1")],
    );
    assert!(printed.contains("Some(2)"), "{printed}");
    let printed = output_of("child_counts_by_variable", folder().path(), &[]);
    assert!(printed.contains("None"), "{printed}");
}

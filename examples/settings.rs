//! One binary, different variables: the effect of `RETRY__…` on an annotated function.
//!
//! ```text
//! cargo run -p retry-examples --bin settings
//! ```
//!
//! The program starts itself anew for each case, with the case's variables or `.env`, and prints
//! the output of the new process. To try your own:
//!
//! ```text
//! RETRY__STORAGE_MAX_ATTEMPTS=2 cargo run -p retry-examples --bin settings -- strict
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::{env, fs, io, process};

use retry_core::testing::{self, Recorder, Script};
use retry_core::{OperationClass, RetrySettings, SettingsError, retry_storage};

/// The function under test: its argument wins over the class's variable, and an operator's
/// `RETRY__OP__LOAD_TASK__…` over both.
#[retry_storage(max_wait = "2s")]
fn load_task(script: &Script<&'static str, &'static str>) -> Result<&'static str, &'static str> {
    script.next()
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mode = env::args().nth(1);
    let _report = mode.as_ref().map(|_| Report(Recorder::install()));
    match mode.as_deref() {
        Some("strict") => Ok(strict()),
        Some("lazy") => Ok(lazy()),
        _ => cases().map(|()| ExitCode::SUCCESS),
    }
}

/// The start of a strict service: a bad value ends it, with a message that names the value.
fn strict() -> ExitCode {
    let settings = match RetrySettings::load() {
        Ok(settings) => settings,
        Err(SettingsError::Invalid(invalid)) => {
            for setting in invalid {
                println!("refused: {setting}");
            }
            return ExitCode::FAILURE;
        }
        Err(error) => {
            println!("refused: {error}");
            return ExitCode::FAILURE;
        }
    };
    let storage = settings.policy(OperationClass::Storage);
    let attempts = if storage.is_unlimited() {
        "unlimited".to_owned()
    } else {
        storage.max_attempts().to_string()
    };
    let (min, max) = (storage.min_wait(), storage.max_wait());
    println!("the class: {attempts} attempts, {min:?} to {max:?}");
    settings.install();
    call();
    ExitCode::SUCCESS
}

/// The start of a service without `load`: the environment is read at the first failure, and a bad
/// value is reported and its default used.
fn lazy() -> ExitCode {
    call();
    ExitCode::SUCCESS
}

/// Seven failures, then success: more failures than the default policy retries.
fn call() {
    let _no_wait = testing::no_wait();
    let outcomes = [Err("connection reset"); 7].into_iter().chain([Ok("task")]);
    let script = Script::new(outcomes);
    let outcome = load_task(&script);
    println!("load_task: {outcome:?} after attempt {}", script.attempts());
}

/// Prints the library's reports, except those of the retries themselves.
struct Report(Recorder);

impl Drop for Report {
    fn drop(&mut self) {
        let retries = ["WARN Retry attempt", "INFO Waiting", "INFO Retry succeeded"];
        for message in self.0.messages() {
            if !retries.iter().any(|start| message.starts_with(start)) {
                println!("{message}");
            }
        }
    }
}

/// One start of the program: its mode, its variables and `.env`, and the expected output.
struct Case<'a> {
    title: &'a str,
    mode: &'a str,
    variables: &'a [(&'a str, &'a str)],
    dot_env: &'a str,
    says: &'a [&'a str],
    succeeds: bool,
}

const DEFAULT: Case<'_> = Case {
    title: "No variables: the defaults of #[retry_storage], and max_wait from the argument",
    mode: "strict",
    variables: &[],
    dot_env: "",
    says: &["5 attempts, 500ms to 5s", "max_wait=2.0s (argument)"],
    succeeds: true,
};

fn cases() -> Result<(), Box<dyn std::error::Error>> {
    for case in [
        DEFAULT,
        Case {
            title: "Class variables: every storage operation; an argument still counts over them",
            variables: &[
                ("RETRY__STORAGE_MAX_ATTEMPTS", "3"),
                ("RETRY__STORAGE_MIN_WAIT", "50ms"),
                ("RETRY__STORAGE_MAX_WAIT", "0.5"),
            ],
            says: &[
                "3 attempts, 50ms to 500ms",
                "max_attempts=3 (class variable)",
                "max_wait=2.0s (argument)",
            ],
            ..DEFAULT
        },
        Case {
            title: "One operation, for the operator at night: over everything in the code",
            variables: &[
                ("RETRY__STORAGE_MAX_ATTEMPTS", "3"),
                ("RETRY__OP__LOAD_TASK__MAX_ATTEMPTS", "8"),
                ("RETRY__OP__LOAD_TASK__MAX_WAIT", "700ms"),
            ],
            says: &[
                "max_attempts=8 (operation variable)",
                "max_wait=0.7s (operation variable)",
                r#"Ok("task") after attempt 8"#,
            ],
            ..DEFAULT
        },
        Case {
            title: "Attempts without end, by the explicit word",
            variables: &[("RETRY__STORAGE_MAX_ATTEMPTS", "unlimited")],
            says: &[
                "the class: unlimited attempts",
                "max_attempts=unlimited (class variable)",
                r#"Ok("task")"#,
            ],
            ..DEFAULT
        },
        Case {
            title: ".env of the working directory, under the environment",
            variables: &[("RETRY__STORAGE_MAX_ATTEMPTS", "4")],
            dot_env: "RETRY__STORAGE_MAX_ATTEMPTS=2\nRETRY__STORAGE_MIN_WAIT=80ms\n",
            says: &["4 attempts, 80ms to 5s"],
            ..DEFAULT
        },
        Case {
            title: "Bad values, RetrySettings::load: an error that names them all",
            variables: BAD,
            says: &[
                r#"refused: RETRY__STORAGE_MAX_ATTEMPTS is "many"; it must be"#,
                r#"refused: RETRY__STORAGE_MIN_WAIT is "soon"; it must be"#,
            ],
            succeeds: false,
            ..DEFAULT
        },
        Case {
            title: "The same without load: reported once, defaults used, the service runs",
            mode: "lazy",
            variables: BAD,
            says: &[
                r#"ERROR RETRY__STORAGE_MAX_ATTEMPTS is "many""#,
                "max_attempts=5 (default)",
            ],
            ..DEFAULT
        },
        Case {
            title: "A name that nobody knows does not go unseen",
            variables: &[("RETRY__STORAGE_MAX_ATEMPTS", "9")],
            says: &["WARN Unknown setting RETRY__STORAGE_MAX_ATEMPTS"],
            ..DEFAULT
        },
    ] {
        run(&case)?;
    }
    Ok(())
}

const BAD: &[(&str, &str)] = &[
    ("RETRY__STORAGE_MAX_ATTEMPTS", "many"),
    ("RETRY__STORAGE_MIN_WAIT", "soon"),
];

/// Starts this program anew in a folder of its own, with no `RETRY__…` variables but the case's.
fn run(case: &Case<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::temp_dir().join(format!("retry-settings-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let output = fs::write(folder.join(".env"), case.dot_env).and_then(|()| start(case, &folder));
    fs::remove_dir_all(&folder)?;
    let output = output?;

    println!("\n{}", case.title);
    for (name, value) in case.variables {
        println!("  $ {name}={value}");
    }
    for line in case.dot_env.lines() {
        println!("  .env: {line}");
    }
    let said = String::from_utf8(output.stdout)?;
    for line in said.lines() {
        println!("    {line}");
    }
    for line in case.says {
        assert!(said.contains(line), "{}: no {line:?} in {said}", case.title);
    }
    assert_eq!(output.status.success(), case.succeeds, "{}", case.title);
    Ok(())
}

fn start(case: &Case<'_>, folder: &Path) -> io::Result<Output> {
    let mut program = Command::new(env::current_exe()?);
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("RETRY__") {
            program.env_remove(name);
        }
    }
    program
        .arg(case.mode)
        .envs(case.variables.iter().copied())
        .current_dir(folder)
        .output()
}

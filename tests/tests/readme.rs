//! The program of the README, in a project of its own outside of the workspace.

use std::fs;
use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// Returns the block of code that begins with a line.
fn block<'a>(page: &'a str, first_line: &str) -> &'a str {
    let begin = page.find(first_line).expect("the block is there");
    let block = &page[begin..];
    &block[..block.find("```").expect("the block ends")]
}

#[test]
fn the_program_runs() {
    let page = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("a page");
    let root = fs::canonicalize(ROOT).expect("a folder");
    let root = root.to_str().expect("a path in UTF-8");
    let manifest = block(&page, "# Cargo.toml").replace("../retry/", &format!("{root}/"));
    assert!(manifest.contains(root), "{manifest}");
    let project = tempfile::tempdir().expect("a folder");
    let place = |name: &str| project.path().join(name);
    fs::create_dir(place("src")).expect("a folder");
    fs::write(place("Cargo.toml"), manifest).expect("written");
    fs::write(place("src/main.rs"), block(&page, "// src/main.rs")).expect("written");
    // With the versions that the workspace has: nothing is fetched.
    fs::copy(Path::new(ROOT).join("Cargo.lock"), place("Cargo.lock")).expect("copied");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let output = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--offline"])
        .current_dir(project.path())
        .env("CARGO_TARGET_DIR", target)
        .env("RUST_LOG", "warn")
        .output()
        .expect("cargo runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{errors}");
    let charges = printed.matches("the bank charges order 7").count();
    let receipts = printed.matches("Receipt { number: 1 }").count();
    assert_eq!((charges, receipts), (1, 2), "{printed}{errors}");
}

/// The programs of these pages are examples: other dependencies than those of the crates run them.
#[test]
fn pages_show_their_examples_as_they_are() {
    let read = |name: &str| fs::read_to_string(Path::new(ROOT).join(name)).expect("a file");
    let page = read("retry-effects/docs/guide/job_runners.md");
    let example = read("examples/job_runner/handler.rs");
    let blocks: Vec<&str> = page.split("```ignore\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let (block, _) = block.split_once("```").expect("the block ends");
        for part in block.trim_end().split("\n\n") {
            assert!(example.contains(part), "not in the example:\n{part}");
        }
    }
}

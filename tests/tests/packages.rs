//! The published parts of the repository: the packages, and texts that name packages.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const PACKAGES: [&str; 3] = ["retry-core", "retry-macros", "retry-effects"];

#[test]
fn each_has_the_licences() {
    for package in PACKAGES {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let read = |folder: &str| {
                let path = Path::new(ROOT).join(folder).join(name);
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
            };
            assert_eq!(read(package), read("."), "{package}: {name}");
        }
    }
}

/// A registry shows a page without the files around it, and docs.rs a page of the documentation too.
#[test]
fn no_page_of_a_package_links_to_a_file() {
    for package in PACKAGES {
        let pages = files(&Path::new(ROOT).join(package))
            .into_iter()
            .filter(|path| has_extension(path, &["md", "rs"]));
        for path in pages {
            let is_page = has_extension(&path, &["md"]);
            for line in text(&path).lines() {
                let line = line.trim_start();
                if !is_page && !line.starts_with("//!") && !line.starts_with("///") {
                    continue;
                }
                for target in line.split("](").skip(1) {
                    let target = target.split(')').next().unwrap_or_default();
                    let is_file = ["md", "rs", "svg", "png", "toml"]
                        .iter()
                        .any(|extension| target.ends_with(&format!(".{extension}")))
                        || target.starts_with('.');
                    assert!(
                        !is_file || target.starts_with("https://"),
                        "{}: {line}",
                        path.display()
                    );
                }
            }
        }
    }
}

/// `retry-core` and `retry_core` are one name to a registry, and another author has it.
#[test]
fn no_text_sends_anybody_to_a_package_of_the_registry() {
    let commands = ["cargo add ", "cargo install "];
    for path in files(Path::new(ROOT)) {
        if !has_extension(&path, &["md", "rs", "stderr", "toml"]) || path.ends_with(file!()) {
            continue;
        }
        for line in text(&path).lines() {
            for command in commands {
                let Some((_, rest)) = line.split_once(command) else {
                    continue;
                };
                let is_warning = line.contains("`cargo add retry_core`, which the compiler");
                assert!(
                    rest.starts_with("--path ") || is_warning,
                    "{}: {line}",
                    path.display()
                );
            }
        }
    }
}

/// Returns the files of the repository below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    for entry in entries {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_symlink() || name == "target" || name == ".git" {
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default();
    extensions.iter().any(|one| extension == *one)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
}

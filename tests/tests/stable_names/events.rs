//! The events of the logs, as the source emits them: level, fields, text; and the values of the fields
//! `outcome` and `gate`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{list, read};

/// The files whose names of outcomes are values of a field.
const OUTCOMES: [&str; 3] = [
    "../retry-core/src/report/event.rs",
    "../retry-core/src/engine/ending.rs",
    "../retry-effects/src/gate/event.rs",
];

#[test]
fn the_list_of_events_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut found, mut outcomes) = (Found::default(), BTreeSet::new());
    for source in ["../retry-core/src", "../retry-effects/src"] {
        visit(&root.join(source), &mut found);
    }
    for path in OUTCOMES {
        names_in(tokens_of(&root.join(path)), &mut outcomes);
    }
    assert_eq!(
        found.other_targets,
        BTreeSet::new(),
        "the target is \"retry\""
    );
    let values = outcomes.into_iter().map(|name| format!("value {name}"));
    let lines: Vec<_> = found.events.into_iter().chain(values).collect();
    let text = lines.join("\n") + "\n";
    let path = list("events.txt");
    if std::env::var_os("RETRY_TESTS_UPDATE").is_some() {
        return fs::write(path, text).expect("a folder that can be written");
    }
    let known = read(&path);
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (known.lines().collect(), text.lines().collect());
    let gone: Vec<_> = old.difference(&new).collect();
    let added: Vec<_> = new.difference(&old).collect();
    assert!(
        gone.is_empty() && added.is_empty(),
        "the events have changed; where that is meant, run this test with RETRY_TESTS_UPDATE=1, commit the \
         list, and name in the changelog what is gone:\ngone: {gone:#?}\nadded: {added:#?}"
    );
}

#[derive(Default)]
struct Found {
    events: BTreeSet<String>,
    other_targets: BTreeSet<String>,
}

fn visit(folder: &Path, found: &mut Found) {
    for entry in fs::read_dir(folder).expect("a folder of source") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "tests" {
                visit(&path, found);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.look(tokens_of(&path));
        }
    }
}

/// The tokens of a file, without its own tests.
fn tokens_of(path: &Path) -> TokenStream {
    let tokens: TokenStream = read(path).parse().expect("Rust");
    let tokens: Vec<_> = tokens.into_iter().collect();
    let is_tests =
        |at: usize| at > 1 && ["mod", "tests"] == [0, 1].map(|n| tokens[at - 2 + n].to_string());
    let kept = tokens.iter().enumerate().filter(|(at, _)| !is_tests(*at));
    kept.map(|(_, token)| token.clone()).collect()
}

impl Found {
    fn look(&mut self, source: TokenStream) {
        let tokens: Vec<_> = source.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else {
                continue;
            };
            let is_call = group.delimiter() == Delimiter::Parenthesis && at >= 2;
            if is_call && matches!(&tokens[at - 1], TokenTree::Punct(mark) if mark.as_char() == '!')
            {
                self.event(&tokens[at - 2].to_string(), group.stream());
            }
            self.look(group.stream());
        }
    }

    /// Adds an event, if the macro of this name makes one.
    fn event(&mut self, name: &str, arguments: TokenStream) {
        let arguments = split(arguments);
        let mut texts = arguments.iter().filter_map(|argument| text_of(argument));
        let Some(target) = arguments.first().and_then(|first| target(first)) else {
            // Two macros of the crates, which give an event its level, and which are among the events.
            // The text is the last: an outcome may stand before it.
            if let (true, Some(text)) = (["at_level", "event"].contains(&name), texts.next_back()) {
                let level: TokenStream = arguments[0].iter().cloned().collect();
                self.events.insert(format!("{name} {level} {text}"));
            }
            return;
        };
        if name == "enabled" {
            return;
        }
        if target != "\"retry\"" {
            self.other_targets.insert(target);
        }
        let fields: BTreeSet<_> = arguments[1..]
            .iter()
            .take_while(|argument| text_of(argument).is_none())
            .filter_map(|argument| field(argument))
            .collect();
        let fields = fields.into_iter().collect::<Vec<_>>().join(" ");
        let text = texts.next().unwrap_or_else(|| "..".to_owned());
        self.events.insert(format!("{name} [{fields}] {text}"));
    }
}

/// The literal of an event's text, on one line.
fn text_of(argument: &[TokenTree]) -> Option<String> {
    let [TokenTree::Literal(literal)] = argument else {
        return None;
    };
    let literal = literal.to_string();
    // A text over several lines continues after a backslash.
    let words = literal.split_whitespace().filter(|word| *word != "\\");
    Some(words.collect::<Vec<_>>().join(" "))
}

/// Splits at the commas.
fn split(arguments: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut found = vec![Vec::new()];
    for token in arguments {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == ',' => found.push(Vec::new()),
            token => found.last_mut().expect("one").push(token),
        }
    }
    found
}

fn target(argument: &[TokenTree]) -> Option<String> {
    match argument {
        [TokenTree::Ident(name), TokenTree::Punct(_), value] if name == "target" => {
            Some(value.to_string())
        }
        _ => None,
    }
}

/// The name of a field: `name = ..`, `name`, `%name`, `?name`.
fn field(argument: &[TokenTree]) -> Option<String> {
    match argument {
        [TokenTree::Ident(name)] => Some(name.to_string()),
        [TokenTree::Punct(mark), TokenTree::Ident(name)] if mark.as_char() != '$' => {
            Some(name.to_string())
        }
        [TokenTree::Ident(name), TokenTree::Punct(mark), ..] if mark.as_char() == '=' => {
            Some(name.to_string())
        }
        _ => None,
    }
}

/// Collects the literals that are names in small letters.
fn names_in(source: TokenStream, found: &mut BTreeSet<String>) {
    for token in source {
        match token {
            TokenTree::Group(group) => names_in(group.stream(), found),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let name = text.trim_matches('"');
                let is_name = |char: char| char.is_ascii_lowercase() || char == '_';
                if text.starts_with('"') && !name.is_empty() && name.chars().all(is_name) {
                    found.insert(name.to_owned());
                }
            }
            _ => {}
        }
    }
}

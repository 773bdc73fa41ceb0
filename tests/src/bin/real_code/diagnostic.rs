//! Errors and warnings of the compiler.

use serde_json::Value;

use crate::annotated::{Place, Sources};

/// The path of our bounds, in the compiler's messages about them.
const BOUNDS: &str = "retry_core::";

/// Verbs of a message that says what to write.
const CURES: [&str; 11] = [
    "derive ",
    "give ",
    "implement ",
    "make ",
    "move ",
    "remove ",
    "return ",
    "take ",
    "use ",
    "wrap ",
    "write ",
];

/// An error or a warning.
pub(crate) struct Diagnostic {
    pub(crate) is_error: bool,
    /// The message, with its notes.
    pub(crate) text: String,
    message: String,
    notes: Vec<String>,
    /// Whether a span has a label: those of the macro's own messages have none.
    is_labelled: bool,
    code: Option<String>,
    /// The files and bytes that it is about, the most important first.
    places: Vec<(String, usize)>,
}

impl Diagnostic {
    /// Reads a line of cargo's output. `None` if it is no error or warning of the crate.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        if line["reason"] != "compiler-message" {
            return None;
        }
        let message = &line["message"];
        let is_error = match message["level"].as_str()? {
            "error" => true,
            "warning" => false,
            _ => return None,
        };
        let mut places = Vec::new();
        collect(message, &mut places);
        // "aborting due to 2 previous errors", "3 warnings emitted"
        if places.is_empty() {
            return None;
        }
        Some(Self {
            is_error,
            text: message["rendered"].as_str()?.to_owned(),
            message: message["message"].as_str()?.to_owned(),
            notes: list(&message["children"])
                .filter_map(|it| Some(it["message"].as_str()?.to_owned()))
                .collect(),
            is_labelled: list(&message["spans"]).any(|it| it["label"].is_string()),
            code: message["code"]["code"].as_str().map(str::to_owned),
            places,
        })
    }

    /// Returns the annotated function that it is about.
    pub(crate) fn function(&self, sources: &Sources) -> Option<Place> {
        self.places
            .iter()
            .find_map(|(path, byte)| sources.at(path, *byte))
    }

    /// Returns the message if it is one of ours and says what to write: the macro's own, or that of a
    /// bound, whose notes say it and whose types are left out here.
    pub(crate) fn cure(&self) -> Option<String> {
        let says = |text: &str| CURES.iter().any(|verb| text.contains(verb));
        if self.code.is_none() {
            let is_cure = !self.is_labelled && self.notes.is_empty() && says(&self.message);
            return is_cure.then(|| self.message.clone());
        }
        let mut notes = self.notes.iter();
        let is_cure = notes.any(|it| it.contains(BOUNDS)) && self.notes.iter().any(|it| says(it));
        let names = self.message.split('`').enumerate();
        let nameless = names.map(|(at, part)| if at % 2 == 0 { part } else { "_" });
        is_cure.then(|| nameless.collect())
    }

    /// Returns what identifies a warning: attributes change no line's number.
    pub(crate) fn place(&self) -> String {
        let file = self.places.first().map_or("", |(path, _)| path);
        let code = self.code.as_deref().unwrap_or("");
        format!("{file}: {} [{code}]", self.message)
    }
}

/// Collects the places of a message: primary ones first, those of its notes last.
fn collect(message: &Value, places: &mut Vec<(String, usize)>) {
    for is_primary in [true, false] {
        for span in list(&message["spans"]).filter(|span| span["is_primary"] == is_primary) {
            let mut span = span;
            while span.is_object() {
                let file = span["file_name"].as_str().unwrap_or_default();
                let byte = span["byte_start"].as_u64().unwrap_or_default();
                places.push((file.to_owned(), usize::try_from(byte).unwrap_or(usize::MAX)));
                span = &span["expansion"]["span"];
            }
        }
    }
    for child in list(&message["children"]) {
        collect(child, places);
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

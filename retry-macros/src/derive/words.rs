//! The words in `#[classify(..)]`, and the contradictions among them.

use syn::{Attribute, ExprPath, LitStr, Member, Path};

use crate::derive::advice::Advice;
use crate::derive::list::{self, WordValue, WrittenWord};
use crate::derive::place::Place;
use crate::parse::fault::Faults;

/// All words of one case, or of an enum.
#[derive(Default)]
pub(super) struct Words {
    pub(super) advice: Option<Advice>,
    pub(super) retry_after: Option<Member>,
    pub(super) not_applied: bool,
    pub(super) not_asked: bool,
    pub(super) throttle: bool,
    pub(super) kind: Option<LitStr>,
    pub(super) with: Option<ExprPath>,
    pub(super) default: Option<Advice>,
    pub(super) krate: Option<Path>,
}

impl Words {
    /// Reads all words that can be read, and reports the rest in `faults`.
    pub(super) fn parse(attributes: &[Attribute], place: Place, faults: &mut Faults) -> Self {
        let given = list::parse(attributes, place, faults);
        refuse_duplicates(&given, faults);
        refuse_contradictions(&given, faults);
        refuse_beside_with(&given, faults);
        let mut words = Self::default();
        for word in given {
            words.set(word);
        }
        words
    }

    fn set(&mut self, word: WrittenWord) {
        match (word.key.to_string().as_str(), word.value) {
            ("retry", _) => self.advice = Some(Advice::Retry),
            ("stop", _) => self.advice = Some(Advice::Stop),
            ("not_applied", _) => self.not_applied = true,
            ("not_asked", _) => self.not_asked = true,
            ("throttle", _) => self.throttle = true,
            (_, WordValue::Field(field)) => self.retry_after = Some(field),
            (_, WordValue::Kind(kind)) => self.kind = Some(kind),
            (_, WordValue::Function(function)) => self.with = Some(function),
            (_, WordValue::Advice(advice)) => self.default = Some(advice),
            (_, WordValue::Crate(path)) => self.krate = Some(path),
            (_, WordValue::Nothing) => {}
        }
    }
}

/// Refuses a word that is given twice; the error shows both places.
fn refuse_duplicates(words: &[WrittenWord], faults: &mut Faults) {
    for (at, word) in words.iter().enumerate() {
        let key = &word.key;
        if let Some(first) = words[..at].iter().find(|earlier| earlier.key == *key) {
            faults.add_contradiction(
                key.span(),
                format!("`{key}` is given twice"),
                first.key.span(),
                format!("`{key}` is first given here"),
            );
        }
    }
}

/// Words that contradict each other, and the reason.
const CONTRADICTIONS: [(&str, &str, &str); 4] = [
    ("retry", "stop", "an error has one advice"),
    (
        "retry",
        "retry_after",
        "`retry_after` is a retry, and `None` in its field is one without a wait",
    ),
    ("stop", "retry_after", "an error has one advice"),
    (
        "throttle",
        "not_asked",
        "a side that was not asked asks for nothing",
    ),
];

fn refuse_contradictions(words: &[WrittenWord], faults: &mut Faults) {
    for (a, b, why) in CONTRADICTIONS {
        let find = |key| words.iter().position(|word| word.key == key);
        if let (Some(a), Some(b)) = (find(a), find(b)) {
            let (first, second) = (&words[a.min(b)].key, &words[a.max(b)].key);
            faults.add_contradiction(
                second.span(),
                format!("`{second}` contradicts `{first}`: {why}; remove one of the two"),
                first.span(),
                format!("`{first}` is given here"),
            );
        }
    }
}

fn refuse_beside_with(words: &[WrittenWord], faults: &mut Faults) {
    let Some(with) = words.iter().find(|word| word.key == "with") else {
        return;
    };
    let others = words
        .iter()
        .filter(|word| word.key != "with" && word.key != "crate");
    for other in others.map(|word| &word.key) {
        let message = format!(
            "`{other}` has no place beside `with`: the function judges alone; let it return a `Judgement` \
             that says so"
        );
        faults.add_contradiction(
            other.span(),
            message,
            with.key.span(),
            "the function is given here",
        );
    }
}

//! Words of `#[derive(Classify)]` that are unknown, doubled, contradictory or without their value:
//! all at once, each with what is allowed.

use retry_core::Classify;

#[derive(Debug, thiserror::Error, Classify)]
#[error("unknown")]
enum Unknown {
    #[classify(retri)]
    Misspelt,
    #[classify(transient, not_aplied)]
    Alias,
    #[classify(zzz)]
    Neither,
    #[classify(stop not_applied)]
    NoComma,
    #[classify("retry")]
    NoWord,
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("empty")]
enum Empty {
    #[classify]
    Bare,
    #[classify()]
    Parentheses,
    #[classify = "stop"]
    Text,
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("together")]
enum Together {
    #[classify(stop, kind = "a", stop)]
    #[classify(kind = "b")]
    Twice,
    #[classify(retry, stop)]
    Advice,
    #[classify(stop, retry_after = 0)]
    AdviceAndWait(std::time::Duration),
    #[classify(throttle, not_asked)]
    Answers,
    #[classify(with = judge, not_applied, kind = "a")]
    BesideWith,
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("values")]
#[classify(default = not_applied, crate = "retry_core")]
enum Values {
    #[classify(kind)]
    NoKind,
    #[classify(kind = )]
    NothingBehind,
    #[classify(kind = KIND)]
    NoText,
    #[classify(kind = "Too Many")]
    NoLabel,
    #[classify(stop = true)]
    Flag,
    #[classify(not_applied(all))]
    List,
    #[classify(with = |code| true)]
    Closure(u32),
    #[classify(retry_after = "1s")]
    Wait,
}

fn main() {
    // A type at fault is `Classify` all the same: nothing is said of its uses.
    let _ = Unknown::Alias.classify();
}

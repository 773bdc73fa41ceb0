//! `#[derive(Classify)]`: words on variants, errors that fields hold, and both together.

#[path = "derive_classify/generics.rs"]
mod generics;
#[path = "derive_classify/lints.rs"]
mod lints;
#[path = "derive_classify/shapes.rs"]
mod shapes;
#[path = "derive_classify/sources.rs"]
mod sources;
#[path = "derive_classify/together.rs"]
mod together;
#[path = "derive_classify/words.rs"]
mod words;

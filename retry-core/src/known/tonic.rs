//! Placeholder until the classification of this library lands.

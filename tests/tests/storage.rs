//! `#[retry_storage]` on parameters: by value, by reference, patterns, attributes, odd names.

mod storage {
    mod attributes;
    mod names;
    mod owned;
    mod patterns;
    mod references;
}

//! What the attributes refuse, word for word: each case says what to do, where the fault stands.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p retry-tests-refusals`.

#[test]
fn refusals() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}

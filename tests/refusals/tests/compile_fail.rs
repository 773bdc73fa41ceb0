//! The refusals of the attributes, with their exact texts: each one names the remedy, at the place of the fault.
//!
//! After a change of a message: `TRYBUILD=overwrite cargo test -p retry-tests-refusals`.

#[test]
fn refusals() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}

//! What a user is told of a mistake, word for word, and what is none: `TRYBUILD=overwrite cargo test -p
//! countersign-macros --test compile` writes anew what they are told.

#[test]
fn mistakes_are_reported_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}

#[test]
fn every_kind_of_call_compiles() {
    trybuild::TestCases::new().pass("tests/pass/*.rs");
}

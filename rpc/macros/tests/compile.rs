//! What a user is told of a mistake, word for word: `TRYBUILD=overwrite cargo test -p countersign-macros
//! --test compile` writes anew what they are told.

#[test]
fn mistakes_are_reported_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}

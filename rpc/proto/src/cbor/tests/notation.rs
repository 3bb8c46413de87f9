//! Diagnostic notation that people write: what is read, and what they are told where it is not.

use proptest::collection::vec;
use proptest::prelude::*;

use super::profile::value;
use crate::cbor::{
    Diagnostic, Limits, Value, diagnostic, from_diagnostic, from_diagnostic_within, to_deterministic_vec,
    to_vec,
};

/// What is read, in the notation that we write.
#[track_caller]
fn read(text: &str) -> String {
    diagnostic(&from_diagnostic(text).unwrap_or_else(|error| panic!("{text}: {error}")))
}

#[track_caller]
fn told(text: &str) -> String {
    from_diagnostic(text).unwrap_err().to_string()
}

#[test]
fn what_people_type_is_read() {
    for (typed, value) in [
        ("null", "null"),
        ("[true,false , ]", "[true, false]"),
        ("{ }", "{}"),
        (r#"{1: "a", "b": {-2: [[]],},}"#, r#"{1: "a", "b": {-2: [[]]}}"#),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("[0xff, -0x10, 0o17, 0b101, +7, -0]", "[255, -16, 15, 5, 7, 0]"),
        ("[1.0, 1e3, 1E+3, -2.5e-3, -0.0]", "[1.0, 1000.0, 1000.0, -0.0025, -0.0]"),
        ("[NaN, Infinity, -Infinity, +Infinity]", "[NaN, Infinity, -Infinity, Infinity]"),
        (r#""\"\\\/\b\f\n\r\t\u00e9\u{1f980}\ud83e\udd80 ü""#, r#""\"\\/\u0008\u000c\n\r\té🦀🦀 ü""#),
        ("h''", "h''"),
        ("h'00 FF\n /the rest/ a b # of it\n'", "h'00ffab'"),
        (
            "[b64'AP8=', b64'AP8', b64'_-8', b64'A P 8\n=', b64'']",
            "[h'00ff', h'00ff', h'ffef', h'00ff', h'']",
        ),
        (r"'it\'s'", "h'69742773'"),
        ("<<1, [2]>>", "h'018102'"),
        ("<<>>", "h''"),
        ("/ before / [1, // to the end\n 2 /* in / between */, # so is this\n 3]", "[1, 2, 3]"),
        (" \t\r\n 7 \n", "7"),
    ] {
        assert_eq!(read(typed), value, "{typed}");
    }
}

#[test]
fn encoding_indicators_are_read_over() {
    assert_eq!(
        read("{_ 1_3: [_ 2.5_2, NaN_1, Infinity_2], \"a\"_1: [_1 ]}"),
        r#"{1: [2.5, NaN, Infinity], "a": []}"#
    );
    assert_eq!(read(r#"[(_ "ab", "cd"), (_ h'00', 'a'), (_ )]"#), r#"["abcd", h'0061', h'']"#);
    assert_eq!(
        told("(_ \"a\", h'00')"),
        "line 1, column 1: the chunks of a string are all text or all bytes"
    );
}

#[test]
fn a_mistake_has_its_line_and_column_and_says_what_was_expected() {
    for (typed, message) in [
        ("", "line 1, column 1: expected a value, found the end"),
        ("[1, 2", "line 1, column 6: expected `]` for the `[` of line 1, found the end"),
        ("{\n  \"a\": [\n    1,\n", "line 4, column 1: expected `]` for the `[` of line 2, found the end"),
        ("[1 2]", "line 1, column 4: expected `,` or `]`, found `2`"),
        ("[,]", "line 1, column 2: expected a value, found `,`"),
        ("[1}", "line 1, column 3: expected `,` or `]`, found `}`"),
        ("{\"é\": 1,\n \"b\" 2}", "line 2, column 6: expected `:` after the key \"b\", found `2`"),
        ("{account: 17}", "line 1, column 2: a name needs quotes: write \"account\""),
        ("{h'00': 1}", "line 1, column 2: a key is a text or an integer"),
        ("{1.5: 1}", "line 1, column 2: a key is a text or an integer"),
        ("{\"a\": 1,\n\"\\u0061\": 2}", "line 2, column 1: the key \"a\" is there twice"),
        ("{1: 1, 0x1: 2}", "line 1, column 8: the key 1 is there twice"),
        ("1 2", "line 1, column 3: expected the end, found `2`"),
        ("1, 2", "line 1, column 2: only one value is wanted: put several into [ ]"),
        ("yes", "line 1, column 1: expected a value; text needs quotes: \"yes\""),
        ("Nan", "line 1, column 1: expected a value; text needs quotes: \"Nan\""),
        ("undefined", "line 1, column 1: undefined cannot be sent: write null, or leave the entry out"),
        ("simple(7)", "line 1, column 1: simple values other than true, false and null cannot be sent"),
        ("[1, 0(\"2026-01-31\")]", "line 1, column 5: tags cannot be sent: write the value without its tag"),
        (
            "18446744073709551616",
            "line 1, column 1: integers go from -9223372036854775808 to \
            18446744073709551615; a float ends in .0",
        ),
        (
            "-9223372036854775809",
            "line 1, column 1: integers go from -9223372036854775808 to \
            18446744073709551615; a float ends in .0",
        ),
        ("1e999", "line 1, column 1: this number is too large for a float; if that is meant, write Infinity"),
        ("007", "line 1, column 1: a number does not begin with 0; octal is 0o17"),
        ("1.", "line 1, column 3: expected a digit, found the end"),
        (".5", "line 1, column 1: expected a digit, found `.`"),
        ("0xg", "line 1, column 3: expected a digit, found `g`"),
        ("12px", "line 1, column 3: expected nothing more of the number 12, found `p`"),
        ("1.2.3", "line 1, column 4: expected nothing more of the number 1.2, found `.`"),
        ("[\"ab", "line 1, column 2: these quotes are not closed"),
        (
            "\"ab\ncd\"",
            "line 1, column 4: a text ends on its line: close the quotes, or write \\n for a line break",
        ),
        (
            r#""a\x""#,
            "line 1, column 3: this escape is not known; there are \\\" \\' \\\\ \\/ \\b \\f \\n \\r \\t \\u",
        ),
        (r#""\u12""#, "line 1, column 2: expected four hexadecimal digits such as \\u00e9"),
        (
            r#""\udd80""#,
            "line 1, column 2: this is half of a character: \\ud83e needs one such as \\udd80 after it",
        ),
        (r#""\u{110000}""#, "line 1, column 2: expected a character such as \\u{e9}"),
        ("h'0'", "line 1, column 4: expected a second digit for the last byte, found `'`"),
        ("h'0x'", "line 1, column 4: expected a hexadecimal digit or `'`, found `x`"),
        ("h'00", "line 1, column 2: these quotes are not closed"),
        ("b64'A'", "line 1, column 4: this is not base64: it does not end with a whole byte"),
        ("b64'AP9='", "line 1, column 4: this is not base64: it does not end with a whole byte"),
        ("b64'AP8=='", "line 1, column 4: this is not base64: it does not end with a whole byte"),
        ("b64'AP*'", "line 1, column 7: expected a base64 digit or `'`, found `*`"),
        ("b32'AA'", "line 1, column 1: \"b32\" is not known here: a byte string is h'…', b64'…' or '…'"),
        ("[1 /* 2]", "line 1, column 4: this comment has no end"),
        ("\u{202e}", "line 1, column 1: expected a value, found `\\u202e`"),
    ] {
        assert_eq!(told(typed), message, "{typed}");
    }
    let error = from_diagnostic("[\n  \"ü\" x]").unwrap_err();
    assert_eq!((error.line(), error.column(), error.offset()), (2, 7, 9));
    assert_eq!(error.message(), "expected `,` or `]`, found `x`");
}

#[test]
fn depth_and_number_of_items_have_limits() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(from_diagnostic(&nested(128)).is_ok());
    assert_eq!(told(&nested(129)), "line 1, column 129: nested too deeply to be sent");
    for opening in ["[", "{1:", "<<", "(_ "] {
        assert!(told(&opening.repeat(100_000)).contains("nested too deeply"), "{opening}");
    }
    let limits = Limits { items: 3, ..Limits::default() };
    assert!(from_diagnostic_within("[1, 2, 3]", limits).is_ok());
    let error = from_diagnostic_within("[1, 2, 3,\n4]", limits).unwrap_err();
    assert_eq!(error.to_string(), "line 2, column 1: more items than can be sent");
    assert!(from_diagnostic_within("{1: 2, 3: 4}", limits).is_err());
}

/// Equality that takes NaN for equal to itself and tells 0.0 from -0.0.
fn same(one: &Value, other: &Value) -> bool {
    to_vec(one).unwrap() == to_vec(other).unwrap()
}

proptest! {
    #[test]
    fn what_we_write_we_read(value in value()) {
        prop_assert!(same(&from_diagnostic(&diagnostic(&value)).unwrap(), &value));
        let indented = Diagnostic::new(&value).indented().to_string();
        prop_assert!(same(&from_diagnostic(&indented).unwrap(), &value));
    }

    #[test]
    fn no_text_panics_and_every_mistake_is_within_it(
        text in "\\PC*|[-\\[\\]{}(),:_<>'\"\\\\/#*a-z0-9. \n]{0,60}",
    ) {
        check_anything(&text)?;
    }

    #[test]
    fn a_changed_character_never_panics(
        value in value(),
        changes in vec((any::<prop::sample::Index>(), any::<char>()), 1..4),
    ) {
        let mut text: Vec<char> = Diagnostic::new(&value).indented().to_string().chars().collect();
        for (index, c) in changes {
            *index.get_mut(&mut text) = c;
        }
        check_anything(&String::from_iter(text))?;
    }
}

/// Whatever the text: a value that can be sent, or a place within the text.
fn check_anything(text: &str) -> Result<(), TestCaseError> {
    match from_diagnostic(text) {
        Ok(value) => {
            let again = from_diagnostic(&diagnostic(&value)).unwrap();
            prop_assert_eq!(to_deterministic_vec(&again), to_deterministic_vec(&value));
        }
        Err(error) => {
            prop_assert!(text.is_char_boundary(error.offset()));
            let line = text.split('\n').nth(error.line() - 1).unwrap();
            prop_assert!(error.column() <= line.chars().count() + 1);
        }
    }
    Ok(())
}

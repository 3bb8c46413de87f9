//! Rows of a table as text, to be copied to where tables are made something of.

/// The values of a row with what they are called.
pub(crate) type Record = Vec<(&'static str, String)>;

/// Rows as spreadsheets take them in: a line of names, then a line for each, with tabs between the values.
pub(crate) fn tsv(rows: impl IntoIterator<Item = Record>) -> String {
    let mut lines = Vec::new();
    for row in rows {
        if lines.is_empty() {
            let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
            lines.push(names.join("\t"));
        }
        lines.push(line(&row));
    }
    lines.join("\n")
}

/// The values of a row with tabs between them.
pub(crate) fn line(row: &Record) -> String {
    let values: Vec<String> =
        row.iter().map(|(_, value)| value.replace('\n', "\\n").replace('\t', "\\t")).collect();
    values.join("\t")
}

/// A row as a JSON object.
pub(crate) fn json(row: &Record) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        row.iter().map(|(name, value)| ((*name).to_owned(), value.as_str().into())).collect();
    serde_json::Value::from(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_line_of_names_and_values_that_stay_in_their_line() {
        let row = |peer: &str| vec![("peer", peer.to_owned()), ("calls", "7".to_owned())];
        assert_eq!(tsv([row("ann"), row("b\tob\n")]), "peer\tcalls\nann\t7\nb\\tob\\n\t7");
        assert_eq!(json(&row("\"ann\"")), r#"{"peer":"\"ann\"","calls":"7"}"#);
        assert_eq!(tsv([]), "");
    }
}

//! A table without lines: columns as wide as what is in them.

use crate::output::DIM;

/// Rows with their columns under each other, each row after `indent` and with a line break; the last column
/// may be of any width.
pub(crate) fn columns<const N: usize>(indent: &str, rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut table = String::new();
    for row in rows {
        let start = table.len();
        table.push_str(indent);
        for (cell, width) in row.iter().zip(widths) {
            table.push_str(&format!("{cell:width$}  "));
        }
        table.truncate(start + table[start..].trim_end().len());
        table.push('\n');
    }
    table
}

/// The same under a heading.
pub(crate) fn headed<const N: usize>(
    indent: &str,
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<_> = [head.map(str::to_owned)].into_iter().chain(rows).collect();
    let table = columns(indent, &rows);
    let (head, rows) = table.split_once('\n').unwrap_or_default();
    format!("{DIM}{head}{DIM:#}\n{rows}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["a", "änd", "x"], ["longer", "", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(columns("  ", &rows), "  a       änd  x\n  longer\n");
    }
}

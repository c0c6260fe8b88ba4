//! Partitions on the command line: `p=1,q=2`, or as a condition: `p = 1 AND q = 'x, y'`.

use tidelake::{ErrorKind, PartitionSpec, TableSchema};

use crate::report::{Failure, Result};

/// The values that the text gives to partition columns.
pub(crate) fn parse_partition(text: &str, schema: &TableSchema) -> Result<PartitionSpec> {
    let wrong = |what: String| Failure::usage(what).hint("write p=1,q=2 or \"p = 1 AND q = 'x'\"");
    if schema.partition_keys.is_empty() {
        return Err(Failure::new(ErrorKind::InvalidInput, format!("`{text}` names a partition, the table has none")));
    }
    let mut spec = PartitionSpec::new();
    for part in parts(text) {
        let Some((name, value)) = part.split_once('=') else {
            return Err(wrong(format!("`{}` gives no value to a partition column", part.trim())));
        };
        let name = name.trim().trim_matches(['"', '`']);
        if !schema.partition_keys.iter().any(|key| key == name) {
            let message =
                format!("`{name}` is not a partition column (there are: {})", schema.partition_keys.join(", "));
            return Err(Failure::new(ErrorKind::InvalidInput, message));
        }
        if spec.insert(name.to_owned(), unquoted(value.trim())).is_some() {
            return Err(wrong(format!("`{name}` is given two values")));
        }
    }
    Ok(spec)
}

/// Split at commas and ANDs that stand outside of quotes.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, char) in text.char_indices() {
        quoted ^= char == '\'';
        let and = text.get(at..at + 5).is_some_and(|word| word.eq_ignore_ascii_case(" and "));
        if !quoted && at >= from && (char == ',' || and) {
            parts.push(&text[from..at]);
            from = at + if and { 5 } else { 1 };
        }
    }
    parts.push(&text[from..]);
    parts
}

/// `'it''s'` as `it's`; other text as it is.
fn unquoted(value: &str) -> String {
    match value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_what_separates() {
        assert_eq!(parts("p=1,q='a, b'"), ["p=1", "q='a, b'"]);
        assert_eq!(parts("p = 1 AND q = 'x and y' and r=2"), ["p = 1", "q = 'x and y'", "r=2"]);
        assert_eq!(unquoted("'it''s'"), "it's");
        assert_eq!(unquoted("2024-01-01"), "2024-01-01");
    }
}

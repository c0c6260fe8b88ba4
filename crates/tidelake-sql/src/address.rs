//! What a table is called in a query, beyond its name: which version, which system table.

use tidelake_table::{Options, ReadFrom};

/// `orders`, `orders@v3`, `orders@tag`, `orders@2026-11-01T00:00`, `orders$snapshots`, `orders@v3$files`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableAddress {
    /// The table's own name.
    pub table: String,
    /// Which version.
    pub version: Option<Version>,
    /// Which system table, without `$`.
    pub system: Option<String>,
}

/// Which version of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// By number.
    Snapshot(i64),
    /// By name; digits are a snapshot's number if there is no such tag.
    Named(String),
    /// The newest at this time: text in UTC.
    Time(String),
    /// The newest at this time: milliseconds since 1970.
    Millis(i64),
}

impl TableAddress {
    /// From a name in a query.
    pub fn parse(text: &str) -> Self {
        let (rest, system) = match text.split_once('$') {
            Some((rest, system)) => (rest, Some(system.to_owned())),
            None => (text, None),
        };
        let (table, version) = match rest.split_once('@') {
            Some((table, version)) => (table, Some(Version::parse(version))),
            None => (rest, None),
        };
        Self { table: table.to_owned(), version, system }
    }

    /// The options that make a table read this version.
    pub fn options(&self) -> Options {
        let mut options = Options::new();
        match &self.version {
            Some(Version::Snapshot(id)) => options.set("scan.snapshot-id", id.to_string()),
            Some(Version::Named(name)) => options.set("scan.version", name.clone()),
            Some(Version::Time(text)) => {
                let seconds = if text.len() == "2026-11-01T00:00".len() { ":00" } else { "" };
                options.set("scan.timestamp", text.replace('T', " ") + seconds);
            }
            Some(Version::Millis(at)) => options.set("scan.timestamp-millis", at.to_string()),
            None => {}
        }
        options
    }

    /// Where it reads from; `None` for what the table's own options say.
    pub fn read_from(&self) -> tidelake_table::Result<Option<ReadFrom>> {
        match self.version {
            Some(_) => Ok(Some(ReadFrom::from_options(&self.options())?)),
            None => Ok(None),
        }
    }
}

impl Version {
    fn parse(text: &str) -> Self {
        if let Some(id) = text.strip_prefix('v').and_then(|digits| digits.parse().ok()) {
            return Self::Snapshot(id);
        }
        if let Some(at) = text.strip_prefix("ms:").and_then(|digits| digits.parse().ok()) {
            return Self::Millis(at);
        }
        match text.as_bytes().get(10) {
            Some(b'T' | b' ') if begins_with_date(text) => Self::Time(text.to_owned()),
            _ => Self::Named(text.to_owned()),
        }
    }

    /// The version at a time; a day alone is its midnight. `None` if the text is no time.
    pub(crate) fn at_time(text: &str) -> Option<Self> {
        match text.as_bytes().get(10) {
            None if begins_with_date(text) => Some(Self::Time(format!("{text} 00:00:00"))),
            Some(b'T' | b' ') if begins_with_date(text) => Some(Self::Time(text.to_owned())),
            _ => None,
        }
    }

    /// As [`Self::parse`] reads it.
    pub(crate) fn address(&self) -> String {
        match self {
            Self::Snapshot(id) => format!("v{id}"),
            Self::Named(name) => name.clone(),
            Self::Time(text) => text.replace(' ', "T"),
            Self::Millis(at) => format!("ms:{at}"),
        }
    }
}

/// `2024-02-29…`
fn begins_with_date(text: &str) -> bool {
    let fits = |(at, byte): (usize, &u8)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() };
    text.len() >= 10 && text.as_bytes()[..10].iter().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_versions_and_system_tables() {
        let parsed = |text: &str| TableAddress::parse(text);
        assert_eq!(parsed("orders"), TableAddress { table: "orders".into(), version: None, system: None });
        assert_eq!(parsed("orders@v12").version, Some(Version::Snapshot(12)));
        assert_eq!(parsed("orders@2024-01-01").version, Some(Version::Named("2024-01-01".into())));
        assert_eq!(parsed("orders@2024-01-01T10:00").version, Some(Version::Time("2024-01-01T10:00".into())));
        let at_noon = parsed("orders@2024-01-01T12:00").options();
        assert_eq!(at_noon.iter().collect::<Vec<_>>(), [("scan.timestamp", "2024-01-01 12:00:00")]);
        let both = parsed("orders@v3$files");
        assert_eq!((both.table.as_str(), both.system.as_deref()), ("orders", Some("files")));
    }
}

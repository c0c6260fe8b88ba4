//! One page: what there is, and its text.
//!
//! ```text
//! album     1                            the version of this text
//! by        6f1c…                        the attempt that wrote it: no two write the same page
//! database  shop
//! table     shop  orders  1b9d…          the last is the uuid, which is also the folder
//! ```
//!
//! The parts of a line are separated by tabs. No name has one: `check_name` refuses control characters.

use std::collections::BTreeMap;

use tidelake_catalog::{Error, Identifier, Result};

/// Databases, and the uuid of each of their tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) databases: BTreeMap<String, BTreeMap<String, String>>,
}

/// For messages.
const HERE: &str = "the album";

impl Page {
    pub(crate) fn to_text(&self, by: &str) -> String {
        let mut text = format!("album\t1\nby\t{by}\n");
        for (database, tables) in &self.databases {
            text.push_str(&format!("database\t{database}\n"));
            for (table, uuid) in tables {
                text.push_str(&format!("table\t{database}\t{table}\t{uuid}\n"));
            }
        }
        text
    }

    /// What the text says, or the line that makes no sense.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        if lines.next() != Some("album\t1") {
            return Err("it does not begin as an album of version 1".to_owned());
        }
        let mut page = Self::default();
        for line in lines {
            let known = match line.split('\t').collect::<Vec<_>>()[..] {
                ["by", _] => true,
                ["database", name] => page.databases.insert(name.to_owned(), BTreeMap::new()).is_none(),
                ["table", database, table, uuid] => (page.databases.get_mut(database))
                    .is_some_and(|tables| tables.insert(table.to_owned(), uuid.to_owned()).is_none()),
                _ => false,
            };
            if !known {
                return Err(format!("`{}` is no line of it", line.escape_debug()));
            }
        }
        Ok(page)
    }

    pub(crate) fn tables(&self, database: &str) -> Result<&BTreeMap<String, String>> {
        self.databases.get(database).ok_or_else(|| Error::no_database(database, HERE))
    }

    pub(crate) fn uuid(&self, table: &Identifier) -> Result<&String> {
        self.tables(&table.database)?.get(&table.table).ok_or_else(|| Error::no_table(&table.base(), HERE))
    }

    pub(crate) fn add_database(&mut self, name: &str) -> Result<()> {
        if self.databases.contains_key(name) {
            return Err(Error::database_exists(name, HERE));
        }
        self.databases.insert(name.to_owned(), BTreeMap::new());
        Ok(())
    }

    pub(crate) fn remove_database(&mut self, name: &str) -> Result<()> {
        let tables: Vec<String> = self.tables(name)?.keys().cloned().collect();
        if !tables.is_empty() {
            return Err(Error::database_not_empty(name, HERE, &tables));
        }
        self.databases.remove(name);
        Ok(())
    }

    pub(crate) fn add_table(&mut self, table: &Identifier, uuid: &str) -> Result<()> {
        let tables =
            self.databases.get_mut(&table.database).ok_or_else(|| Error::no_database(&table.database, HERE))?;
        if tables.contains_key(&table.table) {
            return Err(Error::table_exists(table, HERE));
        }
        tables.insert(table.table.clone(), uuid.to_owned());
        Ok(())
    }

    /// The uuid of the table that is no longer there.
    pub(crate) fn remove_table(&mut self, table: &Identifier) -> Result<String> {
        let uuid = self.uuid(table)?.clone();
        self.databases.entry(table.database.clone()).and_modify(|tables| drop(tables.remove(&table.table)));
        Ok(uuid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_was_written() {
        let mut page = Page::default();
        page.add_database("shop").unwrap();
        page.add_database("empty").unwrap();
        page.add_table(&Identifier::parse("shop.orders of 2026").unwrap(), "1b9d").unwrap();
        let text = page.to_text("me");
        assert_eq!(text, "album\t1\nby\tme\ndatabase\tempty\ndatabase\tshop\ntable\tshop\torders of 2026\t1b9d\n");
        assert_eq!(Page::parse(&text).unwrap(), page);
    }

    #[test]
    fn what_is_no_page_is_told_by_its_line() {
        for broken in [
            "",
            "album\t2\n",
            "album\t1\nshelf\n",
            "album\t1\ntable\tmissing\tt\tu\n",
            "album\t1\ndatabase\ta\ndatabase\ta",
        ] {
            assert!(Page::parse(broken).is_err(), "{broken:?}");
        }
    }
}

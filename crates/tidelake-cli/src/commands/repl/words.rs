//! How a word goes on: names of the lake, and words of SQL.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError, RwLock},
};

use tidelake::runtime::Task;

use crate::session::Session;

/// So many tables are looked into for their columns.
const TABLES_LOOKED_INTO: usize = 200;

const KEYWORDS: [&str; 64] = [
    "ALTER",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BIGINT",
    "BOOLEAN",
    "BY",
    "CASE",
    "CAST",
    "COUNT",
    "CREATE",
    "DATABASE",
    "DATE",
    "DECIMAL",
    "DELETE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DOUBLE",
    "DROP",
    "ELSE",
    "END",
    "ENFORCED",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FLOAT",
    "FROM",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INSERT",
    "INT",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "ON",
    "OR",
    "ORDER",
    "OVERWRITE",
    "PARTITIONED",
    "PRIMARY",
    "SELECT",
    "SHOW",
    "STRING",
    "TABLE",
    "TABLES",
    "THEN",
    "TIMESTAMP",
    "TRUE",
    "UNION",
    "VALUES",
    "VERSION",
    "WHEN",
    "WHERE",
    "WITH",
];

/// Names of databases, tables and columns, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Words(RwLock<BTreeSet<String>>);

impl Words {
    /// Asks the catalog in the background; dropping the task stops it.
    pub(super) fn gather(self: &Arc<Self>, session: &Session) -> Task {
        let (words, lake, catalog) = (Arc::clone(self), session.lake.clone(), Arc::clone(&session.catalog));
        session.lake.runtime().spawn(async move {
            let mut found = BTreeSet::new();
            let mut looked_into = 0;
            for database in catalog.list_databases().await.unwrap_or_default() {
                for table in catalog.list_tables(&database).await.unwrap_or_default() {
                    let name = format!("{database}.{table}");
                    if looked_into < TABLES_LOOKED_INTO
                        && let Ok(opened) = lake.table(&catalog, &name).await
                    {
                        found.extend(opened.schema().fields.iter().map(|field| field.name.clone()));
                        looked_into += 1;
                    }
                    found.extend([name, table]);
                }
                found.insert(database);
            }
            *words.0.write().unwrap_or_else(PoisonError::into_inner) = found;
        })
    }

    /// The words that `typed` may become; keywords in the case in which it is typed.
    pub(super) fn completions(&self, typed: &str) -> Vec<String> {
        if typed.is_empty() {
            return Vec::new();
        }
        let begins = |word: &str| word.get(..typed.len()).is_some_and(|start| start.eq_ignore_ascii_case(typed));
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<String> = known.iter().filter(|word| begins(word)).cloned().collect();
        let small = typed.chars().all(|c| c.is_ascii_lowercase());
        let keywords = KEYWORDS.iter().filter(|word| begins(word));
        found.extend(keywords.map(|word| if small { word.to_ascii_lowercase() } else { (*word).to_owned() }));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_completed_from_names_and_keywords() {
        let names = ["shop", "shop.orders", "orders", "order_id", "Total"].map(str::to_owned);
        let words = Words(RwLock::new(names.into()));
        assert_eq!(words.completions("or"), ["order_id", "orders", "or", "order"]);
        assert_eq!(words.completions("SEL"), ["SELECT"]);
        assert_eq!(words.completions("tot"), ["Total"]);
        assert_eq!(words.completions("shop.o"), ["shop.orders"]);
        assert_eq!(words.completions(""), [""; 0]);
    }
}

//! `OP NAME=VALUE..`

use std::{collections::BTreeMap, str::FromStr};

use crate::Failure;

pub(crate) struct Args {
    op: String,
    values: BTreeMap<String, String>,
}

impl Args {
    pub(crate) fn of_process() -> Result<Self, Failure> {
        let mut words = std::env::args().skip(1);
        let op = words.next().ok_or("usage: workloads OP NAME=VALUE..")?;
        let mut values = BTreeMap::new();
        for word in words {
            let (name, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not NAME=VALUE"))?;
            values.insert(name.to_owned(), value.to_owned());
        }
        Ok(Self { op, values })
    }

    pub(crate) fn op(&self) -> &str {
        &self.op
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| format!("{} needs {name}=", self.op).into())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    pub(crate) fn number<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &self,
        name: &str,
    ) -> Result<T, Failure> {
        Ok(self.text(name)?.parse()?)
    }

    /// A list with commas; `None` if it was not given.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.get(name).map(|list| list.split(',').filter(|item| !item.is_empty()).collect())
    }
}

//! Options: text from a table's schema, and typed keys that read it.

use indexmap::IndexMap;

use crate::error::{InvalidOptionSnafu, Result};

/// A plain map of option names to texts, in the order they were given. Names are Paimon's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options(IndexMap<String, String>);

/// A declared option: its name, its default and what it is for. Lives in `options.rs` of the crate that reads it.
#[derive(Debug, Clone, Copy)]
pub struct OptionKey<T> {
    name: &'static str,
    default: fn() -> T,
    description: &'static str,
    fallbacks: &'static [&'static str],
}

/// A type that an option's text can be parsed into.
pub trait OptionValue: Sized {
    /// What is accepted, for the error: "a number from 1 to 100".
    fn expected() -> String;
    /// From the text; `None` if it is not one.
    fn parse(text: &str) -> Option<Self>;
}

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The typed value, or the key's default where it is absent.
    pub fn get<T: OptionValue>(&self, key: &OptionKey<T>) -> Result<T> {
        Ok(self.get_explicit(key)?.unwrap_or_else(key.default))
    }

    /// The typed value if the option was given.
    pub fn get_explicit<T: OptionValue>(&self, key: &OptionKey<T>) -> Result<Option<T>> {
        for name in std::iter::once(&key.name).chain(key.fallbacks) {
            if let Some(text) = self.0.get(*name) {
                return match T::parse(text.trim()) {
                    Some(value) => Ok(Some(value)),
                    None => InvalidOptionSnafu { key: *name, value: text, expected: T::expected() }.fail(),
                };
            }
        }
        Ok(None)
    }

    /// The text of an option.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets an option, replacing an earlier value.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// Takes an option away.
    pub fn unset(&mut self, name: &str) -> Option<String> {
        self.0.shift_remove(name)
    }

    /// All, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Those whose names begin with `prefix`.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
        self.iter().filter(move |(name, _)| name.starts_with(prefix))
    }

    /// These options with `other`'s over them.
    pub fn overlaid(&self, other: &Self) -> Self {
        let mut merged = self.clone();
        for (name, value) in other.iter() {
            merged.set(name, value);
        }
        merged
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Options {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<K: Into<String>, V: Into<String>, const N: usize> From<[(K, V); N]> for Options {
    fn from(pairs: [(K, V); N]) -> Self {
        pairs.into_iter().collect()
    }
}

impl<T> OptionKey<T> {
    /// A key with its default.
    pub const fn new(name: &'static str, default: fn() -> T) -> Self {
        Self { name, default, description: "", fallbacks: &[] }
    }

    /// What it is for.
    pub const fn describe(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Other names, asked after its own.
    pub const fn or(mut self, fallbacks: &'static [&'static str]) -> Self {
        self.fallbacks = fallbacks;
        self
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it is for.
    pub fn description(&self) -> &'static str {
        self.description
    }
}

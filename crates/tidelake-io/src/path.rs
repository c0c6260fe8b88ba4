//! Where a file is.

use std::fmt;

use crate::error::{InvalidPathSnafu, Result};

/// An absolute URL, checked once: `file:///w/shop.db/orders`, `s3://lake/w`. Segments are bytes, never decoded: `%2e` is
/// three characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath {
    scheme: String,
    authority: String,
    segments: Vec<String>,
}

impl FilePath {
    /// `/w` and `file:/w` mean `file:///w`; a trailing `/` goes. Refuses relative paths, `.`, `..`, empty segments, NUL.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason: &str| InvalidPathSnafu { path: text, reason }.fail();
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest))
                if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) =>
            {
                (scheme.to_ascii_lowercase(), rest)
            }
            _ => ("file".to_owned(), text),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(after) => {
                let end = after.find('/').unwrap_or(after.len());
                after.split_at(end)
            }
            None => ("", rest),
        };
        if scheme == "file" && !authority.is_empty() {
            return refuse("a local path has no host: write file:///path");
        }
        if scheme != "file" && authority.is_empty() {
            return refuse("the bucket or host is missing");
        }
        if !path.is_empty() && !path.starts_with('/') || path.is_empty() && scheme == "file" {
            return refuse("it is not absolute");
        }
        let mut made = Self { scheme, authority: authority.to_owned(), segments: Vec::new() };
        let trimmed = path.trim_start_matches('/').trim_end_matches('/');
        if !trimmed.is_empty() {
            for segment in trimmed.split('/') {
                made.push(segment, text)?;
            }
        }
        Ok(made)
    }

    fn push(&mut self, segment: &str, whole: &str) -> Result<()> {
        let reason = match segment {
            "" => "it has an empty segment",
            "." | ".." => "it has a `.` or `..` segment",
            s if s.contains('\0') => "it has a NUL character",
            s if s.contains('/') => "a name has a `/`",
            _ => {
                self.segments.push(segment.to_owned());
                return Ok(());
            }
        };
        InvalidPathSnafu { path: whole, reason }.fail()
    }

    /// One more segment; refuses `/` too. Every name found in a metadata file passes through here.
    pub fn child(&self, name: &str) -> Result<Self> {
        let mut child = self.clone();
        child.push(name, name)?;
        Ok(child)
    }

    /// Several segments, each checked: `bucket-0/data-….parquet`. Empty text is the path itself.
    pub fn join(&self, relative: &str) -> Result<Self> {
        let mut joined = self.clone();
        if !relative.is_empty() {
            for segment in relative.split('/') {
                joined.push(segment, relative)?;
            }
        }
        Ok(joined)
    }

    /// By whole segments: `/w/a` does not start with `/w/ab`.
    pub fn starts_with(&self, prefix: &Self) -> bool {
        self.scheme == prefix.scheme
            && self.authority == prefix.authority
            && self.segments.starts_with(&prefix.segments)
    }

    /// The path without its last segment; `None` at a root.
    pub fn parent(&self) -> Option<Self> {
        let mut parent = self.clone();
        parent.segments.pop().map(|_| parent)
    }

    /// The last segment; empty at a root.
    pub fn name(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// `file`, `s3`, …
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The bucket or host; empty for local paths.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The names between the slashes.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The segments joined, without a leading `/`: a key of an object store.
    pub fn key(&self) -> String {
        self.segments.join("/")
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/{}", self.scheme, self.authority, self.segments.join("/"))
    }
}

//! Which formats are known.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::{Error, FileFormat, Result, error::UnknownFormatSnafu};

/// Formats by name: a value of a lake, never global. A later registration under the same name replaces an earlier one.
#[derive(Debug, Clone, Default)]
pub struct FormatRegistry(IndexMap<String, Arc<dyn FileFormat>>);

impl FormatRegistry {
    /// Without formats.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a format, or replaces the one of its name.
    pub fn register(&mut self, format: Arc<dyn FileFormat>) {
        self.0.insert(format.name().to_ascii_lowercase(), format);
    }

    /// By the value of `file.format`.
    pub fn get(&self, name: &str) -> Result<Arc<dyn FileFormat>> {
        match self.0.get(&name.to_ascii_lowercase()) {
            Some(format) => Ok(Arc::clone(format)),
            None => UnknownFormatSnafu { name, known: self.0.keys().cloned().collect::<Vec<_>>().join(", ") }.fail(),
        }
    }

    /// By a data file's own name: its last extension, or the one before a compression's; `cc-` is stripped
    /// (metadata spec 1.4, 1.6).
    pub fn of_file(&self, file_name: &str) -> Result<Arc<dyn FileFormat>> {
        const CODECS: [&str; 8] = ["gz", "bz2", "deflate", "snappy", "lz4", "zst", "zlib", "xz"];
        let mut extensions = file_name.rsplit('.');
        let last = extensions.next().unwrap_or_default();
        let extension = if CODECS.contains(&last) { extensions.next().unwrap_or(last) } else { last };
        let name = extension.strip_prefix("cc-").unwrap_or(extension);
        // Whoever names a format has misspelt it; a file that stands there is a fair request that this build cannot serve.
        self.get(name)
            .map_err(|unknown| Error::unsupported(name, format!("be read in this build ({file_name}): {unknown}")))
    }
}

//! A lake with the defaults that the features choose.

use std::ops::Deref;

use tidelake_table::Result;

/// Resources and plug-ins of a process, shared by its tables: [`tidelake_table::Lake`] with defaults. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Lake(tidelake_table::Lake);

/// Puts a [`Lake`] together; a later registration under the same name replaces an earlier one.
#[derive(Debug)]
pub struct LakeBuilder(tidelake_table::LakeBuilder);

impl Lake {
    /// With Parquet, local disk, memory, the filesystem catalog, and what the features add.
    pub fn builder() -> LakeBuilder {
        let builder = tidelake_table::Lake::builder().with_format(tidelake_format_parquet::ParquetFormat);
        #[cfg(feature = "avro")]
        let builder = builder.with_format(tidelake_format_avro::AvroFormat);
        #[cfg(feature = "orc")]
        let builder = builder.with_format(tidelake_format_orc::OrcFormat);
        #[cfg(feature = "object-store")]
        let builder = builder.with_file_io_of(|runtime| {
            std::sync::Arc::new(tidelake_io_object_store::S3FileIOFactory::new(runtime.clone()))
        });
        LakeBuilder(builder)
    }

    /// The lake without the name of this crate.
    pub fn inner(&self) -> &tidelake_table::Lake {
        &self.0
    }
}

impl Deref for Lake {
    type Target = tidelake_table::Lake;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

macro_rules! delegated {
    ($($(#[$doc:meta])* $name:ident($argument:ident: $type:ty);)*) => {
        $($(#[$doc])*
        pub fn $name(self, $argument: $type) -> Self {
            Self(self.0.$name($argument))
        })*
    };
}

impl LakeBuilder {
    delegated! {
        /// A runtime of the caller's, instead of one on the current tokio runtime.
        with_runtime(runtime: tidelake_runtime::Runtime);
        /// How many threads compute. Default: the machine's cores.
        with_threads(threads: usize);
        /// The memory budget, in bytes.
        with_memory_bytes(bytes: u64);
        /// A storage backend, chosen by URL scheme.
        with_file_io(factory: impl tidelake_io::FileIOFactory);
        /// A file format, chosen by `file.format` and by the extension when reading.
        with_format(format: impl tidelake_format::FileFormat);
        /// A catalog, chosen by the option `metastore`.
        with_catalog(factory: impl tidelake_catalog::CatalogFactory);
        /// Told after each commit of this lake.
        with_commit_listener(listener: impl tidelake_table::CommitListener);
    }

    /// The lake. Called inside a tokio runtime unless a runtime was given.
    pub fn build(self) -> Result<Lake> {
        Ok(Lake(self.0.build()?))
    }
}

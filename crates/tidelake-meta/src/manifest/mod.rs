//! Lists of manifests, and manifests: which files a snapshot is made of.

mod cache;
mod entry;
mod list;
mod live;
mod schemas;
mod store;

pub use entry::{FileKind, ManifestEntry};
pub use list::ManifestFileMeta;
pub use live::live_entries;
pub use store::ManifestStore;

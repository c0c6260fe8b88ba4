//! Tidelake: whether the files of a table are whole and agree.
//!
//! [`check_table`] reads everything that a table's snapshots and tags refer to and says what does not fit. It is a judge
//! apart: its decoders are its own, and share no line with the engine that wrote the files, so that both do not make
//! the same mistake. It only reads.
//!
//! ```
//! use std::sync::Arc;
//! use tidelake_fsck::check_table;
//! use tidelake_io::{Bytes, FileIOExt, FilePath, MemoryFileIO};
//! use tidelake_runtime::Runtime;
//!
//! # futures::executor::block_on(async {
//! let runtime = Runtime::tokio(1, 1 << 20);
//! let io = MemoryFileIO::new(runtime.clone());
//! let table = FilePath::parse("memory://lake/shop.db/orders")?;
//! io.write_file(&table.join("schema/schema-0")?, Bytes::from(r#"{"id": 1, "fields": []}"#)).await?;
//! let report = check_table(Arc::new(io), &table, &runtime).await?;
//! assert_eq!(report.problems[0].to_string(), "memory://lake/shop.db/orders/schema/schema-0: it says that its id is 1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! | what | where |
//! |---|---|
//! | the walk: schemas, snapshots, tags, hints | `check` |
//! | what one snapshot refers to | `snapshot` |
//! | which files are live | `live` |
//! | a data file, from its footer to its rows | `data`, `rows` |
//! | decoders: JSON, Avro records, key rows | `json`, `avro`, `key` |

mod avro;
mod check;
mod data;
mod error;
mod json;
mod key;
mod live;
mod report;
mod rows;
mod snapshot;
mod store;

pub use check::check_table;
pub use error::{Error, Result};
pub use report::{Problem, Report};

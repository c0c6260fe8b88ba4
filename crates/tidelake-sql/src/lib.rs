//! SQL over Tidelake tables, by DataFusion.
//!
//! A [`SqlSession`] runs statements against one catalog: `SELECT` and `INSERT INTO` through DataFusion's planner and
//! optimizer, with projections, filters and limits pushed into the scan; `CREATE TABLE`, `ALTER TABLE`, `INSERT OVERWRITE`,
//! `TRUNCATE TABLE` and `CALL sys.…` in the words of Paimon's engines; versions of a table by `VERSION AS OF 3`, `TIMESTAMP AS OF '…'`, or as addresses: `orders@v3`, `orders@tag`, `orders$snapshots`.

mod address;
mod alter;
mod catalog;
mod ddl;
mod error;
mod filter;
mod literals;
mod memory_pool;
mod overwrite;
mod procedures;
mod scan_exec;
mod session;
mod sink;
mod statement;
mod statistics;
mod table;
mod time_travel;

pub use address::{TableAddress, Version};
pub use error::{Error, Result};
pub use filter::{predicate_of, to_predicate};
pub use session::{SqlResult, SqlSession};
pub use statement::split_statements;

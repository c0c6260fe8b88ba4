//! One measured workload in one process: what `benchmarks/run` starts. `workloads OP NAME=VALUE..` prints one JSON line.
//!
//! | OP | does |
//! |---|---|
//! | `rows` | makes the rows of a workload, as Arrow files that every implementation reads |
//! | `tidelake-*` | through the crate `tidelake` |
//! | `floor-*` | the same on plain Parquet files, by hand, with no idea of snapshots |

#![expect(clippy::print_stdout, reason = "what is measured is printed")]

mod args;
mod checksum;
mod commits;
mod floor;
mod lake;
mod measure;
mod rows;

use args::Args;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args = Args::of_process()?;
    let line = match args.op() {
        "rows" => rows::make(&args)?,
        "floor-commits" => commits::bare_syncs(&args)?,
        op if op.starts_with("floor-") => floor::run(&args)?,
        _ => lake::run(&args).await?,
    };
    println!("{line}");
    Ok(())
}

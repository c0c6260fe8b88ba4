//! `tide`: Tidelake on the command line.
//!
//! Data goes to standard output, everything else to standard error. Exit codes: 0 fine, 1 failed, 2 wrong usage,
//! 3 conflict, 4 not found, 75 try again.

mod args;
mod commands;
mod filter;
mod memory;
mod nested;
mod output;
mod partition;
mod progress;
mod report;
mod session;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = args::Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match runtime.block_on(commands::run(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.print(),
    };
    // Threads that wait for a file or a peer must not hold the exit back.
    runtime.shutdown_background();
    code
}

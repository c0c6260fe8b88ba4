//! `tide demo`.
use crate::{args::DemoArgs, report::Result};

pub(crate) async fn run(_args: DemoArgs) -> Result<()> {
    Ok(())
}

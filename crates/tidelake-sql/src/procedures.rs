//! `CALL sys.…`: what keeps a table in good shape.

use tidelake_table::{CompactionOutcome, Table};

use crate::{
    Result, SqlResult, SqlSession,
    ddl::Arguments,
    error::{SyntaxSnafu, UnsupportedSnafu},
    session::done,
};

impl SqlSession {
    pub(crate) async fn call(&self, arguments: &Arguments) -> Result<SqlResult> {
        let path: Vec<String> = arguments.required("table")?.split('.').map(str::to_owned).collect();
        let table = self.lake.load_table(&self.catalog, &self.identifier(&path)?).await?;
        match arguments.procedure() {
            "compact" => compact(&table, arguments).await,
            other => UnsupportedSnafu { message: format!("the procedure `sys.{other}` is not supported yet") }.fail(),
        }
    }
}

/// `full` rewrites everything into one sorted run for each bucket, `minor` what the table's options find worth it.
async fn compact(table: &Table, arguments: &Arguments) -> Result<SqlResult> {
    let mut compaction = table.compact();
    compaction = match arguments.get("compact_strategy") {
        Some("minor") => compaction,
        None | Some("full") => compaction.full(),
        Some(other) => {
            return SyntaxSnafu { message: format!("`compact_strategy` is `{other}`, expected full or minor") }.fail();
        }
    };
    if let Some(name) = ["partitions", "where"].into_iter().find(|name| arguments.get(name).is_some()) {
        let message = format!("`{name}` is not supported yet: leave it out to compact all partitions");
        return UnsupportedSnafu { message }.fail();
    }
    let name = table.identifier();
    match compaction.run().await? {
        CompactionOutcome::Nothing => done(format!("nothing to compact in {name}")),
        CompactionOutcome::Committed { snapshot, buckets, taken, made, .. } => {
            done(format!("compacted {name}: snapshot {snapshot}, {buckets} buckets, {made} files in place of {taken}"))
        }
        CompactionOutcome::Dropped { conflict } => {
            done(format!("gave the compaction of {name} up, another commit was faster: {conflict:?}"))
        }
    }
}

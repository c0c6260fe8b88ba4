//! `CALL sys.…`: what keeps a table in good shape.

use tidelake_table::{CompactionOutcome, PartitionSpec, ReadFrom, Table};

use crate::{
    Result, SqlResult, SqlSession, TableAddress, Version,
    ddl::{Arguments, parse_conditions},
    error::SyntaxSnafu,
    session::done,
};

impl SqlSession {
    pub(crate) async fn call(&self, arguments: &Arguments) -> Result<SqlResult> {
        let path: Vec<String> = arguments.required("table")?.split('.').map(str::to_owned).collect();
        let table = self.lake.load_table(&self.catalog, &self.identifier(&path)?).await?;
        match arguments.procedure() {
            "compact" => compact(&table, arguments).await,
            "expire_snapshots" => expire_snapshots(&table, arguments).await,
            "create_tag" => {
                let tag = arguments.required("tag")?;
                table.create_tag(tag, arguments.number("snapshot")?).await?;
                done(format!("created tag {tag} of {}", table.identifier()))
            }
            _ => {
                // Several at once, as Paimon takes them.
                let tags = arguments.required("tag")?;
                for tag in tags.split(',').map(str::trim) {
                    let _outcome = table.delete_tag(tag).await?;
                }
                done(format!("deleted tag {tags} of {}", table.identifier()))
            }
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
    compaction = match (arguments.get("partitions"), arguments.get("where")) {
        (None, None) => compaction,
        (Some(partitions), None) => compaction.partitions(specs_of(partitions)?),
        (None, Some(condition)) => {
            let clauses = parse_conditions(condition)?;
            compaction.partitions(clauses.iter().map(|clause| clause.spec(table.schema())).collect())
        }
        _ => return SyntaxSnafu { message: "give `partitions` or `where`, not both" }.fail(),
    };
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

async fn expire_snapshots(table: &Table, arguments: &Arguments) -> Result<SqlResult> {
    let mut expiry = table.expire();
    if let Some(most) = arguments.number("retain_max")? {
        expiry = expiry.retain_max(most);
    }
    if let Some(least) = arguments.number("retain_min")? {
        expiry = expiry.retain_min(least);
    }
    if let Some(text) = arguments.get("older_than") {
        expiry = expiry.older_than_ms(millis_of(text)?);
    }
    let dry = match arguments.get("dry_run") {
        None | Some("false") => false,
        Some("true") => true,
        Some(other) => {
            return SyntaxSnafu { message: format!("`dry_run` is `{other}`, expected true or false") }.fail();
        }
    };
    let outcome = if dry { expiry.dry_run() } else { expiry }.run().await?;
    let verb = if dry { "would expire" } else { "expired" };
    done(format!(
        "{verb} {} snapshots of {}: {} data files, {} manifests, {} bytes",
        outcome.snapshots,
        table.identifier(),
        outcome.data_files,
        outcome.manifests,
        outcome.bytes
    ))
}

/// `p=1,q=x;p=2`
fn specs_of(text: &str) -> Result<Vec<PartitionSpec>> {
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => SyntaxSnafu { message: format!("`{pair}` names no partition: write `column=value`") }.fail(),
    };
    text.split(';').map(|spec| spec.split(',').map(pair).collect()).collect()
}

/// Milliseconds since 1970, or a time in UTC.
fn millis_of(text: &str) -> Result<i64> {
    if let Ok(millis) = text.parse() {
        return Ok(millis);
    }
    let address = TableAddress { table: String::new(), version: Version::at_time(text), system: None };
    match address.read_from()? {
        Some(ReadFrom::Timestamp(millis)) => Ok(millis),
        _ => SyntaxSnafu { message: format!("`{text}` is not a time: write 'YYYY-MM-DD hh:mm:ss', in UTC") }.fail(),
    }
}

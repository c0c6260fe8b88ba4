//! What can be said on the command line.

use std::{path::PathBuf, time::Duration};

use clap::{ArgGroup, Args as ClapArgs, Parser, Subcommand, ValueEnum};
use tidelake::StreamStart;

/// A streaming lakehouse on Apache Paimon tables, without a JVM.
#[derive(Debug, Parser)]
#[command(
    name = "tide",
    version,
    after_help = "Examples:
  tide --warehouse ./lake
  tide demo
  tide sql -c \"SELECT count(*) FROM shop.orders\" --warehouse ./lake
  tide table read 'shop.orders' --warehouse ./lake --where \"id > 3\" --format ndjson
  tide tail shop.orders --warehouse ./lake --from latest --kinds"
)]
pub(crate) struct Args {
    /// What to do; without anything, the SQL shell.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// The warehouse of the SQL shell.
    #[arg(id = "shell", long = "warehouse", short = 'w', value_name = "WAREHOUSE")]
    pub(crate) warehouse: Option<String>,
    /// How much memory rows may take: 512MiB, 4GiB. If not given: a quarter of the machine's.
    #[arg(long, global = true, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes a lake of TPC-H rows, changes it, follows it, queries it, and checks every answer.
    Demo(DemoArgs),
    /// Runs SQL: statements, a file, standard input; on a terminal a shell.
    Sql(SqlArgs),
    /// Lists, creates, reads, fills and drops tables.
    #[command(subcommand)]
    Table(TableCommand),
    /// Lists, shows and expires snapshots.
    #[command(subcommand)]
    Snapshot(SnapshotCommand),
    /// Keeps snapshots under a name.
    #[command(subcommand)]
    Tag(TagCommand),
    /// Follows a table and prints its changes.
    Tail(TailArgs),
    /// Checks that every file a table refers to is there and whole; reads only.
    Fsck(FsckArgs),
    /// Rewrites a table into fewer and larger files; the rows stay the same.
    Compact(CompactArgs),
}

/// Where the tables are.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct LakeArgs {
    /// The warehouse: a folder or a URL such as s3://bucket/lake.
    #[arg(long, short = 'w', env = "TIDE_WAREHOUSE", default_value = ".")]
    pub(crate) warehouse: String,
    /// An option of the catalog: s3.endpoint=http://…, metastore=filesystem, …
    #[arg(long = "catalog-option", value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) catalog_options: Vec<(String, String)>,
}

/// One table and the options of one call.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct TableArgs {
    /// The table: DB.TABLE; DB.TABLE@v3, @TAG or @2026-11-01T00:00 for a version to read, DB.TABLE$snapshots for a system
    /// table.
    pub(crate) table: String,
    #[command(flatten)]
    pub(crate) lake: LakeArgs,
    /// A table option for this call only: scan.snapshot-id=3, …
    #[arg(long = "option", short = 'o', value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) options: Vec<(String, String)>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Lists the tables of all databases, or of one.
    Ls {
        /// Only this database.
        database: Option<String>,
        #[command(flatten)]
        lake: LakeArgs,
    },
    /// Creates a table from a schema file.
    Create {
        #[command(flatten)]
        table: TableArgs,
        /// The schema as JSON: {"fields":[{"name":"k","type":"INT NOT NULL"}],"primaryKeys":["k"],"partitionKeys":[],"options":{}}.
        #[arg(long, value_name = "SCHEMA.json")]
        schema: PathBuf,
        /// Succeeds if the table is there already.
        #[arg(long)]
        if_not_exists: bool,
    },
    /// Prints a table's schema as JSON that `create` takes.
    Get {
        #[command(flatten)]
        table: TableArgs,
    },
    /// Prints rows.
    Read(ReadArgs),
    /// Says which files a read opens, and why not the others.
    Explain(ExplainArgs),
    /// Adds the rows of files in one commit.
    Import(ImportArgs),
    /// Writes rows into a file.
    Export(ExportArgs),
    /// Changes columns and options, all that is said in one step.
    Alter(AlterArgs),
    /// Drops a table and its files.
    Drop {
        #[command(flatten)]
        table: TableArgs,
        /// Succeeds if there is no such table.
        #[arg(long)]
        if_exists: bool,
    },
}

/// Which rows and columns.
#[derive(Debug, ClapArgs)]
pub(crate) struct RowArgs {
    /// Only these columns, in this order.
    #[arg(long, short = 's', value_name = "a,b", value_delimiter = ',')]
    pub(crate) select: Option<Vec<String>>,
    /// Only rows for which this SQL condition is true.
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) filter: Option<String>,
    /// At most so many rows.
    #[arg(long, short = 'l')]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReadArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// Prints the kind of each row.
    #[arg(long)]
    pub(crate) kinds: bool,
    /// How rows are printed.
    #[arg(long, short = 'f', default_value = "table")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// The SQL condition of the read.
    #[arg(long = "where", value_name = "SQL")]
    pub(crate) filter: Option<String>,
    /// As one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// The files, also as patterns in quotes ('2026-*.csv'); `-` for standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<String>,
    /// How the files are written. If not given: .csv, .parquet, .ndjson, .json and .jsonl files are known by their names.
    #[arg(long, short = 'f')]
    pub(crate) format: Option<FileFormat>,
    /// A column that says what each row does: +I, -U, +U, -D (also insert, update, delete; I, U, D). By default `_kind`,
    /// which may be missing or empty: that is +I.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) op_column: Option<String>,
    /// The partition whose rows these replace ('p=1,q=2'); '' replaces all rows of the table.
    #[arg(long, value_name = "PARTITION")]
    pub(crate) overwrite: Option<String>,
    /// Who commits, for a commit that can be repeated without harm; needs --commit-id.
    #[arg(long, requires = "commit_id")]
    pub(crate) commit_user: Option<String>,
    /// The commit's number, ascending for a user; needs --commit-user.
    #[arg(long, requires = "commit_user")]
    pub(crate) commit_id: Option<i64>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Changes:
  'add COL TYPE [first | after COL]'   'drop COL'   'rename COL NAME'   'type COL TYPE'   'move COL (first | after COL)'
  'null COL'   'not-null COL'   'comment COL TEXT'   'default COL TEXT'   'set KEY VALUE'   'unset KEY'
A field of a ROW is address.street; `element` stands for what is in an ARRAY, `value` for the values of a MAP.")]
pub(crate) struct AlterArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// The changes, each in quotes: 'add note STRING'.
    #[arg(required = true, value_name = "CHANGE")]
    pub(crate) changes: Vec<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "What a file cannot keep:
  csv      an empty text is read back as NULL; ARRAY, MAP and ROW are written as JSON and not read back
  ndjson   keys of maps are text; timestamps outside of the years 1677 to 2262 with more than 6 digits
  parquet  the same timestamps
  canonical lines keep everything.")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// The file, replaced if it is there; `-` for standard output. It appears when it is whole.
    pub(crate) file: String,
    #[command(flatten)]
    pub(crate) rows: RowArgs,
    /// How the file is written. If not given: .csv, .parquet, .ndjson, .json and .jsonl files are known by their names.
    #[arg(long, short = 'f')]
    pub(crate) format: Option<FileFormat>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Lists snapshots, the oldest first.
    Ls {
        #[command(flatten)]
        table: TableArgs,
        /// How they are printed.
        #[arg(long, short = 'f', default_value = "table")]
        format: Format,
    },
    /// Prints a snapshot as JSON; the latest if no number is given.
    Show {
        #[command(flatten)]
        table: TableArgs,
        /// Its number.
        id: Option<i64>,
    },
    /// Deletes old snapshots and the files that only they have kept. Asks first; without a terminal only --yes deletes.
    Expire(ExpireArgs),
}

/// What is not said is as the table's options say (snapshot.num-retained.max, snapshot.time-retained, …).
#[derive(Debug, ClapArgs)]
pub(crate) struct ExpireArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Keeps so many snapshots at the most, however young they are.
    #[arg(long, value_name = "N")]
    pub(crate) retain_max: Option<u32>,
    /// Keeps so many snapshots at the least, however old they are.
    #[arg(long, value_name = "N")]
    pub(crate) retain_min: Option<u32>,
    /// Deletes those that were made before: 2026-11-01, 2026-11-01T12:00 (in UTC); or so long ago: 7d, 12h, 30m.
    #[arg(long, value_name = "TIME")]
    pub(crate) older_than: Option<String>,
    /// Deletes without asking.
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TagCommand {
    /// Lists tags.
    Ls {
        #[command(flatten)]
        table: TableArgs,
        /// How they are printed.
        #[arg(long, short = 'f', default_value = "table")]
        format: Format,
    },
    /// Keeps a snapshot until the tag is deleted.
    Create {
        #[command(flatten)]
        table: TableArgs,
        /// The tag's name.
        name: String,
        /// Which snapshot; the latest if not given.
        #[arg(long, value_name = "N")]
        snapshot: Option<i64>,
    },
    /// Deletes a tag and the files that only it has kept.
    Delete {
        #[command(flatten)]
        table: TableArgs,
        /// The tag's name.
        name: String,
    },
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("statements").multiple(false)))]
pub(crate) struct SqlArgs {
    #[command(flatten)]
    pub(crate) lake: LakeArgs,
    /// The statements.
    #[arg(long, short = 'c', value_name = "SQL", group = "statements")]
    pub(crate) command: Vec<String>,
    /// A file with statements, `-` for standard input.
    #[arg(long, short = 'f', value_name = "FILE", group = "statements")]
    pub(crate) file: Option<String>,
    /// How rows are printed.
    #[arg(long, default_value = "table")]
    pub(crate) format: Format,
    /// The shell even where standard input is no terminal: errors do not end it.
    #[arg(long, short = 'i', group = "statements")]
    pub(crate) interactive: bool,
}

impl SqlArgs {
    /// Nothing but the shell.
    pub(crate) fn shell(warehouse: Option<String>) -> Self {
        let warehouse = warehouse.or_else(|| std::env::var("TIDE_WAREHOUSE").ok()).unwrap_or_else(|| ".".to_owned());
        let lake = LakeArgs { warehouse, catalog_options: Vec::new() };
        Self { lake, command: Vec::new(), file: None, format: Format::Table, interactive: false }
    }
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Where to begin: latest, latest-full or snapshot:N. By default the table's scan.* options decide, else latest-full.
    #[arg(long, value_name = "POSITION", value_parser = stream_start)]
    pub(crate) from: Option<StreamStart>,
    /// Stop after the plan of this snapshot: snapshot:N.
    #[arg(long, value_name = "snapshot:N", value_parser = snapshot_number)]
    pub(crate) until: Option<i64>,
    /// Stop when nothing has come for so long: 500ms, 10s, 2m, 1h; a number alone is seconds.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) until_idle: Option<Duration>,
    /// Prints the kind of each row.
    #[arg(long)]
    pub(crate) kinds: bool,
    /// Resume from this file if it is there, and keep the position in it after each plan.
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Only these columns, in this order.
    #[arg(long, short = 's', value_name = "a,b", value_delimiter = ',')]
    pub(crate) select: Option<Vec<String>>,
    /// How rows are printed.
    #[arg(long, short = 'f', default_value = "ndjson")]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FsckArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompactArgs {
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Everything into the last level, instead of what the table's options find worth it.
    #[arg(long)]
    pub(crate) full: bool,
    /// Only this partition: 'p=1,q=2' or "p = 1 AND q = 2"; values for some columns mean all partitions with them.
    #[arg(long = "where", value_name = "PARTITION")]
    pub(crate) partition: Option<String>,
}

#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct DemoArgs {
    /// How many rows: TPC-H scale factor.
    #[arg(long, default_value_t = 0.1)]
    pub(crate) scale: f64,
    /// The warehouse folder; a new one below the current folder if not given.
    #[arg(long, short = 'w')]
    pub(crate) warehouse: Option<PathBuf>,
    /// Keep the folder afterwards (a folder that was given is always kept).
    #[arg(long)]
    pub(crate) keep: bool,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table with borders.
    Table,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated, with a header.
    Csv,
    /// The lossless lines that two readers are compared by; `table read` sorts them, other commands keep the order.
    Canonical,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// The lossless lines of `table read --format canonical`.
    Canonical,
    /// Comma-separated, with a header.
    Csv,
    /// One JSON object a line.
    #[value(alias = "jsonl", alias = "json")]
    Ndjson,
    /// Parquet.
    Parquet,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not KEY=VALUE")),
    }
}

fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is not a size: write 512MiB, 4GiB");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit: u64 = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 =
        text[..digits].parse().map_err(|_| format!("`{text}` is not a duration: write 500ms, 10s, 2m"))?;
    match text[digits..].trim() {
        "ms" => Ok(Duration::from_millis(number)),
        "" | "s" => Ok(Duration::from_secs(number)),
        "m" | "min" => Ok(Duration::from_secs(number.saturating_mul(60))),
        "h" => Ok(Duration::from_secs(number.saturating_mul(3600))),
        _ => Err(format!("`{text}` is not a duration: write 500ms, 10s, 2m")),
    }
}

fn stream_start(text: &str) -> Result<StreamStart, String> {
    match text {
        "latest" => Ok(StreamStart::Latest),
        "latest-full" => Ok(StreamStart::LatestFull),
        other => snapshot_number(other)
            .map(StreamStart::FromSnapshot)
            .map_err(|_| "write latest, latest-full or snapshot:N, N from 1".into()),
    }
}

fn snapshot_number(text: &str) -> Result<i64, String> {
    let number = text.strip_prefix("snapshot:").and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).ok_or_else(|| "write snapshot:N, N from 1".into())
}

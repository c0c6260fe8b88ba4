//! `tide table import`: the rows of a file, in one commit.

mod values;

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    sync::Arc,
};

use arrow_array::{ArrayRef, Int8Array, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use futures::TryStreamExt;
use tidelake::{
    Classify, CommitOutcome, DataType, ErrorKind, RowKind, Table, TableSchema, TableWriter, TypeKind,
    format::{FormatContext, ReadRequest},
    io::{FileIO, FilePath, LocalFileIO},
    types::{CanonicalReader, arrow_field},
};

use self::values::Change;
use crate::{
    args::{ImportArgs, ImportFormat},
    report::{Failure, Result, local, with_causes},
    session::Session,
};

/// Rows that are taken in at once.
const BATCH_ROWS: usize = 8192;
/// The column that says what a row does, unless another is named.
const KIND: &str = "_kind";

pub(crate) async fn run(args: ImportArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let table = session.data_table(&args.table).await?;
    let format = match args.format {
        Some(format) => format,
        None => guessed(&args.file)?,
    };
    let named = args.commit_user.as_deref().zip(args.commit_id);
    let committer = named.map(|(user, _)| table.committer(user)).transpose()?;
    if let (Some(committer), Some((_, identifier))) = (&committer, named)
        && let Some(outcome) = committer.check(identifier).await?
    {
        return told(&args, outcome, 0);
    }
    let mut writer = table.writer().build()?;
    let filled = fill(&mut writer, &table, &args, format).await;
    let rows = match filled {
        Ok(rows) => rows,
        Err(failure) => {
            writer.abandon().await;
            return Err(failure.while_doing(format!("import {} into {}", args.file, args.table.table)));
        }
    };
    let outcome = match (&committer, named) {
        (Some(committer), Some((_, identifier))) => committer.commit(writer.prepare_commit(identifier).await?).await?,
        _ => writer.commit().await?,
    };
    told(&args, outcome, rows)
}

/// Says what came of it, on standard error.
fn told(args: &ImportArgs, outcome: CommitOutcome, rows: u64) -> Result<()> {
    let table = &args.table.table;
    match outcome {
        CommitOutcome::Committed { append, .. } => match append {
            Some(snapshot) => eprintln!("imported {rows} rows into {table}: snapshot {snapshot}"),
            None => eprintln!("imported {rows} rows into {table}"),
        },
        CommitOutcome::AlreadyCommitted { snapshot, .. } => {
            let (user, identifier) =
                (args.commit_user.as_deref().unwrap_or_default(), args.commit_id.unwrap_or_default());
            eprintln!(
                "nothing changed: commit {identifier} of user {user} is in {table} already, as snapshot {snapshot}"
            );
        }
        CommitOutcome::Empty => eprintln!("nothing to import: {} has no rows", args.file),
    }
    Ok(())
}

fn guessed(file: &str) -> Result<ImportFormat> {
    let extension = file.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    match extension.as_str() {
        "csv" => Ok(ImportFormat::Csv),
        "json" | "ndjson" => Ok(ImportFormat::Ndjson),
        "jsonl" => Ok(ImportFormat::Canonical),
        "parquet" => Ok(ImportFormat::Parquet),
        _ => Err(Failure::usage(format!("it is not clear how {file} is written"))
            .hint("say so with --format canonical|csv|ndjson|parquet")),
    }
}

/// Writes all rows of the file; gives their number.
async fn fill(writer: &mut TableWriter, table: &Table, args: &ImportArgs, format: ImportFormat) -> Result<u64> {
    let mut sink = Sink { writer, schema: table.schema(), op_column: args.op_column.as_deref(), rows: 0 };
    match format {
        ImportFormat::Canonical if args.op_column.is_some() => {
            let message = format!("canonical lines say what each row does in `{KIND}`");
            return Err(Failure::new(ErrorKind::InvalidInput, message).hint("leave --op-column out"));
        }
        ImportFormat::Canonical => canonical(&mut sink, table, &args.file).await?,
        ImportFormat::Csv => csv(&mut sink, table, &args.file).await?,
        ImportFormat::Ndjson => ndjson(&mut sink, table, &args.file).await?,
        ImportFormat::Parquet => parquet(&mut sink, table, &args.file).await?,
    }
    Ok(sink.rows)
}

/// Where rows go, their kinds taken out of the column that says them.
struct Sink<'a> {
    writer: &'a mut TableWriter,
    schema: &'a TableSchema,
    /// The column of kinds that the user named.
    op_column: Option<&'a str>,
    rows: u64,
}

impl Sink<'_> {
    async fn take(&mut self, batch: RecordBatch, change: Change) -> Result<()> {
        let name = self.op_column.unwrap_or(KIND);
        let (rows, kinds) = match batch.schema_ref().index_of(name) {
            Ok(index) => {
                let kinds = kinds_of(batch.column(index), name, self.rows, self.op_column.is_some())?;
                let others: Vec<usize> = (0..batch.num_columns()).filter(|column| *column != index).collect();
                (batch.project(&others).map_err(crate::output::arrow)?, Some(kinds))
            }
            Err(_) if self.op_column.is_some() => {
                let message = format!("the file has no column `{name}`");
                return Err(
                    Failure::new(ErrorKind::InvalidInput, message).hint("--op-column names a column of the file")
                );
            }
            Err(_) => (batch, None),
        };
        let rows = values::fitted(&rows, self.schema, self.rows, change)?;
        self.take_kinds(rows, kinds).await
    }

    async fn take_kinds(&mut self, rows: RecordBatch, kinds: Option<Int8Array>) -> Result<()> {
        self.rows += rows.num_rows() as u64;
        match kinds {
            Some(kinds) => self.writer.write_kinds(rows, &kinds).await?,
            None => self.writer.write(rows).await?,
        }
        Ok(())
    }
}

/// Where the user named no column, one without a value says +I, as it does where there is none.
fn kinds_of(column: &ArrayRef, name: &str, before: u64, named: bool) -> Result<Int8Array> {
    let texts = arrow_cast::cast(column, &ArrowType::Utf8).map_err(crate::output::arrow)?;
    let texts: &StringArray = texts.as_string();
    (texts.iter().zip(before + 1..))
        .map(|(text, row)| {
            let kind = match text.unwrap_or(if named { "" } else { "+I" }) {
                "+I" | "I" | "i" | "insert" | "INSERT" | "c" | "r" => RowKind::Insert,
                "-U" | "update_before" => RowKind::UpdateBefore,
                "+U" | "U" | "u" | "update" | "UPDATE" | "update_after" => RowKind::UpdateAfter,
                "-D" | "D" | "d" | "delete" | "DELETE" => RowKind::Delete,
                other => {
                    let what = if text.is_none() { "nothing".to_owned() } else { format!("`{other}`") };
                    let message = format!("row {row}: {what} in column `{name}` does not say what the row does");
                    return Err(Failure::new(ErrorKind::InvalidInput, message).hint("write +I, -U, +U or -D"));
                }
            };
            Ok(Some(kind.as_byte()))
        })
        .collect()
}

fn opened(file: &str) -> Result<Box<dyn BufRead + Send>> {
    if file == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).and_then(|opened| match opened.metadata()?.is_dir() {
        true => Err(std::io::Error::new(std::io::ErrorKind::IsADirectory, "it is a folder")),
        false => Ok(opened),
    });
    Ok(Box::new(BufReader::with_capacity(1 << 20, opened.map_err(|error| local(file, error))?)))
}

fn broken(error: impl std::error::Error) -> Failure {
    Failure::new(ErrorKind::InvalidInput, with_causes(&error))
}

async fn canonical(sink: &mut Sink<'_>, table: &Table, file: &str) -> Result<()> {
    let reader = CanonicalReader::new(&table.schema().fields)?;
    let mut input = opened(file)?;
    let mut before = 0;
    loop {
        let mut text = String::new();
        let mut lines = 0;
        while lines < BATCH_ROWS && input.read_line(&mut text).map_err(|error| local(file, error))? > 0 {
            lines += 1;
        }
        if lines == 0 {
            return Ok(());
        }
        let rows = reader.read_text(&text).map_err(|error| match before {
            0 => Failure::from(error),
            // Lines are counted within what was read at once.
            before => Failure::new(ErrorKind::InvalidInput, format!("after line {before}: {}", with_causes(&error))),
        })?;
        before += lines;
        sink.take_kinds(rows.batch, rows.kinds).await?;
    }
}

/// The header says which columns there are. What Arrow's reader cannot parse itself comes as text and is cast as Paimon does.
async fn csv(sink: &mut Sink<'_>, table: &Table, file: &str) -> Result<()> {
    let mut input = opened(file)?;
    let mut header = String::new();
    input.read_line(&mut header).map_err(|error| local(file, error))?;
    if header.trim().is_empty() {
        return Err(
            Failure::new(ErrorKind::InvalidInput, "the file has no header").hint("the first line names the columns")
        );
    }
    let names = csv_names(&header)?;
    let mut fields = Vec::new();
    for name in names {
        if fields.iter().any(|field: &Field| *field.name() == name) {
            return Err(Failure::new(ErrorKind::InvalidInput, format!("the header names column `{name}` twice")));
        }
        match table.schema().field(&name) {
            Some(field) if parses(&field.data_type) => fields.push(arrow_field(field)?.with_nullable(true)),
            Some(field) if !field.data_type.kind.is_nested() => {
                fields.push(Field::new(name, ArrowType::Utf8, true));
            }
            Some(field) => {
                let message = format!("column `{name}` is {}: CSV cannot hold it", field.data_type);
                return Err(
                    Failure::new(ErrorKind::Unsupported, message).hint("import ndjson, canonical or parquet instead")
                );
            }
            // The column of row kinds, or one the writer refuses by name.
            None => fields.push(Field::new(name, ArrowType::Utf8, true)),
        }
    }
    let schema: SchemaRef = Arc::new(Schema::new(fields));
    let whole = std::io::Cursor::new(header.into_bytes()).chain(input);
    let reader = arrow_csv::ReaderBuilder::new(schema)
        .with_header(true)
        .with_batch_size(BATCH_ROWS)
        .build_buffered(BufReader::new(whole));
    for batch in reader.map_err(broken)? {
        sink.take(batch.map_err(broken)?, values::from_text).await?;
    }
    Ok(())
}

/// The names in a CSV header, quotes taken off.
fn csv_names(header: &str) -> Result<Vec<String>> {
    let columns = header.trim_end().split(',').count();
    let format = arrow_csv::reader::Format::default().with_header(true);
    let (schema, _) = format.infer_schema(header.as_bytes(), Some(0)).map_err(broken)?;
    debug_assert!(schema.fields().len() <= columns);
    Ok(schema.fields().iter().map(|field| field.name().trim_start_matches('\u{feff}').to_owned()).collect())
}

/// Whether Arrow's CSV reader parses the type itself.
fn parses(data_type: &DataType) -> bool {
    !data_type.kind.is_nested() && !data_type.kind.is_binary() && !matches!(data_type.kind, TypeKind::Time(_))
}

async fn ndjson(sink: &mut Sink<'_>, table: &Table, file: &str) -> Result<()> {
    let mut fields = table.schema().fields.iter().map(values::json_field).collect::<Result<Vec<_>>>()?;
    let kinds = sink.op_column.unwrap_or(KIND);
    if table.schema().field(kinds).is_none() {
        fields.push(Field::new(kinds, ArrowType::Utf8, true));
    }
    let reader = arrow_json::ReaderBuilder::new(Arc::new(Schema::new(fields)))
        .with_strict_mode(true)
        .with_batch_size(BATCH_ROWS)
        .build(opened(file)?);
    for batch in reader.map_err(broken)? {
        let batch = batch.map_err(|error| {
            let rows = format!("in rows {} to {}", sink.rows + 1, sink.rows + BATCH_ROWS as u64);
            Failure::new(ErrorKind::InvalidInput, format!("{rows}: {}", with_causes(&error)))
        });
        sink.take(batch?, values::from_text).await?;
    }
    Ok(())
}

/// Through the table's own reader of Parquet; columns are found by name.
async fn parquet(sink: &mut Sink<'_>, table: &Table, file: &str) -> Result<()> {
    if file == "-" {
        return Err(
            Failure::new(ErrorKind::Unsupported, "Parquet cannot be read from standard input").hint("give a file")
        );
    }
    let path = std::path::absolute(file).map_err(|error| local(file, error))?;
    let runtime = table.lake().runtime().clone();
    let io = LocalFileIO::new(runtime.clone());
    // The file is the user's, not the table's.
    let damaged = |error: tidelake::format::Error| match error.kind() {
        ErrorKind::Corrupt => Failure::new(ErrorKind::InvalidInput, with_causes(&error))
            .hint(format!("{file} is damaged, or no Parquet file")),
        _ => error.into(),
    };
    let opened = io.open(&FilePath::parse(&path.to_string_lossy())?, None).await?;
    let context = FormatContext { runtime: runtime.clone(), footer_bytes_max: 256 << 20 };
    let open = table.lake().formats().get("parquet")?.open(Arc::clone(&opened), &context).await.map_err(damaged)?;
    let request = ReadRequest {
        projection: Arc::clone(open.schema()),
        row_groups: 0..open.row_groups().len(),
        rows: None,
        predicate: None,
        batch_rows: BATCH_ROWS,
    };
    let mut batches = tidelake::format::read(opened, open, request, runtime);
    while let Some(batch) = batches.try_next().await.map_err(damaged)? {
        sink.take(batch.rows, values::lossless).await?;
    }
    Ok(())
}

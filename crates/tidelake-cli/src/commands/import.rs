//! `tide table import`: the rows of a file, in one commit.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead, BufReader, Read},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, Int8Array, RecordBatch, StringArray, cast::AsArray};
use arrow_schema::{DataType as ArrowType, Field, Schema, SchemaRef};
use futures::TryStreamExt;
use tidelake::{
    CommitOutcome, DataType, ErrorKind, RowKind, Table, TableWriter, TypeKind,
    format::{FormatContext, ReadRequest},
    io::{FileIO, FilePath, LocalFileIO},
    types::{CanonicalReader, arrow_field, cast_array},
};

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
        _ => Err(Failure::new(ErrorKind::InvalidInput, format!("it is not clear how {file} is written"))
            .hint("say so with --format canonical|csv|ndjson|parquet")),
    }
}

/// Writes all rows of the file; gives their number.
async fn fill(writer: &mut TableWriter, table: &Table, args: &ImportArgs, format: ImportFormat) -> Result<u64> {
    let mut sink = Sink { writer, op_column: args.op_column.as_deref().unwrap_or(KIND).to_owned(), rows: 0 };
    match format {
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
    op_column: String,
    rows: u64,
}

impl Sink<'_> {
    async fn take(&mut self, batch: RecordBatch) -> Result<()> {
        let Some((index, _)) = batch.schema_ref().column_with_name(&self.op_column) else {
            return self.take_kinds(batch, None).await;
        };
        let kinds = kinds_of(batch.column(index), &self.op_column, self.rows)?;
        let others: Vec<usize> = (0..batch.num_columns()).filter(|column| *column != index).collect();
        let rows = batch.project(&others).map_err(crate::output::arrow)?;
        self.take_kinds(rows, Some(kinds)).await
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

fn kinds_of(column: &ArrayRef, name: &str, before: u64) -> Result<Int8Array> {
    let texts = arrow_cast::cast(column, &ArrowType::Utf8).map_err(crate::output::arrow)?;
    let texts: &StringArray = texts.as_string();
    (texts.iter().zip(before + 1..))
        .map(|(text, row)| {
            let kind = match text.unwrap_or("+I") {
                "+I" | "I" | "i" | "insert" | "INSERT" | "c" | "r" => RowKind::Insert,
                "-U" | "update_before" => RowKind::UpdateBefore,
                "+U" | "U" | "u" | "update" | "UPDATE" | "update_after" => RowKind::UpdateAfter,
                "-D" | "D" | "d" | "delete" | "DELETE" => RowKind::Delete,
                other => {
                    let message = format!("row {row}: `{other}` in column `{name}` does not say what the row does");
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
    let mut texts = BTreeMap::new();
    let mut fields = Vec::new();
    for name in names {
        if fields.iter().any(|field: &Field| *field.name() == name) {
            return Err(Failure::new(ErrorKind::InvalidInput, format!("the header names column `{name}` twice")));
        }
        match table.schema().field(&name) {
            Some(field) if parses(&field.data_type) => fields.push(arrow_field(field)?.with_nullable(true)),
            Some(field) if !field.data_type.kind.is_nested() => {
                texts.insert(fields.len(), field.data_type.clone());
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
        let batch = batch.map_err(broken)?;
        sink.take(cast_texts(batch, &texts)?).await?;
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

fn cast_texts(batch: RecordBatch, texts: &BTreeMap<usize, DataType>) -> Result<RecordBatch> {
    let string = DataType { kind: TypeKind::STRING, nullable: true };
    let mut columns = batch.columns().to_vec();
    let mut fields: Vec<Field> = batch.schema_ref().fields().iter().map(|field| field.as_ref().clone()).collect();
    for (index, data_type) in texts {
        let cast = cast_array(&columns[*index], &string, data_type)?;
        let lost = (0..cast.len()).find(|row| cast.is_null(*row) && !columns[*index].is_null(*row));
        if let Some(row) = lost {
            let text = columns[*index].as_string::<i32>().value(row);
            let message = format!("`{text}` in column `{}` is not {data_type}", fields[*index].name());
            return Err(Failure::new(ErrorKind::InvalidInput, message));
        }
        fields[*index] = fields[*index].clone().with_data_type(cast.data_type().clone());
        columns[*index] = cast;
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(crate::output::arrow)
}

async fn ndjson(sink: &mut Sink<'_>, table: &Table, file: &str) -> Result<()> {
    let mut fields = (table.schema().fields.iter())
        .map(|field| Ok(arrow_field(field)?.with_nullable(true)))
        .collect::<Result<Vec<_>>>()?;
    fields.push(Field::new(&sink.op_column, ArrowType::Utf8, true));
    let reader = arrow_json::ReaderBuilder::new(Arc::new(Schema::new(fields)))
        .with_strict_mode(true)
        .with_batch_size(BATCH_ROWS)
        .build(opened(file)?);
    for batch in reader.map_err(broken)? {
        sink.take(batch.map_err(broken)?).await?;
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
    let opened = io.open(&FilePath::parse(&path.to_string_lossy())?, None).await?;
    let context = FormatContext { runtime: runtime.clone(), footer_bytes_max: 256 << 20 };
    let open = table.lake().formats().get("parquet")?.open(Arc::clone(&opened), &context).await?;
    let request = ReadRequest {
        projection: Arc::clone(open.schema()),
        row_groups: 0..open.row_groups().len(),
        rows: None,
        predicate: None,
        batch_rows: BATCH_ROWS,
    };
    let mut batches = tidelake::format::read(opened, open, request, runtime);
    while let Some(batch) = batches.try_next().await? {
        sink.take(batch.rows).await?;
    }
    Ok(())
}

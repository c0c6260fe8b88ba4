//! `tide table`: ls, create, get, read, drop; the others have files of their own.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use futures::TryStreamExt;
use serde_json::{Map, Value, json};
use tidelake::{Classify, DataField, ErrorKind, Identifier, Options, TableSchema, types::parse_ddl_type};

use super::{alter, explain, export, import, rows};
use crate::{
    args::{Format, LakeArgs, ReadArgs, TableArgs, TableCommand},
    filter::parse_filter,
    output::Printer,
    report::{Failure, Result, local},
    session::{Session, options_of},
};

pub(crate) async fn run(command: TableCommand) -> Result<()> {
    match command {
        TableCommand::Ls { database, lake } => ls(database, &lake).await,
        TableCommand::Create { table, schema, if_not_exists } => create(&table, &schema, if_not_exists).await,
        TableCommand::Get { table } => get(&table).await,
        TableCommand::Read(args) => read(args).await,
        TableCommand::Explain(args) => explain::run(args).await,
        TableCommand::Import(args) => import::run(args).await,
        TableCommand::Export(args) => export::run(args).await,
        TableCommand::Alter(args) => alter::run(args).await,
        TableCommand::Drop { table, if_exists } => drop(&table, if_exists).await,
    }
}

async fn ls(database: Option<String>, lake: &LakeArgs) -> Result<()> {
    let session = Session::open(lake).await?;
    let databases = match database {
        Some(database) => vec![database],
        None => session.catalog.list_databases().await?,
    };
    if databases.is_empty() {
        session.check_warehouse()?;
    }
    let mut out = crate::output::stdout();
    for database in databases {
        let mut tables = session.catalog.list_tables(&database).await?;
        tables.sort();
        for table in tables {
            crate::output::line(&mut out, &format!("{database}.{table}"))?;
        }
    }
    crate::output::flush(&mut out)
}

/// Creates the table, and its database if that is not there.
async fn create(table: &TableArgs, schema: &Path, if_not_exists: bool) -> Result<()> {
    let session = Session::open(&table.lake).await?;
    let identifier = Identifier::parse(&table.table)?;
    let text = std::fs::read_to_string(schema).map_err(|error| local(schema.display(), error))?;
    let json: Value = serde_json::from_str(&text)
        .map_err(|error| Failure::new(ErrorKind::InvalidInput, format!("{} is not JSON: {error}", schema.display())))?;
    let now_ms = session.lake.runtime().clock().now_ms();
    let schema = schema_from_json(&json, &options_of(table), now_ms)
        .map_err(|failure| failure.while_doing(format!("read the schema {}", schema.display())))?;
    if let Err(error) = session.catalog.create_database(&identifier.database, &Options::new()).await
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(error.into());
    }
    match session.catalog.create_table(&identifier, &schema).await {
        Ok(_) => eprintln!("created {}", table.table),
        Err(error) if if_not_exists && error.kind() == ErrorKind::AlreadyExists => {
            eprintln!("{} is there already", table.table)
        }
        Err(error) => return Err(Failure::from(error).while_doing(format!("create {}", table.table))),
    }
    Ok(())
}

/// A schema as people write it: types as DDL text or as in Paimon's schema files.
fn schema_from_json(json: &Value, call: &Options, now_ms: i64) -> Result<TableSchema> {
    let invalid = |message: String| Failure::new(ErrorKind::InvalidInput, message);
    let object = json.as_object().ok_or_else(|| invalid("it is not a JSON object".into()))?;
    let listed =
        object.get("fields").and_then(Value::as_array).ok_or_else(|| invalid("`fields` is not a list".into()))?;
    // Either the file numbers its columns, as schema files do, or they are numbered here, as CREATE TABLE does.
    let numbered = listed.iter().any(|field| field.get("id").is_some());
    let mut next_id = i32::try_from(listed.iter().map(highest_id).max().unwrap_or(-1) + 1).unwrap_or(i32::MAX);
    let fields = (listed.iter().zip(0..))
        .map(|(field, position)| {
            let name = field
                .get("name")
                .and_then(Value::as_str)
                .ok_or_else(|| invalid(format!("field {position} has no `name`")))?;
            let id = match field.get("id").and_then(Value::as_i64).map(i32::try_from) {
                Some(Ok(id)) => id,
                None if !numbered => {
                    next_id += 1;
                    next_id - 1
                }
                _ => return Err(invalid(format!("the id of field `{name}` is not a 32-bit number"))),
            };
            let (mut data_type, inside_numbered) = match field.get("type") {
                Some(Value::String(text)) => (parse_ddl_type(text, &mut 0)?, false),
                Some(other) => (tidelake::types::parse_data_type(other)?, numbered),
                None => return Err(invalid(format!("field `{name}` has no `type`"))),
            };
            if !inside_numbered {
                data_type.number_fields(&mut next_id);
            }
            let mut made = DataField::new(id, name, data_type);
            let text = |member: &str| field.get(member).and_then(Value::as_str).map(str::to_owned);
            made.description = text("description").or_else(|| text("comment"));
            made.default_value = text("defaultValue");
            Ok(made)
        })
        .collect::<Result<Vec<_>>>()?;
    let names = |member: &str| -> Result<Vec<String>> {
        let Some(list) = object.get(member).filter(|value| !value.is_null()) else { return Ok(Vec::new()) };
        (list.as_array().into_iter().flatten())
            .map(|name| {
                name.as_str().map(str::to_owned).ok_or_else(|| invalid(format!("`{member}` is not a list of names")))
            })
            .collect()
    };
    let mut options = Options::new();
    for (key, value) in object.get("options").and_then(Value::as_object).into_iter().flatten() {
        options.set(key, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let options = options.overlaid(call);
    let comment = object.get("comment").and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(TableSchema::create(fields, names("partitionKeys")?, names("primaryKeys")?, options, comment, now_ms)?)
}

/// The highest `id` in a field of a schema file, at any depth; -1 if there is none.
fn highest_id(json: &Value) -> i64 {
    match json {
        Value::Object(members) => {
            let own = members.get("id").and_then(Value::as_i64).unwrap_or(-1);
            members.values().map(highest_id).max().unwrap_or(-1).max(own)
        }
        Value::Array(list) => list.iter().map(highest_id).max().unwrap_or(-1),
        _ => -1,
    }
}

async fn get(args: &TableArgs) -> Result<()> {
    let session = Session::open(&args.lake).await?;
    let table = session.data_table(args).await?;
    let schema = table.schema();
    let options: BTreeMap<&str, &str> = schema.options.iter().collect();
    let options: Map<String, Value> = options.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    let mut json = json!({
        "fields": schema.fields.iter().map(DataField::to_json).collect::<Vec<_>>(),
        "partitionKeys": schema.partition_keys,
        "primaryKeys": schema.primary_keys,
        "options": options,
    });
    if let Some(comment) = &schema.comment {
        json["comment"] = comment.as_str().into();
    }
    let mut out = crate::output::stdout();
    crate::output::line(&mut out, &serde_json::to_string_pretty(&json).unwrap_or_else(|_| json.to_string()))?;
    crate::output::flush(&mut out)
}

async fn read(args: ReadArgs) -> Result<()> {
    let session = Session::open(&args.table.lake).await?;
    let (table, system) = session.table(&args.table).await?;
    if let Some(system) = system {
        return read_system(&args, &table, &system).await;
    }
    let canonical = args.format == Format::Canonical;
    let (fields, mut batches) = rows::query(&table, &args.rows, canonical).await?;
    let mut printer = Printer::new(args.format, fields, args.kinds, canonical);
    while let Some((rows, kinds)) = batches.try_next().await? {
        printer.batch(&rows, Some(&kinds))?;
    }
    printer.finish()
}

async fn read_system(args: &ReadArgs, table: &tidelake::Table, system: &str) -> Result<()> {
    let fields = table.system_fields(system).await?;
    let mut batch = table.system(system).await?;
    if let Some(sql) = &args.rows.filter {
        // Not `TableSchema::create`: names of system columns are fine here.
        let schema = TableSchema { fields: fields.clone(), ..table.schema().as_ref().clone() };
        let filter = parse_filter(sql, &Arc::new(schema))?;
        let kinds = arrow_array::Int8Array::from_value(0, batch.num_rows());
        batch = filter.keep((batch, kinds))?.0;
    }
    let (fields, picked) = match &args.rows.select {
        Some(columns) => crate::output::picked(&fields, columns)?,
        None => (fields, None),
    };
    if let Some(picked) = &picked {
        batch = batch.project(picked).map_err(crate::output::arrow)?;
    }
    let rows = args.rows.limit.map_or(batch.num_rows(), |limit| (limit as usize).min(batch.num_rows()));
    let batch = batch.slice(0, rows);
    let kinds = arrow_array::Int8Array::from_value(0, rows);
    let mut printer = Printer::new(args.format, fields, args.kinds, true);
    printer.batch(&batch, Some(&kinds))?;
    printer.finish()
}

async fn drop(args: &TableArgs, if_exists: bool) -> Result<()> {
    let session = Session::open(&args.lake).await?;
    let identifier = Identifier::parse(&args.table)?;
    match session.catalog.drop_table(&identifier).await {
        Ok(()) => eprintln!("dropped {}", args.table),
        Err(error) if if_exists && error.kind() == ErrorKind::NotFound => eprintln!("there is no {}", args.table),
        Err(error) => return Err(Failure::from(error).while_doing(format!("drop {}", args.table))),
    }
    Ok(())
}

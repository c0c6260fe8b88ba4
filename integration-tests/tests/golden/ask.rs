//! Puts a question to Tidelake and writes the answer as canonical lines.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt};
use tidelake::{
    Changes, Error, Filter, Literal, Operator, Options, RowKind, Table, TableSchema,
    arrow_array::RecordBatch,
    system_schema,
    types::{DataField, parse_canonical, write_canonical_row},
};
use tokio::time::timeout;

use crate::cases::Question;

/// How long a plan that Java saw may take, and how long we wait for one that it did not see.
const PATIENCE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_millis(100);

/// Read as the table is, rather than whole.
const AUDIT_LOG: &str = "audit_log";

/// The lines in the order in which they are compared.
pub(crate) async fn ask(table: &Table, question: &Question) -> Result<Vec<String>, Error> {
    let options: Options = question.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let table = table.with_options(&options);
    if question.stream {
        return follow(&table, question).await;
    }
    let mut lines = match question.system.as_deref() {
        Some(AUDIT_LOG) => read(&table, question).await?,
        Some(system) => system_lines(&table, system, question).await?,
        None => read(&table, question).await?,
    };
    lines.sort_unstable();
    Ok(lines)
}

async fn read(table: &Table, question: &Question) -> Result<Vec<String>, Error> {
    let mut scan = table.scan().wide_timestamps(true);
    if question.system.as_deref() == Some(AUDIT_LOG) {
        scan = scan.audit_log();
    }
    if let Some(columns) = &question.project {
        scan = scan.project(columns.clone());
    }
    if !question.filters.is_empty() {
        let schema = table.schema_at(None).await?;
        for text in &question.filters {
            scan = scan.filter(filter(text, &schema));
        }
    }
    let plan = scan.plan().await?;
    let mut lines = Vec::new();
    append(table.read_changes(&plan)?, plan.fields(), question.kinds, &mut lines).await?;
    Ok(lines)
}

async fn follow(table: &Table, question: &Question) -> Result<Vec<String>, Error> {
    let expected = (question.answer.iter().flatten()).filter(|line| line.starts_with("{\"_plan\":")).count();
    let mut stream = table.stream_by_options().wide_timestamps(true).build().await?;
    let fields = stream.fields().to_vec();
    let (mut lines, mut plans) = (Vec::new(), 0);
    while let Ok(Some(plan)) = timeout(if plans < expected { PATIENCE } else { IDLE }, stream.next()).await {
        let plan = plan?;
        plans += 1;
        let rows = append(plan.changes, &fields, true, &mut lines).await?;
        lines.push(format!("{{\"_plan\":{},\"_next\":{},\"_rows\":{rows}}}", plan.number, plan.next_snapshot));
    }
    Ok(lines)
}

async fn append(
    mut changes: Changes,
    fields: &[DataField],
    kinds: bool,
    lines: &mut Vec<String>,
) -> Result<usize, Error> {
    let before = lines.len();
    while let Some(batch) = changes.try_next().await? {
        for row in 0..batch.rows.num_rows() {
            let kind = RowKind::from_byte(batch.kinds.value(row)).expect("a kind");
            lines.push(line(&batch.rows, row, fields, kinds.then_some(kind)));
        }
    }
    Ok(lines.len() - before)
}

async fn system_lines(table: &Table, system: &str, question: &Question) -> Result<Vec<String>, Error> {
    assert!(question.filters.is_empty(), "system tables are not filtered here");
    let batch = table.system(system).await?;
    let all = system_schema(system)?;
    let columns: Vec<usize> = match &question.project {
        Some(names) => {
            names.iter().map(|name| all.iter().position(|field| field.name == *name).expect("a column")).collect()
        }
        None => (0..all.len()).collect(),
    };
    let batch = batch.project(&columns).expect("columns of the batch");
    let fields: Vec<_> = columns.iter().map(|index| all[*index].clone()).collect();
    Ok((0..batch.num_rows()).map(|row| line(&batch, row, &fields, None)).collect())
}

fn line(batch: &RecordBatch, row: usize, fields: &[DataField], kind: Option<RowKind>) -> String {
    let mut line = String::new();
    write_canonical_row(batch, row, fields, kind, &mut line).expect("a row of these fields");
    line
}

/// From `col op literal`.
fn filter(text: &str, schema: &TableSchema) -> Filter {
    let mut words = text.splitn(3, ' ');
    let column = words.next().unwrap_or_default();
    let operator = match words.next().unwrap_or_default() {
        "=" => Operator::Equal,
        "!=" => Operator::NotEqual,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "in" => Operator::In,
        "not-in" => Operator::NotIn,
        "starts" => Operator::StartsWith,
        "is-null" => Operator::IsNull,
        "is-not-null" => Operator::IsNotNull,
        other => panic!("an unknown operator: {other}"),
    };
    let field = schema.field(column).expect("a column of the table");
    let literal = |json: &serde_json::Value| {
        let scalar = parse_canonical(json, &field.data_type).expect("a value of the column's type");
        scalar.map_or(Literal::Null, Literal::Scalar)
    };
    let literals = match words.next().map(|text| serde_json::from_str(text).expect("JSON")) {
        None => Vec::new(),
        Some(serde_json::Value::Array(list)) => list.iter().map(literal).collect(),
        Some(one) => vec![literal(&one)],
    };
    Filter::Compare { column: column.to_owned(), operator, literals }
}

//! `INSERT OVERWRITE`: the rows of a query take the place of others, in one commit.

use arrow_schema::DataType;
use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, LogicalPlan, cast, ident, lit},
    prelude::DataFrame,
};
use tidelake_table::{Overwrite, Table};

use crate::{
    Result, SqlResult, SqlSession,
    ddl::Insert,
    error::SyntaxSnafu,
    session::{done, quoted},
    sink::store,
    statement::statements,
};

impl SqlSession {
    pub(crate) async fn insert(&self, insert: Insert) -> Result<SqlResult> {
        let identifier = self.identifier(&insert.path)?;
        let table = self.lake.load_table(&self.catalog, &identifier).await?;
        let spec = insert.partition.spec(table.schema());
        let frame = self.rows_for(&table, &insert).await?;
        let mut writer = table.writer();
        if insert.overwrite {
            let overwrite = Overwrite::of(spec, table.schema()).map_err(tidelake_table::Error::from)?;
            writer = writer.overwrite(overwrite);
        }
        let rows = frame.execute_stream().await?;
        let (count, outcome) = store(writer.build()?, rows).await?;
        let verb = if insert.overwrite { "overwrote with" } else { "inserted" };
        let warnings = outcome.warnings().into_iter().map(|warning| format!("; {warning}"));
        done(format!("{verb} {count} rows{}", warnings.collect::<String>()))
    }

    /// The rows of the query with all columns of the table: DataFusion casts them as for `INSERT INTO`, and those that the
    /// partition clause names have its values.
    async fn rows_for(&self, table: &Table, insert: &Insert) -> Result<DataFrame> {
        let fields = &table.schema().fields;
        let value_of = |name: &str| insert.partition.0.iter().find(|(column, _)| column == name);
        for (name, _) in &insert.partition.0 {
            if !table.schema().partition_keys.contains(name) {
                return SyntaxSnafu { message: format!("`{name}` is not a partition column of the table") }.fail();
            }
            if insert.columns.contains(name) && value_of(name).is_some_and(|(_, value)| value.is_some()) {
                return SyntaxSnafu { message: format!("`{name}` is given twice, by PARTITION and by the query") }
                    .fail();
            }
        }
        let is_fixed = |name: &str| value_of(name).is_some_and(|(_, value)| value.is_some());
        let columns: Vec<&str> = match insert.columns.is_empty() {
            true => fields.iter().map(|field| field.name.as_str()).filter(|name| !is_fixed(name)).collect(),
            false => insert.columns.iter().map(String::as_str).collect(),
        };
        let identifier = table.identifier();
        let columns = columns.into_iter().map(quoted).collect::<Vec<_>>().join(", ");
        let (database, name) = (quoted(&identifier.database), quoted(&identifier.table));
        let statement = statements(&format!("INSERT INTO {database}.{name} ({columns}) {}", insert.query))?;
        let plan = match statement.as_slice() {
            [statement] => self.planned(statement).await?,
            _ => return SyntaxSnafu { message: "INSERT needs one query" }.fail(),
        };
        let LogicalPlan::Dml(rows) = plan else {
            return SyntaxSnafu { message: "INSERT needs a query" }.fail();
        };
        let arrow = table.arrow_schema()?;
        let all: Vec<Expr> = (fields.iter().zip(arrow.fields()))
            .map(|(field, form)| match value_of(&field.name) {
                Some((_, Some(value))) => fixed(value.as_deref(), form.data_type()).alias(field.name.as_str()),
                _ => ident(field.name.as_str()),
            })
            .collect();
        Ok(DataFrame::new(self.context.state(), rows.input.as_ref().clone()).select(all)?)
    }
}

/// A value of the partition clause, in the type of its column.
fn fixed(text: Option<&str>, form: &DataType) -> Expr {
    let value = text.map_or(ScalarValue::Utf8(None), ScalarValue::from);
    cast(lit(value), form.clone())
}

//! Running statements.

use std::sync::{Arc, PoisonError, RwLock};

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use datafusion::{
    catalog::CatalogProvider,
    execution::runtime_env::RuntimeEnv,
    logical_expr::LogicalPlan,
    prelude::{DataFrame, SessionConfig, SessionContext},
};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use tidelake_error::{Classify, ErrorKind};
use tidelake_table::{Catalog, Identifier, Lake, Options, TableSchema};
use tidelake_types::fields_from_arrow;

use crate::{
    Result,
    catalog::LakeCatalog,
    ddl::{
        CreateTable, Cursor, describe, parse_alter_table, parse_call, parse_create_table, parse_insert,
        show_create_table,
    },
    error::{SyntaxSnafu, UnsupportedSnafu},
    literals::{with_exact_literals, with_long_decimals},
    memory_pool::BudgetPool,
    statement::{Statement, statements},
    time_travel::with_versions_in_names,
};

/// What the catalog is called in queries: `tide.db.table`.
const CATALOG: &str = "tide";
/// The database of names without one, as in Paimon.
const DEFAULT_DATABASE: &str = "default";

/// Runs statements against one catalog.
pub struct SqlSession {
    pub(crate) context: SessionContext,
    pub(crate) lake: Lake,
    pub(crate) catalog: Arc<dyn Catalog>,
    provider: LakeCatalog,
    database: RwLock<String>,
}

/// What a statement answers.
pub enum SqlResult {
    /// Rows.
    Rows {
        /// Their columns.
        schema: SchemaRef,
        /// As they come.
        batches: BoxStream<'static, Result<RecordBatch>>,
    },
    /// It is done, and this is what it did.
    Done(String),
}

impl std::fmt::Debug for SqlSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqlSession").field("catalog", &self.catalog).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SqlResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows { schema, .. } => f.debug_struct("Rows").field("schema", schema).finish_non_exhaustive(),
            Self::Done(what) => f.debug_tuple("Done").field(what).finish(),
        }
    }
}

impl SqlSession {
    /// For one catalog. Queries spend from the memory budget of the lake; those of their operators that can, spill to this machine's disk
    /// when it has no room for them.
    pub fn new(lake: &Lake, catalog: &Arc<dyn Catalog>) -> Self {
        let config = SessionConfig::new()
            .with_default_catalog_and_schema(CATALOG, DEFAULT_DATABASE)
            .with_create_default_catalog_and_schema(false)
            .with_information_schema(true)
            .with_target_partitions(lake.runtime().compute_threads())
            // Paimon's names keep their case.
            .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
        let pool = BudgetPool::new(lake.runtime().memory());
        // As the default is, but for the pool.
        let environment = RuntimeEnv { memory_pool: pool, ..RuntimeEnv::default() };
        let context = SessionContext::new_with_config_rt(config, Arc::new(environment));
        let provider = LakeCatalog::new(lake.clone(), Arc::clone(catalog));
        context.register_catalog(CATALOG, Arc::new(provider.clone()) as Arc<dyn CatalogProvider>);
        Self {
            context,
            lake: lake.clone(),
            catalog: Arc::clone(catalog),
            provider,
            database: RwLock::new(DEFAULT_DATABASE.to_owned()),
        }
    }

    /// DataFusion's own context, to register tables and functions of a program's.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Runs one statement. Rows are read as they are asked for; everything else is done when this returns.
    pub async fn run(&self, sql: &str) -> Result<SqlResult> {
        let mut parsed = statements(sql)?;
        match (parsed.pop(), parsed.is_empty()) {
            (Some(statement), true) => self.run_statement(&statement).await,
            (Some(_), false) => SyntaxSnafu { message: "more than one statement: split them at `;` first" }.fail(),
            (None, _) => Ok(SqlResult::Done("nothing to do".to_owned())),
        }
    }

    /// Runs one statement and gives all its rows.
    pub async fn collect(&self, sql: &str) -> Result<Vec<RecordBatch>> {
        match self.run(sql).await? {
            SqlResult::Rows { batches, .. } => batches.try_collect().await,
            SqlResult::Done(_) => Ok(Vec::new()),
        }
    }

    async fn run_statement(&self, statement: &Statement) -> Result<SqlResult> {
        let mut cursor = Cursor::new(statement);
        if statement.begins(&["CREATE", "TABLE"]) {
            return self.create_table(parse_create_table(statement)?).await;
        }
        if cursor.take(&["CREATE", "DATABASE"]) || cursor.take(&["CREATE", "SCHEMA"]) {
            let quiet = cursor.take(&["IF", "NOT", "EXISTS"]);
            let name = cursor.name()?;
            cursor.end()?;
            return match self.catalog.create_database(&name, &Options::new()).await {
                Err(error) if quiet && error.kind() == ErrorKind::AlreadyExists => {
                    done(format!("database {name} is there already"))
                }
                made => made.map_err(Into::into).and_then(|()| done(format!("created database {name}"))),
            };
        }
        if cursor.take(&["DROP", "DATABASE"]) || cursor.take(&["DROP", "SCHEMA"]) {
            let quiet = cursor.take(&["IF", "EXISTS"]);
            let name = cursor.name()?;
            cursor.end()?;
            return match self.catalog.drop_database(&name).await {
                Err(error) if quiet && error.kind() == ErrorKind::NotFound => {
                    done(format!("there is no database {name}"))
                }
                dropped => dropped.map_err(Into::into).and_then(|()| done(format!("dropped database {name}"))),
            };
        }
        if cursor.take(&["DROP", "TABLE"]) {
            let quiet = cursor.take(&["IF", "EXISTS"]);
            let identifier = self.identifier(&cursor.path()?)?;
            cursor.end()?;
            return match self.catalog.drop_table(&identifier).await {
                Err(error) if quiet && error.kind() == ErrorKind::NotFound => {
                    done(format!("there is no table {identifier}"))
                }
                dropped => dropped.map_err(Into::into).and_then(|()| done(format!("dropped table {identifier}"))),
            };
        }
        if cursor.take(&["USE"]) {
            let name = cursor.name()?;
            cursor.end()?;
            return self.use_database(name).await;
        }
        if cursor.take(&["SHOW", "DATABASES"]) || cursor.take(&["SHOW", "SCHEMAS"]) {
            cursor.end()?;
            return one_column("database_name", self.catalog.list_databases().await?);
        }
        if cursor.take(&["SHOW", "TABLES"]) {
            let named = cursor.take(&["IN"]) || cursor.take(&["FROM"]);
            let database = if named { cursor.name()? } else { self.database() };
            cursor.end()?;
            let mut tables = match self.catalog.list_tables(&database).await {
                // The default database needs not be there.
                Err(error) if !named && error.kind() == ErrorKind::NotFound => Vec::new(),
                tables => tables?,
            };
            tables.sort();
            return one_column("table_name", tables);
        }
        if cursor.take(&["SHOW", "CREATE", "TABLE"]) {
            let identifier = self.identifier(&cursor.path()?)?;
            cursor.end()?;
            let table = self.lake.load_table(&self.catalog, &identifier).await?;
            return one_column("statement", vec![show_create_table(&table)]);
        }
        if cursor.take(&["DESCRIBE"]) || cursor.take(&["DESC"]) {
            cursor.take(&["TABLE"]);
            let path = cursor.path()?;
            cursor.end()?;
            let identifier = self.identifier(&path)?;
            let table = self.lake.load_table(&self.catalog, &identifier).await?;
            return rows(describe(table.schema())?);
        }
        if statement.begins(&["ALTER", "TABLE"]) {
            return self.alter_table(parse_alter_table(statement)?).await;
        }
        if cursor.take(&["TRUNCATE"]) {
            cursor.take(&["TABLE"]);
            let path = cursor.path()?;
            let partition = cursor.take(&["PARTITION"]).then(|| cursor.partition()).transpose()?;
            cursor.end()?;
            return self.truncate(&path, partition).await;
        }
        if statement.begins(&["CALL"]) {
            return self.call(&parse_call(statement)?).await;
        }
        if let Some(insert) = parse_insert(statement)? {
            return self.insert(insert).await;
        }
        self.refuse_what_is_not_there(statement)?;
        self.query(statement).await
    }

    /// `SELECT`, `INSERT INTO`, `EXPLAIN`, `SET` and the like: DataFusion's.
    async fn query(&self, statement: &Statement) -> Result<SqlResult> {
        if statement.pieces.iter().any(|piece| piece.is("information_schema")) {
            self.provider.refresh().await?;
        }
        let plan = self.planned(statement).await?;
        let frame = self.context.execute_logical_plan(plan).await?;
        let schema = Arc::new(frame.schema().as_arrow().clone());
        let inserts = statement.begins(&["INSERT"]);
        let mut batches = frame.execute_stream().await?.map_err(crate::Error::from).boxed();
        if inserts {
            let mut written = 0;
            while let Some(batch) = batches.try_next().await? {
                let counts = batch.column(0).as_any().downcast_ref::<arrow_array::UInt64Array>();
                written += counts.and_then(arrow_array_sum).unwrap_or_default();
            }
            return done(format!("inserted {written} rows"));
        }
        Ok(SqlResult::Rows { schema, batches })
    }

    /// One query, planned.
    async fn frame(&self, query: &str) -> Result<DataFrame> {
        let mut parsed = statements(query)?;
        match (parsed.pop(), parsed.is_empty()) {
            (Some(statement), true) => Ok(DataFrame::new(self.context.state(), self.planned(&statement).await?)),
            _ => SyntaxSnafu { message: "AS needs one query" }.fail(),
        }
    }

    /// DataFusion's plan of a statement, with versions of tables and decimal numbers as they are written.
    pub(crate) async fn planned(&self, statement: &Statement) -> Result<LogicalPlan> {
        let text = match with_long_decimals(statement).map(|text| statements(&text)).transpose()?.as_deref() {
            Some([rewritten]) => with_versions_in_names(rewritten)?,
            _ => with_versions_in_names(statement)?,
        };
        Ok(with_exact_literals(self.context.state().create_logical_plan(&text).await?)?)
    }

    fn refuse_what_is_not_there(&self, statement: &Statement) -> Result<()> {
        let refused = [
            (&["DELETE"][..], "DELETE is not supported yet: `tide table import --op-column` deletes rows by key"),
            (&["UPDATE"], "UPDATE is not supported yet: INSERT INTO a table with a primary key replaces rows"),
            (&["MERGE"], "MERGE is not supported yet: INSERT INTO a table with a primary key replaces rows"),
            (&["ALTER"], "ALTER is supported for tables only"),
        ];
        for (words, message) in refused {
            if statement.begins(words) {
                return UnsupportedSnafu { message }.fail();
            }
        }
        Ok(())
    }

    async fn create_table(&self, table: CreateTable) -> Result<SqlResult> {
        let identifier = self.identifier(&table.path)?;
        let mut fields = table.fields;
        if fields.is_empty() {
            let Some(query) = &table.query else {
                return SyntaxSnafu { message: format!("table {identifier} has no columns") }.fail();
            };
            let frame = self.frame(query).await?;
            fields = fields_from_arrow(frame.schema().as_arrow())?;
        }
        let now_ms = self.lake.runtime().clock().now_ms();
        let schema =
            TableSchema::create(fields, table.partition_keys, table.primary_keys, table.options, table.comment, now_ms)
                .map_err(tidelake_table::Error::from)?;
        if let Err(error) = self.catalog.create_database(&identifier.database, &Options::new()).await
            && error.kind() != ErrorKind::AlreadyExists
        {
            return Err(error.into());
        }
        match self.catalog.create_table(&identifier, &schema).await {
            Err(error) if table.if_not_exists && error.kind() == ErrorKind::AlreadyExists => {
                return done(format!("table {identifier} is there already"));
            }
            made => drop(made?),
        }
        match &table.query {
            None => done(format!("created table {identifier}")),
            Some(query) => {
                let insert =
                    format!("INSERT INTO {}.{} {query}", quoted(&identifier.database), quoted(&identifier.table));
                let mut parsed = statements(&insert)?;
                let Some(statement) = parsed.pop() else { return done(format!("created table {identifier}")) };
                // If it fails the table stays: others may have written to it since, and dropping it would lose their rows.
                self.query(&statement).await
            }
        }
    }

    async fn use_database(&self, name: String) -> Result<SqlResult> {
        if name != DEFAULT_DATABASE {
            // An error here names the database rather than the first table that is not found in it.
            self.catalog.list_tables(&name).await?;
        }
        let set = format!("SET datafusion.catalog.default_schema = '{}'", name.replace('\'', "''"));
        self.context.sql(&set).await?.collect().await?;
        *self.database.write().unwrap_or_else(PoisonError::into_inner) = name.clone();
        done(format!("using database {name}"))
    }

    fn database(&self) -> String {
        self.database.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn identifier(&self, path: &[String]) -> Result<Identifier> {
        Ok(match path {
            [table] => Identifier::new(self.database(), table)?,
            [database, table] => Identifier::new(database, table)?,
            [catalog, database, table] if catalog == CATALOG => Identifier::new(database, table)?,
            _ => return SyntaxSnafu { message: format!("`{}` is not a table's name", path.join(".")) }.fail(),
        })
    }
}

fn arrow_array_sum(counts: &arrow_array::UInt64Array) -> Option<u64> {
    Some(counts.iter().flatten().sum())
}

/// A name as DataFusion takes it, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(crate) fn done(what: String) -> Result<SqlResult> {
    Ok(SqlResult::Done(what))
}

fn rows(batch: RecordBatch) -> Result<SqlResult> {
    Ok(SqlResult::Rows { schema: batch.schema(), batches: stream::iter([Ok(batch)]).boxed() })
}

fn one_column(name: &str, values: Vec<String>) -> Result<SqlResult> {
    let schema = Schema::new(vec![Field::new(name, DataType::Utf8, false)]);
    let column: ArrayRef = Arc::new(StringArray::from(values));
    rows(RecordBatch::try_new(Arc::new(schema), vec![column]).map_err(datafusion::error::DataFusionError::from)?)
}

//! What to read of a table.

use std::sync::Arc;

use arrow_schema::SchemaRef;
use tidelake_expr::Predicate;
use tidelake_meta::TableSchema;
use tidelake_scan::{Plan, Planner, PlannerParts, ReadFrom, ScanRequest, Split};
use tidelake_types::{DataField, arrow_schema, arrow_schema_wide};

use crate::{BatchStream, Filter, Result, Table, error::InvalidSnafu, system::audit_log_fields};

/// A batch read being put together.
#[derive(Debug, Clone)]
pub struct TableScan {
    table: Table,
    from: Option<ReadFrom>,
    filters: Vec<Filter>,
    columns: Option<Vec<String>>,
    limit: Option<u64>,
    wide_timestamps: bool,
    keep_deletes: bool,
    audit_log: bool,
}

/// All that a batch read needs: plain values and the table they are of.
#[derive(Debug, Clone)]
pub struct TablePlan {
    pub(crate) table: Table,
    pub(crate) plan: Plan,
    pub(crate) columns: Vec<DataField>,
    pub(crate) predicate: Predicate,
    pub(crate) limit: Option<u64>,
    pub(crate) wide_timestamps: bool,
    pub(crate) keep_deletes: bool,
    pub(crate) audit_log: bool,
}

impl TableScan {
    pub(crate) fn new(table: Table) -> Self {
        Self {
            table,
            from: None,
            filters: Vec::new(),
            columns: None,
            limit: None,
            wide_timestamps: false,
            keep_deletes: false,
            audit_log: false,
        }
    }

    /// Another version than the options of the table say.
    pub fn from(mut self, from: ReadFrom) -> Self {
        self.from = Some(from);
        self
    }

    /// Only rows for which it is true; several filters must all be true.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filters.push(filter.into());
        self
    }

    /// Only these columns, in this order. None at all counts rows.
    pub fn project<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.columns = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// At most so many rows.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// TIMESTAMP(7..9) as milliseconds and nanoseconds (`tidelake_types::wide_timestamp_type`), so that every year fits.
    pub fn wide_timestamps(mut self, wide: bool) -> Self {
        self.wide_timestamps = wide;
        self
    }

    /// Whether rows whose newest version is a delete come too; [`Table::read_changes`] tells them apart.
    pub fn keep_deletes(mut self, keep: bool) -> Self {
        self.keep_deletes = keep;
        self
    }

    /// The rows of `$audit_log` instead: deletes come too, and the kind of each row is the column `rowkind`
    /// ([`crate::audit_log_fields`]). Filters are of the table's own columns.
    pub fn audit_log(mut self) -> Self {
        self.audit_log = true;
        self.keep_deletes = true;
        self
    }

    /// Looks at the metadata and says which files are read.
    pub async fn plan(self) -> Result<TablePlan> {
        let table = self.table;
        let from = match self.from {
            Some(from) => from,
            None => table.read_from()?,
        };
        let planner = table.planner();
        let point = planner.resolve(&from).await?;
        let columns = columns_of(&point.schema, self.audit_log, self.columns.as_deref())?;
        let resolved = self.filters.iter().map(|filter| filter.resolve(&point.schema)).collect::<Result<Vec<_>>>()?;
        let predicate = Predicate::and(resolved);
        let request = ScanRequest {
            read_from: from,
            projection: self.columns,
            predicate: (predicate != Predicate::True).then(|| predicate.clone()),
            limit: self.limit,
        };
        let plan = planner.plan_at(&point, &request).await?;
        Ok(TablePlan {
            table,
            plan,
            columns,
            predicate,
            limit: self.limit,
            wide_timestamps: self.wide_timestamps,
            keep_deletes: self.keep_deletes,
            audit_log: self.audit_log,
        })
    }

    /// Plans and reads.
    pub async fn read(self) -> Result<BatchStream> {
        let table = self.table.clone();
        let plan = self.plan().await?;
        table.read(&plan)
    }
}

impl TablePlan {
    /// The snapshot that is read, if there is one.
    pub fn snapshot_id(&self) -> Option<i64> {
        self.plan.snapshot_id
    }

    /// The pieces of reading.
    pub fn splits(&self) -> &[Split] {
        &self.plan.splits
    }

    /// What planning found out.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The columns that come out.
    pub fn arrow_schema(&self) -> Result<SchemaRef> {
        Ok(if self.wide_timestamps { arrow_schema_wide(&self.columns)? } else { arrow_schema(&self.columns)? })
    }

    /// The fields of the columns that come out.
    pub fn fields(&self) -> &[DataField] {
        &self.columns
    }
}

impl Table {
    /// The columns of a version of the table: for an older one those it had then. `None`: what its options say.
    pub async fn schema_at(&self, from: Option<&ReadFrom>) -> Result<Arc<TableSchema>> {
        let from = match from {
            Some(from) => from.clone(),
            None => self.read_from()?,
        };
        if !from.is_time_travel() {
            return Ok(Arc::clone(&self.schema));
        }
        Ok(self.planner().resolve(&from).await?.schema)
    }

    pub(crate) fn planner(&self) -> Planner {
        Planner::new(PlannerParts {
            io: self.entry.file_io_dyn(),
            layout: self.layout.clone(),
            schema: Arc::clone(&self.schema),
            schemas: self.schemas.clone(),
            snapshots: self.snapshots.clone(),
            manifests: self.manifests.clone(),
            tags: self.tags.clone(),
        })
    }
}

/// The named columns of a schema, or of its audit log, in the order asked for.
pub(crate) fn columns_of(schema: &TableSchema, audit_log: bool, names: Option<&[String]>) -> Result<Vec<DataField>> {
    let fields = if audit_log { audit_log_fields(schema)? } else { schema.fields.clone() };
    let Some(names) = names else { return Ok(fields) };
    (names.iter())
        .map(|name| match fields.iter().find(|field| field.name == *name) {
            Some(field) => Ok(field.clone()),
            None => {
                let known = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
                InvalidSnafu { message: format!("there is no column `{name}` (there are: {known})") }.fail()
            }
        })
        .collect()
}

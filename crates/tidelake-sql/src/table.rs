//! Tables as DataFusion sees them.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::{
    arrow::datatypes::SchemaRef,
    catalog::{Session, TableProvider},
    common::{DataFusionError, Result},
    datasource::{MemTable, sink::DataSinkExec},
    logical_expr::{Expr, TableProviderFilterPushDown, TableType, dml::InsertOp},
    physical_plan::ExecutionPlan,
};
use tidelake_expr::Predicate;
use tidelake_table::{DataField, ReadFrom, Table, TableSchema, audit_log_fields};
use tidelake_types::arrow_schema;

use crate::{
    Error, TableAddress, error::UnsupportedSnafu, filter::to_predicate, scan_exec::ScanExec, sink::TableSink,
    statistics::statistics,
};

/// The system table that is as large as its table.
pub(crate) const AUDIT_LOG: &str = "audit_log";

/// A table, or its audit log, at one version.
#[derive(Debug)]
pub(crate) struct LakeTable {
    table: Table,
    from: Option<ReadFrom>,
    /// Of the version that is read.
    schema: Arc<TableSchema>,
    arrow: SchemaRef,
    /// Its columns; with `rowkind` for the audit log.
    fields: Vec<DataField>,
    audit_log: bool,
}

impl LakeTable {
    /// The table at the version of its address; for an older one in the columns it had then.
    pub(crate) async fn open(table: Table, address: &TableAddress) -> crate::Result<Self> {
        let from = address.read_from()?;
        let schema = table.schema_at(from.as_ref()).await?;
        let audit_log = address.system.as_deref() == Some(AUDIT_LOG);
        let fields = if audit_log { audit_log_fields(&schema)? } else { schema.fields.clone() };
        let arrow = arrow_schema(&fields)?;
        Ok(Self { table, from, schema, arrow, fields, audit_log })
    }

    /// Another system table of the table at the version of its address, read whole: they are small.
    pub(crate) async fn open_system(
        table: Table,
        address: &TableAddress,
        name: &str,
    ) -> crate::Result<Arc<dyn TableProvider>> {
        let batch = table.with_options(&address.options()).system(name).await?;
        Ok(Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]])?))
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.arrow)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut scan = self.table.scan();
        if let Some(from) = &self.from {
            scan = scan.from(from.clone());
        }
        if let Some(projection) = projection {
            scan = scan.project(projection.iter().map(|column| self.fields[*column].name.clone()));
        }
        if self.audit_log {
            scan = scan.audit_log();
        }
        // Each was accepted, so nobody else tests it; what the optimizer made of it since must be understood again.
        let predicates = filters.iter().map(|filter| {
            let refused =
                || DataFusionError::Internal(format!("the filter {filter} was accepted and is not understood"));
            to_predicate(filter, &self.schema).ok_or_else(refused)
        });
        let predicate = Predicate::and(predicates.collect::<Result<Vec<_>>>()?);
        if predicate != Predicate::True {
            scan = scan.filter(predicate);
        }
        if let Some(limit) = limit {
            scan = scan.limit(limit as u64);
        }
        let plan = scan.plan().await.map_err(Error::from)?;
        let statistics = statistics(&self.table, &plan, limit.is_none() && !self.audit_log).await?;
        Ok(Arc::new(ScanExec::try_new(plan, state.config().target_partitions(), statistics)?))
    }

    /// What has a predicate is tested for every row that comes out of a scan.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok((filters.iter())
            .map(|filter| match to_predicate(filter, &self.schema) {
                Some(_) => TableProviderFilterPushDown::Exact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn insert_into(
        &self,
        _: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        operation: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let refuse = |message: &str| -> Result<Arc<dyn ExecutionPlan>> {
            let refused: crate::Result<()> = UnsupportedSnafu { message }.fail();
            Err(refused.err().map_or_else(|| DataFusionError::Internal(message.to_owned()), DataFusionError::from))
        };
        if self.from.is_some() {
            return refuse("a version of a table cannot be written: leave `@…` out");
        }
        if self.audit_log {
            return refuse("a system table cannot be written: leave `$audit_log` out");
        }
        match operation {
            InsertOp::Append => {
                let sink = TableSink::new(self.table.clone(), Arc::clone(&self.arrow));
                Ok(Arc::new(DataSinkExec::new(input, Arc::new(sink), None)))
            }
            InsertOp::Overwrite => refuse("INSERT OVERWRITE is not a part of other statements: run it alone"),
            InsertOp::Replace => {
                refuse("REPLACE INTO is not supported: INSERT INTO a table with a primary key replaces rows")
            }
        }
    }
}

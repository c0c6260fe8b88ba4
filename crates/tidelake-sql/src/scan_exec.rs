//! Reading a plan's splits as partitions of a DataFusion plan.

use std::{fmt, sync::Arc};

use datafusion::{
    arrow::datatypes::SchemaRef,
    common::{DataFusionError, Result, Statistics, tree_node::TreeNodeRecursion},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
        ReplaceChildrenOptions,
        execution_plan::{Boundedness, EmissionType},
        stream::RecordBatchStreamAdapter,
    },
};
use futures::{StreamExt, TryStreamExt, stream};
use tidelake_table::{Split, TablePlan};

use crate::Error;

/// Reads the splits of a plan: each partition those given to it, one after another.
#[derive(Debug)]
pub(crate) struct ScanExec {
    plan: Arc<TablePlan>,
    /// What each partition reads.
    groups: Vec<Vec<Split>>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl ScanExec {
    pub(crate) fn try_new(plan: TablePlan, partitions: usize, statistics: Statistics) -> Result<Self> {
        let schema = plan.arrow_schema().map_err(Error::from)?;
        let groups = spread(plan.splits(), partitions.max(1));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(groups.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { plan: Arc::new(plan), groups, statistics: Arc::new(statistics), properties: Arc::new(properties) })
    }
}

/// Splits over partitions, the largest first, each to the partition with the least bytes so far.
fn spread(splits: &[Split], partitions: usize) -> Vec<Vec<Split>> {
    let mut ordered: Vec<&Split> = splits.iter().collect();
    ordered.sort_by_key(|split| std::cmp::Reverse(split.bytes()));
    let mut groups: Vec<(u64, Vec<Split>)> = vec![(0, Vec::new()); partitions.min(splits.len()).max(1)];
    for split in ordered {
        if let Some(lightest) = groups.iter_mut().min_by_key(|group| group.0) {
            lightest.0 += split.bytes();
            lightest.1.push(split.clone());
        }
    }
    groups.into_iter().map(|group| group.1).collect()
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statistics = &self.plan.plan().statistics;
        write!(
            f,
            "TidelakeScan: snapshot={:?}, splits={}, files={}, skipped={}, bytes={}",
            self.plan.snapshot_id(),
            self.plan.splits().len(),
            statistics.num_files,
            statistics.num_files_skipped,
            statistics.bytes
        )
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &str {
        "TidelakeScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let schema: SchemaRef = self.schema();
        let plan = Arc::clone(&self.plan);
        let splits = self.groups.get(partition).cloned().unwrap_or_default();
        let batches = stream::iter(splits).flat_map(move |split| match plan.read_split(&split) {
            Ok(batches) => batches.map_err(|error| DataFusionError::from(Error::from(error))).boxed(),
            Err(error) => stream::iter([Err(DataFusionError::from(Error::from(error)))]).boxed(),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        Ok(match partition {
            None => Arc::clone(&self.statistics),
            Some(_) => Arc::new(Statistics::new_unknown(&self.schema())),
        })
    }
}

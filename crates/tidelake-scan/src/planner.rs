//! From a request to a plan.

use std::sync::Arc;

use tidelake_io::FileIO;
use tidelake_meta::{ManifestStore, SchemaStore, SnapshotStore, TableLayout, TableSchema, TagStore};

use crate::{Plan, ReadFrom, ReadPoint, Result, ScanRequest};

/// All that planning needs of one table. Cheap to clone; the stores' caches are shared.
#[derive(Debug, Clone)]
pub struct PlannerParts {
    /// The storage.
    pub io: Arc<dyn FileIO>,
    /// Where the table's files are.
    pub layout: TableLayout,
    /// The latest schema, with the options of the call over its own.
    pub schema: Arc<TableSchema>,
    /// Schemas of older snapshots and files.
    pub schemas: SchemaStore,
    /// Snapshots.
    pub snapshots: SnapshotStore,
    /// Manifests, cached.
    pub manifests: ManifestStore,
    /// Tags.
    pub tags: TagStore,
}

/// Plans reads of one table.
#[derive(Debug, Clone)]
pub struct Planner {
    parts: PlannerParts,
}

impl Planner {
    /// For this table.
    pub fn new(parts: PlannerParts) -> Self {
        Self { parts }
    }

    /// What it plans with.
    pub fn parts(&self) -> &PlannerParts {
        &self.parts
    }

    /// Finds the snapshot and the schema of a read: what a predicate's fields must come from. One that is not kept
    /// (any more) is `NotFound`, naming what is.
    pub async fn resolve(&self, _from: &ReadFrom) -> Result<ReadPoint> {
        unimplemented!()
    }

    /// Plans a read.
    pub async fn plan(&self, request: &ScanRequest) -> Result<Plan> {
        let point = self.resolve(&request.read_from).await?;
        self.plan_at(&point, request).await
    }

    /// As [`Self::plan`], of a snapshot that was found already.
    pub async fn plan_at(&self, _point: &ReadPoint, _request: &ScanRequest) -> Result<Plan> {
        unimplemented!()
    }
}

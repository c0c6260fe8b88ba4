//! Merging and nothing else: at flush, in plain compactions, in reads.

use std::sync::Arc;

use arrow_array::{Array, Int8Array, Int64Array};
use tidelake_meta::{MergeEngine, TableSchema};

use super::{Decider, Decision};
use crate::{
    Deduplicate, GroupSelection, IGNORE_DELETE, MergeFunction, MergeWindow, Merged, MergedColumn, Result, RowRef,
    fault::unsupported,
};

/// Merges groups of several rows by the merge function. A group of one row *bypasses* it: the row goes on as it is, a lone
/// `-D` too (Java's `ReducerMergeFunctionWrapper`).
#[derive(Debug, Clone)]
pub struct Plain {
    function: Arc<dyn MergeFunction>,
}

impl Plain {
    /// With this merge function.
    pub fn new(function: Arc<dyn MergeFunction>) -> Self {
        Self { function }
    }

    /// With the table's merge function; `Unsupported` where it is not built yet.
    pub fn for_table(schema: &TableSchema) -> Result<Self> {
        match schema.merge_engine()? {
            MergeEngine::Deduplicate => {
                let ignore_delete = schema.options.get(&IGNORE_DELETE)?;
                Ok(Self::new(Arc::new(Deduplicate { ignore_delete })))
            }
            other => {
                Err(unsupported(format!("the merge engine {other:?} (option `merge-engine`) is not supported yet")))
            }
        }
    }
}

impl Decider for Plain {
    fn decide(&self, window: &MergeWindow) -> Result<Decision> {
        let groups = window.num_groups();
        let several = GroupSelection((0..groups as u32).filter(|&g| window.range(g as usize).len() > 1).collect());
        let first: Vec<RowRef> = window.offsets[..groups].iter().map(|&offset| window.rows[offset as usize]).collect();
        let mut sequence: Vec<i64> = first.iter().map(|&row| window.sequence(row)).collect();
        let mut kind: Vec<Option<i8>> = first.iter().map(|&row| Some(window.kind(row))).collect();
        let mut columns = vec![MergedColumn::Pick(first.clone().into())];
        if !several.0.is_empty() {
            let merged = self.function.merge(window, &several)?;
            for (i, &group) in several.0.iter().enumerate() {
                sequence[group as usize] = merged.sequence.value(i);
                kind[group as usize] = merged.kind.is_valid(i).then(|| merged.kind.value(i));
            }
            columns = merged.columns.iter().map(|column| spread(&first, &several, column)).collect();
        }
        let rows = Merged { sequence: Int64Array::from(sequence), kind: Int8Array::from(kind), columns };
        Ok(Decision { rows, changelog: Vec::new() })
    }
}

/// The picks of all groups: those of the selected ones over the rows that stand alone.
fn spread(first: &[RowRef], several: &GroupSelection, merged: &MergedColumn) -> MergedColumn {
    let MergedColumn::Pick(picked) = merged;
    let mut all = first.to_vec();
    for (&group, &row) in several.0.iter().zip(picked.iter()) {
        all[group as usize] = row;
    }
    MergedColumn::Pick(all.into())
}

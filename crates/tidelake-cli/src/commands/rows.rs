//! Rows of a table as `read` and `export` ask for them.

use arrow_array::{Int8Array, RecordBatch};
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use tidelake::{DataField, Table};

use crate::{
    args::RowArgs,
    filter::{RowFilter, parse_filter},
    report::{Result, of_rows},
};

/// Batches of rows and what each row is.
pub(crate) type Batches = BoxStream<'static, Result<(RecordBatch, Int8Array)>>;

/// The columns that come, and the rows. `wide`: timestamps so that every year fits, where that can be had.
pub(crate) async fn query(table: &Table, asked: &RowArgs, wide: bool) -> Result<(Vec<DataField>, Batches)> {
    let mut scan = table.scan();
    let mut rest = None;
    if let Some(sql) = &asked.filter {
        match parse_filter(sql, &*table.schema_at(None).await?)? {
            RowFilter::Exact(predicate) => scan = scan.filter(predicate),
            other => rest = Some(other),
        }
    }
    if let Some(RowFilter::Mixed { pushed, .. }) = &rest {
        scan = scan.filter(pushed.clone());
    }
    if let (Some(columns), None) = (&asked.select, &rest) {
        scan = scan.project(columns.iter().cloned());
    }
    if let (Some(limit), None) = (asked.limit, &rest) {
        scan = scan.limit(limit);
    }
    let plan = scan.wide_timestamps(wide && rest.is_none()).plan().await?;
    let (fields, picked) = match (&asked.select, &rest) {
        (Some(columns), Some(_)) => crate::output::picked(plan.fields(), columns)?,
        _ => (plan.fields().to_vec(), None),
    };
    let name = table.identifier().to_string();
    let batches = table.read_changes(&plan)?.map(move |batch| {
        let batch = batch.map_err(of_rows(&name))?;
        let mut batch = (batch.rows, batch.kinds);
        if let Some(rest) = &rest {
            batch = rest.keep(batch)?;
        }
        if let Some(picked) = &picked {
            batch.0 = batch.0.project(picked).map_err(crate::output::arrow)?;
        }
        Ok(batch)
    });
    Ok((fields, limited(batches.boxed(), asked.limit)))
}

/// The first rows; nothing is read once there are enough.
fn limited(batches: Batches, limit: Option<u64>) -> Batches {
    let Some(limit) = limit else { return batches };
    stream::try_unfold((batches, limit), |(mut batches, left)| async move {
        if left == 0 {
            return Ok(None);
        }
        let Some((rows, kinds)) = batches.try_next().await? else { return Ok(None) };
        let take = (rows.num_rows() as u64).min(left) as usize;
        Ok(Some(((rows.slice(0, take), kinds.slice(0, take)), (batches, left - take as u64))))
    })
    .boxed()
}

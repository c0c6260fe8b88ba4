//! Statistics of a file's columns, as its meta stores them (metadata spec 5.3, 5.4).

use tidelake_format::{ColumnStatistics, StatisticsMode};
use tidelake_meta::SimpleStats;
use tidelake_types::DataField;

use super::plan::FilePlan;
use crate::Result;

impl FilePlan {
    /// Of the key columns: all of them, always.
    pub(super) fn key_stats(&self, file: &[ColumnStatistics]) -> Result<SimpleStats> {
        let columns = self.key_fields.iter().zip(self.key_positions.iter().filter_map(|position| file.get(*position)));
        simple_stats(columns)
    }

    /// Of the table's columns; and of which, unless of all.
    pub(super) fn value_stats(&self, file: &[ColumnStatistics]) -> Result<(SimpleStats, Option<Vec<String>>)> {
        let first = file.len() - self.value_fields.len();
        let columns = self.value_fields.iter().zip(&file[first..]);
        let known: Vec<bool> = self.statistics[first..].iter().map(|mode| *mode != StatisticsMode::None).collect();
        if !self.dense_stats || known.iter().all(|known| *known) {
            return Ok((simple_stats(columns)?, None));
        }
        let columns: Vec<_> = columns.zip(known).filter(|(_, known)| *known).map(|(column, _)| column).collect();
        let names = columns.iter().map(|(field, _)| field.name.clone()).collect();
        Ok((simple_stats(columns)?, Some(names)))
    }
}

fn simple_stats<'a>(columns: impl IntoIterator<Item = (&'a DataField, &'a ColumnStatistics)>) -> Result<SimpleStats> {
    let columns = columns.into_iter().map(|(field, statistics)| (field.data_type.clone(), statistics.clone()));
    let (types, statistics): (Vec<_>, Vec<_>) = columns.unzip();
    Ok(SimpleStats::build(&types, &statistics)?)
}

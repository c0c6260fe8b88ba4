//! Partitions named by some of their values.

use std::collections::BTreeMap;

use tidelake_types::{BinaryRow, DataType, Scalar, TypeKind, cast_scalar};

use crate::{Result, TableSchema, error::invalid, options::PARTITION_DEFAULT_NAME};

/// A value as text for some of the partition columns, or for all: every partition with these values is meant. Null is
/// `__DEFAULT_PARTITION__`, or what the table's `partition.default-name` says instead.
pub type PartitionSpec = BTreeMap<String, String>;

/// Partition specs with their values in the types of the columns, to be compared with partitions.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionMatcher {
    types: Vec<DataType>,
    /// For each spec what it asks of columns, by their places.
    specs: Vec<Vec<(usize, Option<Scalar>)>>,
}

impl PartitionMatcher {
    /// Matches what any of `specs` matches.
    ///
    /// # Errors
    ///
    /// `Invalid` for a name that is no partition column of `schema`, and for a value that is not of the column's type.
    pub fn new(specs: &[PartitionSpec], schema: &TableSchema) -> Result<Self> {
        let fields = schema.partition_fields();
        let default_name = schema.options.get(&PARTITION_DEFAULT_NAME)?;
        let value = |(name, text): (&String, &String)| {
            let Some(place) = fields.iter().position(|field| field.name == *name) else {
                let columns = schema.partition_keys.join(", ");
                let columns = if columns.is_empty() { "the table has none" } else { &columns };
                return invalid(format!("`{name}` is not a partition column ({columns})"));
            };
            if *text == default_name {
                return Ok((place, None));
            }
            let data_type = &fields[place].data_type;
            let string = TypeKind::STRING.not_null();
            match cast_scalar(&Scalar::String(text.clone()), &string, data_type) {
                Ok(Some(value)) => Ok((place, Some(value))),
                _ => invalid(format!("`{text}` is not a value of partition column `{name}`, which is {data_type}")),
            }
        };
        let specs = specs.iter().map(|spec| spec.iter().map(value).collect()).collect::<Result<_>>()?;
        Ok(Self { types: fields.into_iter().map(|field| field.data_type).collect(), specs })
    }

    /// Whether a partition is meant.
    pub fn matches(&self, partition: &BinaryRow) -> Result<bool> {
        let values = partition.decode(&self.types)?;
        let equal = |value: &Option<Scalar>, wanted: &Option<Scalar>| match (value, wanted) {
            (Some(value), Some(wanted)) => value.compare(wanted) == Some(std::cmp::Ordering::Equal),
            (value, wanted) => value.is_none() && wanted.is_none(),
        };
        Ok(self.specs.iter().any(|spec| spec.iter().all(|(place, wanted)| equal(&values[*place], wanted))))
    }
}

#[cfg(test)]
mod tests {
    use tidelake_types::{DataField, Options};

    use super::*;

    fn schema() -> TableSchema {
        let fields = vec![
            DataField::new(0, "d", TypeKind::Date.nullable()),
            DataField::new(1, "region", TypeKind::STRING.nullable()),
            DataField::new(2, "v", TypeKind::Int.nullable()),
        ];
        let options = Options::from([("partition.default-name", "none")]);
        TableSchema::create(fields, vec!["d".into(), "region".into()], vec![], options, None, 0).unwrap()
    }

    fn spec(values: &[(&str, &str)]) -> PartitionSpec {
        values.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    #[test]
    fn a_spec_means_all_partitions_with_its_values() {
        let schema = schema();
        let types = [TypeKind::Date.nullable(), TypeKind::STRING.nullable()];
        let row = |day: Option<i32>, region: Option<&str>| {
            let values = [day.map(Scalar::Date), region.map(|region| Scalar::String(region.to_owned()))];
            BinaryRow::from_scalars(&types, &values).unwrap()
        };
        let matching = |specs: &[PartitionSpec]| {
            let matcher = PartitionMatcher::new(specs, &schema).unwrap();
            let partitions =
                [row(Some(19_700), Some("eu")), row(Some(19_700), None), row(None, Some("eu")), row(None, Some(""))];
            partitions.iter().map(|partition| matcher.matches(partition).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(matching(&[spec(&[("d", "2023-12-09")])]), [true, true, false, false]);
        assert_eq!(matching(&[spec(&[("region", "eu"), ("d", "none")])]), [false, false, true, false]);
        assert_eq!(matching(&[spec(&[("region", "none")]), spec(&[("region", "")])]), [false, true, false, true]);
        assert_eq!(matching(&[spec(&[])]), [true; 4]);
        assert_eq!(matching(&[]), [false; 4]);
        for (name, value, expected) in [("v", "1", "`v` is not a partition column (d, region)"), ("d", "today", "DATE")]
        {
            let error = PartitionMatcher::new(&[spec(&[(name, value)])], &schema).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

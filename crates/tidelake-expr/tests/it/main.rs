//! Predicates over batches, and against what is known of batches.
#![expect(clippy::unwrap_used, reason = "tests")]

mod evolution;
mod promises;
mod rows;

use std::sync::Arc;

use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType as ArrowType, Field, Schema};
use tidelake_expr::{LeafPredicate, Operator, Predicate};
use tidelake_types::{DataField, Scalar, arrow_type, arrow_type_wide, parse_ddl_type};

fn field(text: &str) -> DataField {
    DataField::new(0, "c", parse_ddl_type(text, &mut 1).unwrap())
}

fn leaf(field: &DataField, operator: Operator, literals: &[Option<Scalar>]) -> Predicate {
    Predicate::Leaf(LeafPredicate { field: field.clone(), operator, literals: literals.to_vec() })
}

/// A batch of one column, in both Arrow forms.
fn batches(field: &DataField, values: &[Option<Scalar>]) -> [RecordBatch; 2] {
    let batch = |form: ArrowType| {
        let array = Scalar::to_array_as(values, &field.data_type, &form).unwrap();
        let schema = Schema::new(vec![Field::new(&field.name, form, true)]);
        RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap()
    };
    [batch(arrow_type(&field.data_type).unwrap()), batch(arrow_type_wide(&field.data_type).unwrap())]
}

/// Which rows pass; the same in both forms.
fn passing(predicate: &Predicate, field: &DataField, values: &[Option<Scalar>]) -> Vec<usize> {
    let [narrow, wide] = batches(field, values).map(|batch| {
        let passed = tidelake_expr::evaluate(predicate, &batch).unwrap();
        assert_eq!((passed.len(), passed.nulls()), (values.len(), None));
        (0..passed.len()).filter(|row| passed.value(*row)).collect::<Vec<_>>()
    });
    assert_eq!(narrow, wide);
    narrow
}

//! Whether a dictionary pays, judged by a sample of the first batch.

use std::collections::HashSet;

use arrow_array::{Array, ArrayRef, cast::AsArray, downcast_primitive_array};
use arrow_buffer::ToByteSlice;
use arrow_schema::DataType;

/// So many rows are looked at: a column of ten thousand values shows its repetitions in them.
const SAMPLE_ROWS: usize = 8_192;
/// Fewer rows say nothing.
const SAMPLE_ROWS_MIN: usize = 256;

/// Whether more than three quarters of the sampled values differ: encoding them twice would cost time and save nothing.
/// Nested columns are left to the library, which gives up a dictionary that has grown too large.
pub(crate) fn does_not_pay(column: &ArrayRef) -> bool {
    let sample = column.slice(0, column.len().min(SAMPLE_ROWS));
    let values = sample.len() - sample.null_count();
    values >= SAMPLE_ROWS_MIN && distinct(&sample).is_some_and(|distinct| distinct * 4 > values * 3)
}

fn distinct(sample: &ArrayRef) -> Option<usize> {
    let sample = sample.as_ref();
    Some(downcast_primitive_array!(
        sample => sample.iter().flatten().map(|value| hashable(value.to_byte_slice())).collect::<HashSet<_>>().len(),
        DataType::Utf8 => sample.as_string::<i32>().iter().flatten().collect::<HashSet<_>>().len(),
        DataType::Binary => sample.as_binary::<i32>().iter().flatten().collect::<HashSet<_>>().len(),
        DataType::FixedSizeBinary(_) => sample.as_fixed_size_binary().iter().flatten().collect::<HashSet<_>>().len(),
        _ => return None
    ))
}

/// A number's bytes, padded.
fn hashable(bytes: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    let length = bytes.len().min(32);
    padded[..length].copy_from_slice(&bytes[..length]);
    padded
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{BooleanArray, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_dictionary_is_for_what_repeats() {
        let keys: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10_000));
        let groups: ArrayRef = Arc::new(Int64Array::from_iter_values((0..10_000).map(|row| row % 1_000)));
        let names: ArrayRef = Arc::new(StringArray::from_iter_values((0..1_000).map(|row| format!("name {row}"))));
        let few: ArrayRef = Arc::new(Int64Array::from_iter_values(0..10));
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true; 1_000]));
        assert!(does_not_pay(&keys));
        assert!(does_not_pay(&names));
        assert!(!does_not_pay(&groups));
        assert!(!does_not_pay(&few));
        assert!(!does_not_pay(&flags));
    }
}

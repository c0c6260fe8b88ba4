//! Timestamps, decoded as nanoseconds since 1970 in 128 bits, in the unit asked for.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Int32Array, Int64Array, StructArray,
    types::{
        Int32Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
        TimestampSecondType,
    },
};
use arrow_schema::{ArrowError, Fields, TimeUnit};

const NANOS_PER_MILLI: i128 = 1_000_000;

/// In whole `unit`s (floor), or the first value that 64 bits do not hold.
pub(crate) fn in_unit(nanos: &Decimal128Array, unit: TimeUnit, zone: Option<Arc<str>>) -> Result<ArrayRef, i128> {
    let by = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => NANOS_PER_MILLI,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    let ticks: Int64Array =
        nanos.try_unary::<_, Int64Type, _>(|nanos| i64::try_from(nanos.div_euclid(by)).map_err(|_| nanos))?;
    Ok(match unit {
        TimeUnit::Second => Arc::new(ticks.reinterpret_cast::<TimestampSecondType>().with_timezone_opt(zone)),
        TimeUnit::Millisecond => Arc::new(ticks.reinterpret_cast::<TimestampMillisecondType>().with_timezone_opt(zone)),
        TimeUnit::Microsecond => Arc::new(ticks.reinterpret_cast::<TimestampMicrosecondType>().with_timezone_opt(zone)),
        TimeUnit::Nanosecond => Arc::new(ticks.reinterpret_cast::<TimestampNanosecondType>().with_timezone_opt(zone)),
    })
}

/// In the wide form, whose fields are given.
pub(crate) fn wide(nanos: &Decimal128Array, fields: &Fields) -> Result<ArrayRef, ArrowError> {
    let millis: Int64Array = nanos.try_unary::<_, Int64Type, ArrowError>(|nanos| {
        let millis = i64::try_from(nanos.div_euclid(NANOS_PER_MILLI));
        millis.map_err(|_| ArrowError::ComputeError(format!("{nanos} nanoseconds since 1970 are in no year")))
    })?;
    let rest: Int32Array = nanos.unary::<_, Int32Type>(|nanos| nanos.rem_euclid(NANOS_PER_MILLI) as i32);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::new(millis.values().clone(), None)),
        Arc::new(Int32Array::new(rest.values().clone(), None)),
    ];
    Ok(Arc::new(StructArray::try_new(fields.clone(), columns, millis.into_parts().2)?))
}

#[cfg(test)]
mod tests {
    use arrow_array::{Array, cast::AsArray};
    use tidelake_types::wide_timestamp_type;

    use super::*;

    #[test]
    fn units_are_floored_and_nulls_stay() {
        let nanos = Decimal128Array::from(vec![Some(-1), None, Some(1_999_999), Some(i128::from(i64::MAX) + 1)]);
        let millis = in_unit(&nanos, TimeUnit::Millisecond, Some("UTC".into())).unwrap();
        let millis = millis.as_primitive::<TimestampMillisecondType>();
        assert_eq!(millis.iter().collect::<Vec<_>>(), [Some(-1), None, Some(1), Some(9_223_372_036_854)]);
        assert_eq!(in_unit(&nanos, TimeUnit::Nanosecond, None).unwrap_err(), i128::from(i64::MAX) + 1);
        let arrow_schema::DataType::Struct(fields) = wide_timestamp_type() else { unreachable!() };
        let wide = wide(&nanos, &fields).unwrap();
        assert_eq!(wide.as_struct().column(1).as_primitive::<Int32Type>().values(), &[999_999, 0, 999_999, 775_808]);
        assert!(wide.is_null(1) && wide.null_count() == 1);
    }
}

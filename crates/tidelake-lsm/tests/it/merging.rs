//! Merging any grouping of rows into runs gives what a map from key to newest row holds.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{
    ArrayRef, BinaryArray, Decimal128Array, Float64Array, Int8Array, Int32Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use proptest::prelude::*;
use tidelake_lsm::{Deduplicate, Keep, Plain, WindowLimits};
use tidelake_types::{DataField, DataType, TypeKind};

use crate::runs::{KeyColumns, Row, Shape, merge};

const KEYS: usize = 12;

/// Every kind of key: its columns' types, and the columns for some places in the order of keys.
fn key_kinds() -> Vec<(&'static str, Vec<DataType>, Box<KeyColumns>)> {
    fn column<T: Copy + 'static, A: arrow_array::Array + 'static>(
        values: [T; KEYS],
        make: impl Fn(Vec<T>) -> A + 'static,
    ) -> Box<KeyColumns> {
        Box::new(move |places| vec![Arc::new(make(places.iter().map(|&place| values[place]).collect()))])
    }
    let strings =
        ["", "\0", "a", "a\0", "aaaaaaaa", "aaaaaaaaa", "aaaaaaaab", "ab", "b", "\u{e9}", "\u{ffff}", "\u{1f30a}"];
    let bytes: [&[u8]; KEYS] = [
        b"",
        b"\0",
        b"\0\0",
        b"\x01",
        b"\x7f",
        b"\x7f\0",
        b"\x80",
        b"\xfe",
        b"\xff",
        b"\xff\0",
        b"\xff\xff",
        b"\xff\xff\xff",
    ];
    let floats = [
        f64::NEG_INFINITY,
        f64::MIN,
        -1.5,
        -f64::MIN_POSITIVE,
        -0.0,
        0.0,
        f64::MIN_POSITIVE,
        1.0,
        1.5,
        f64::MAX,
        f64::INFINITY,
        -f64::NAN,
    ];
    let integers = [i64::MIN, i64::MIN + 1, -256, -255, -1, 0, 1, 255, 256, 1 << 40, i64::MAX - 1, i64::MAX];
    let decimals: [i128; KEYS] =
        [-(10_i128.pow(29)), -(1 << 64), -1000, -999, -1, 0, 1, 9, 10, 1 << 63, 1 << 64, 10_i128.pow(29)];
    let kinds: Vec<(&'static str, Vec<DataType>, Box<KeyColumns>)> = vec![
        ("bigint", vec![TypeKind::BigInt.not_null()], column(integers, Int64Array::from)),
        ("nullable bigint", vec![TypeKind::BigInt.nullable()], column(integers, Int64Array::from)),
        (
            "tinyint",
            vec![TypeKind::TinyInt.not_null()],
            column([-128, -127, -3, -2, -1, 0, 1, 2, 3, 4, 126, 127], Int8Array::from),
        ),
        ("timestamp", vec![TypeKind::Timestamp(6).not_null()], column(integers, TimestampMicrosecondArray::from)),
        ("string", vec![TypeKind::STRING.not_null()], column(strings, StringArray::from)),
        ("bytes", vec![TypeKind::BYTES.not_null()], column(bytes, BinaryArray::from)),
        ("double", vec![TypeKind::Double.not_null()], column(floats, Float64Array::from)),
        (
            "decimal",
            vec![TypeKind::Decimal { precision: 30, scale: 5 }.not_null()],
            column(decimals, |values| Decimal128Array::from(values).with_precision_and_scale(30, 5).unwrap()),
        ),
        (
            "string and int",
            vec![TypeKind::STRING.not_null(), TypeKind::Int.not_null()],
            Box::new(|places| {
                let texts = ["", "shared-prefix-a", "shared-prefix-b"];
                let first = places.iter().map(|&place| texts[place / 4]).collect::<Vec<_>>();
                let second = places.iter().map(|&place| [i32::MIN, -1, 0, 70_000][place % 4]).collect::<Vec<_>>();
                vec![Arc::new(StringArray::from(first)) as ArrayRef, Arc::new(Int32Array::from(second))]
            }),
        ),
    ];
    kinds
}

fn key_fields(types: &[DataType]) -> Vec<DataField> {
    types
        .iter()
        .enumerate()
        .map(|(id, data_type)| DataField::new(id as i32, format!("k{id}"), data_type.clone()))
        .collect()
}

fn plain(ignore_delete: bool) -> Plain {
    Plain::new(Arc::new(Deduplicate { ignore_delete }))
}

/// What `deduplicate` leaves: of each key the row that is newest by sequence number, an add after a retract, a younger run
/// after an older one. With `ignore_delete` retracts count only where a key has nothing but one row.
fn model(runs: &[Vec<Row>], keep: Keep, ignore_delete: bool) -> Vec<Row> {
    let mut groups: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    for row in runs.iter().flatten() {
        groups.entry(row.key).or_default().push(*row);
    }
    let winners = groups.into_values().filter_map(|mut rows| {
        rows.sort_by_key(|row| (row.sequence, row.kind % 2 == 0));
        if rows.len() > 1 && ignore_delete {
            rows.retain(|row| row.kind % 2 == 0);
        }
        rows.pop()
    });
    winners.filter(|row| keep == Keep::All || row.kind % 2 == 0).collect()
}

prop_compose! {
    /// Rows with few keys, so that many meet; sequence numbers may tie, as those of two writers do.
    fn any_runs()(rows in prop::collection::vec((0..KEYS, 0..40_i64, 0..4_i8, 0..6_usize), 0..80)) -> Vec<Vec<Row>> {
        let mut runs = vec![Vec::new(); 6];
        for (value, (key, sequence, kind, run)) in rows.into_iter().enumerate() {
            runs[run].push(Row { key, sequence, kind, value: value as i64 });
        }
        // Stable: rows of one key stay as they are, perhaps not in the order of their sequence numbers.
        runs.iter_mut().for_each(|run| run.sort_by_key(|row| row.key));
        runs
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_runs_merge_to_what_the_model_holds(
        runs in any_runs(),
        kind in 0..9_usize,
        batch_rows in 1..9_usize,
        window_rows in 1..20_usize,
        ignore_delete: bool,
        adds: bool,
    ) {
        let (name, types, keys) = key_kinds().swap_remove(kind);
        let fields = key_fields(&types);
        let shape = Shape { key_fields: &fields, keys: &*keys, batch_rows };
        let batches: Vec<_> = runs.iter().map(|run| shape.batches(run)).collect();
        let keep = if adds { Keep::Adds } else { Keep::All };
        let limits = WindowLimits { rows: window_rows, bytes: usize::MAX };
        let (merged, _) = merge(&batches, &plain(ignore_delete), keep, limits);
        prop_assert_eq!(merged, model(&runs, keep, ignore_delete), "key: {}", name);
    }

    /// Merging is associative over time: flushing in any portions, merging old files first, changes nothing.
    #[test]
    fn merging_some_runs_first_changes_nothing(runs in any_runs(), split in 1..5_usize, batch_rows in 1..9_usize) {
        // Here every row has its own sequence number, as within one writer.
        let mut sequence = 0;
        let runs: Vec<Vec<Row>> = runs.into_iter().map(|run| run.into_iter().map(|row| { sequence += 1; Row { sequence, ..row } }).collect()).collect();
        let (_, types, keys) = key_kinds().swap_remove(0);
        let fields = key_fields(&types);
        let shape = Shape { key_fields: &fields, keys: &*keys, batch_rows };
        let limits = WindowLimits { rows: 5, bytes: usize::MAX };
        let all: Vec<_> = runs.iter().map(|run| shape.batches(run)).collect();
        let (older, _) = merge(&all[..split], &plain(false), Keep::All, limits);
        let mut two_steps = vec![shape.batches(&older)];
        two_steps.extend_from_slice(&all[split..]);
        let (once, _) = merge(&all, &plain(false), Keep::Adds, limits);
        let (twice, _) = merge(&two_steps, &plain(false), Keep::Adds, limits);
        prop_assert_eq!(once, twice);
    }
}

/// Integer keys of any size.
fn integers(places: &[usize]) -> Vec<ArrayRef> {
    vec![Arc::new(Int64Array::from_iter_values(places.iter().map(|&place| place as i64)))]
}

fn run(keys: impl IntoIterator<Item = usize>, sequence: i64, kind: i8) -> Vec<Row> {
    keys.into_iter().map(|key| Row { key, sequence, kind, value: sequence * 10 }).collect()
}

fn merge_integers(runs: &[Vec<Row>], batch_rows: usize, limits: WindowLimits) -> (Vec<Row>, crate::runs::Steps) {
    let fields = key_fields(&[TypeKind::BigInt.not_null()]);
    let shape = Shape { key_fields: &fields, keys: &integers, batch_rows };
    let batches: Vec<_> = runs.iter().map(|run| shape.batches(run)).collect();
    merge(&batches, &plain(false), Keep::All, limits)
}

#[test]
fn a_lone_retract_keeps_its_kind_and_values() {
    for kind in [1, 3] {
        for ignore_delete in [false, true] {
            let fields = key_fields(&[TypeKind::BigInt.not_null()]);
            let shape = Shape { key_fields: &fields, keys: &integers, batch_rows: 8 };
            let runs = [run([1], 5, kind), run([2], 6, 0)];
            let batches: Vec<_> = runs.iter().map(|run| shape.batches(run)).collect();
            let (merged, _) = merge(&batches, &plain(ignore_delete), Keep::All, WindowLimits::default());
            assert_eq!(merged, [runs[0][0], runs[1][0]]);
        }
    }
}

#[test]
fn a_retract_comes_before_an_add_of_the_same_sequence_number() {
    let retract = Row { key: 1, sequence: 7, kind: 3, value: 1 };
    let add = Row { key: 1, sequence: 7, kind: 0, value: 2 };
    for runs in [[vec![retract], vec![add]], [vec![add], vec![retract]]] {
        assert_eq!(merge_integers(&runs, 8, WindowLimits::default()).0, [add]);
    }
}

#[test]
fn of_equal_sequence_numbers_the_younger_run_wins_in_every_reading() {
    let runs = [run(0..50, 3, 0), run(0..50, 3, 2), run(25..75, 3, 0)];
    let (merged, _) = merge_integers(&runs, 7, WindowLimits::default());
    let kinds: Vec<i8> = merged.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [vec![2; 25], vec![0; 50]].concat());
}

#[test]
fn windows_stay_bounded_and_a_group_is_never_split() {
    let limits = WindowLimits { rows: 4, bytes: usize::MAX };
    // Ten versions of each key in ten runs: more than a window wants.
    let runs: Vec<Vec<Row>> = (0..10).map(|sequence| run(0..20, sequence, 0)).collect();
    let (merged, steps) = merge_integers(&runs, 3, limits);
    assert_eq!(merged, run(0..20, 9, 0));
    assert_eq!(steps.windows, vec![10; 20]);

    let limits = WindowLimits { rows: 1000, bytes: 16 * 5 };
    let runs = [run(0..20, 0, 0), run(0..20, 1, 0)];
    let (_, steps) = merge_integers(&runs, 20, limits);
    assert!(steps.windows.iter().all(|&rows| rows <= 6), "16 bytes a row: {:?}", steps.windows);
}

#[test]
fn a_stretch_of_one_run_passes_as_it_is() {
    let limits = WindowLimits { rows: 160, bytes: usize::MAX };
    let runs = [run(0..5000, 0, 0), run([4000, 4500, 6000], 1, 3), run(7000..9000, 2, 0)];
    let (merged, steps) = merge_integers(&runs, 1000, limits);
    assert_eq!(merged.len(), 7001);
    assert_eq!(merged.iter().filter(|row| row.kind == 3).map(|row| row.key).collect::<Vec<_>>(), [4000, 4500, 6000]);
    assert!(merged.is_sorted_by_key(|row| row.key));
    assert!(steps.passed > 6900, "only {} rows were passed on", steps.passed);
}

#[test]
fn a_run_whose_batches_are_empty_is_no_run() {
    let (merged, _) = merge_integers(&[Vec::new(), run([3], 0, 0), Vec::new()], 4, WindowLimits::default());
    assert_eq!(merged, run([3], 0, 0));
    assert!(merge_integers(&[], 4, WindowLimits::default()).0.is_empty());
}

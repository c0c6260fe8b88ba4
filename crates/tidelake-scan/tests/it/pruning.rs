use tidelake_expr::{Operator, Predicate, column};
use tidelake_meta::ManifestEntry;
use tidelake_scan::{FilterUse, ScanRequest};
use tidelake_types::{BinaryRow, Scalar, TypeKind, bucket_of_hash, murmur_words};

use crate::world::{World, at, field, file, names, within};

fn request(predicate: Predicate) -> ScanRequest {
    ScanRequest { predicate: Some(predicate), ..ScanRequest::default() }
}

fn equal(name: &str, value: i32) -> Predicate {
    column(&field(name)).equal(Scalar::Int(value))
}

#[tokio::test]
async fn partitions_are_pruned_exactly() {
    let mut world = World::new(&[], true, &[]).await;
    let of = |world: &World, p: &str| within(p, file(world, &format!("in-{p}"), (0, 9)));
    let (a, b) = (of(&world, "a"), of(&world, "b"));
    world.append(vec![a]).await;
    world.append(vec![b]).await;
    let plan = world.plan(request(column(&field("p")).equal(Scalar::String("b".into())))).await;
    assert_eq!(names(&plan), [["in-b"]]);
    assert_eq!(plan.splits[0].bucket_path, "p=b/bucket-0");
    assert_eq!(plan.filters, [FilterUse::Exact]);
    let either = Predicate::and([
        column(&field("p")).compare(Operator::In, ["a", "c"].map(|p| Some(Scalar::String(p.into()))).to_vec()),
        equal("v", 50),
    ]);
    let plan = world.plan(request(either)).await;
    assert!(plan.splits.is_empty());
    assert_eq!(plan.filters, [FilterUse::Exact, FilterUse::Inexact]);
}

#[tokio::test]
async fn keys_skip_single_files_of_a_key_table() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let files = vec![file(&world, "a", (1, 5)), file(&world, "b", (4, 9)), file(&world, "c", (8, 12))];
    world.append(files).await;
    assert_eq!(names(&world.plan(request(equal("k", 4))).await), [["a", "b"]]);
    assert_eq!(names(&world.plan(request(equal("k", 12))).await), [["c"]]);
    assert!(world.plan(request(equal("k", 13))).await.splits.is_empty());
}

#[tokio::test]
async fn values_keep_or_drop_a_bucket_whole_where_files_may_hold_versions_of_one_key() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let old = at(5, (100, 200), file(&world, "old", (1, 9)));
    let new = at(0, (300, 400), file(&world, "new", (1, 9)));
    world.append(vec![old, new]).await;
    assert_eq!(names(&world.plan(request(equal("v", 150))).await), [["old", "new"]], "`new` may hide what `old` shows");
    assert!(world.plan(request(equal("v", 250))).await.splits.is_empty());
}

#[tokio::test]
async fn values_skip_single_files_where_no_key_is_in_two_of_them() {
    let mut world = World::new(&["k"], false, &[("bucket", "1")]).await;
    let low = at(5, (100, 200), file(&world, "low", (1, 4)));
    let high = at(5, (300, 400), file(&world, "high", (5, 9)));
    world.append(vec![low, high]).await;
    let plan = world.plan(request(equal("v", 150))).await;
    assert_eq!(names(&plan), [["low"]]);
    assert_eq!(plan.statistics.num_files_skipped, 1);
}

#[tokio::test]
async fn values_skip_files_of_an_append_table_but_not_where_nothing_is_known() {
    let mut world = World::new(&[], false, &[]).await;
    let mut blind = file(&world, "blind", (0, 0));
    blind.file.value_stats_cols = Some(vec![]);
    let files = vec![file(&world, "low", (0, 9)), file(&world, "high", (10, 19)), blind];
    world.append(files).await;
    let found = |plan: &tidelake_scan::Plan| {
        let mut found: Vec<_> = names(plan).concat().into_iter().map(str::to_owned).collect();
        found.sort();
        found
    };
    assert_eq!(found(&world.plan(request(equal("v", 15))).await), ["blind", "high"]);
    let null = column(&field("v")).compare(Operator::IsNull, vec![]);
    assert_eq!(found(&world.plan(request(null)).await), ["blind"]);
}

#[tokio::test]
async fn buckets_are_found_by_key_with_the_number_of_buckets_that_each_partition_has() {
    let mut world = World::new(&["k"], true, &[("bucket", "4")]).await;
    let types = [TypeKind::Int.not_null()];
    let bucket_of = |key: i32, total: i32| {
        let row = BinaryRow::from_scalars(&types, &[Some(Scalar::Int(key))]).unwrap();
        bucket_of_hash(murmur_words(row.bytes()), total)
    };
    let mut entries: Vec<ManifestEntry> = Vec::new();
    for (partition, total) in [("old", 2), ("new", 4)] {
        for bucket in 0..total {
            let entry = within(partition, file(&world, &format!("{partition}-{bucket}"), (0, 99)));
            entries.push(ManifestEntry { bucket, total_buckets: total, ..entry });
        }
    }
    world.append(entries).await;
    for key in 0..20 {
        let plan = world.plan(request(equal("k", key))).await;
        let expected = [format!("new-{}", bucket_of(key, 4)), format!("old-{}", bucket_of(key, 2))];
        assert_eq!(names(&plan).concat(), expected, "key {key}");
    }
    let several = column(&field("k")).compare(Operator::In, (0..3).map(|key| Some(Scalar::Int(key))).collect());
    let plan = world.plan(request(several)).await;
    let wanted =
        |split: &tidelake_scan::Split| (0..3).any(|key| bucket_of(key, split.total_buckets.unwrap()) == split.bucket);
    assert!(plan.splits.iter().all(wanted));
    let null = column(&field("k")).compare(Operator::In, vec![Some(Scalar::Int(1)), None]);
    assert_eq!(world.plan(request(null)).await.splits.len(), 6, "a null literal says nothing of buckets");
}

//! New schemas: what is normalised, what is refused, and with which words.

use std::sync::Arc;

use tidelake_io::{FilePath, Publish};
use tidelake_meta::*;
use tidelake_types::{DataField, Options, TypeKind};

use crate::memory::Memory;

fn fields() -> Vec<DataField> {
    vec![
        DataField::new(0, "k", TypeKind::Int.nullable()),
        DataField::new(1, "dt", TypeKind::STRING.nullable()),
        DataField::new(2, "v", TypeKind::BigInt.nullable()),
        DataField::new(3, "a", TypeKind::Row(vec![DataField::new(4, "x", TypeKind::Int.nullable())]).nullable()),
    ]
}

fn keys(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn create(partition: &[&str], primary: &[&str], options: &[(&str, &str)]) -> Result<TableSchema> {
    TableSchema::create(fields(), keys(partition), keys(primary), options.iter().copied().collect(), None, 7)
}

#[test]
fn keys_come_from_options_too_and_are_not_null() {
    let schema = create(&[], &[], &[("primary-key", "dt, k"), ("partition", "dt"), ("bucket", "2")]).unwrap();
    assert_eq!(
        (schema.primary_keys.as_slice(), schema.partition_keys.as_slice()),
        (&keys(&["dt", "k"])[..], &keys(&["dt"])[..])
    );
    assert!(!schema.field("k").unwrap().data_type.nullable && schema.field("v").unwrap().data_type.nullable);
    assert_eq!(schema.options, Options::from([("bucket", "2")]));
    assert_eq!(schema.highest_field_id, 4);
    assert_eq!(schema.bucket_mode().unwrap(), BucketMode::HashFixed(2));
    let names = |fields: Vec<DataField>| fields.into_iter().map(|field| field.name).collect::<Vec<_>>();
    assert_eq!(names(schema.trimmed_primary_key_fields()), ["k"]);
    assert_eq!(names(schema.bucket_key_fields().unwrap()), ["k"]);
    assert_eq!(
        names(schema.key_value_fields(false)),
        ["_KEY_k", "_SEQUENCE_NUMBER", "_VALUE_KIND", "k", "dt", "v", "a"]
    );
    assert_eq!(names(schema.key_value_fields(true)), ["_SEQUENCE_NUMBER", "_VALUE_KIND", "k", "dt", "v", "a"]);
    assert_eq!(TableSchema::from_json(&schema.to_json(), "s").unwrap(), schema);
}

#[test]
fn bucket_modes_follow_from_keys_and_the_option() {
    let mode = |partition: &[&str], primary: &[&str], bucket: &str| {
        create(partition, primary, &[("bucket", bucket)]).unwrap().bucket_mode().unwrap()
    };
    assert_eq!(create(&[], &[], &[]).unwrap().bucket_mode().unwrap(), BucketMode::Unaware);
    assert_eq!(mode(&["dt"], &["k", "dt"], "-1"), BucketMode::HashDynamic);
    assert_eq!(mode(&["dt"], &["k"], "-1"), BucketMode::KeyDynamic);
    assert_eq!(mode(&[], &["k"], "-2"), BucketMode::Postpone);
}

#[test]
fn what_is_wrong_is_named() {
    let refused = |partition: &[&str], primary: &[&str], options: &[(&str, &str)], word: &str| {
        let error = create(partition, primary, options).unwrap_err().to_string();
        assert!(error.contains(word), "{error} does not name {word}");
    };
    refused(&["dt"], &["dt"], &[], "partition keys only");
    refused(&["none"], &[], &[], "`none`");
    refused(&[], &["k", "k"], &[("bucket", "1")], "`k` twice");
    refused(&[], &["a"], &[("bucket", "1")], "ROW");
    refused(&["a"], &[], &[], "ROW");
    refused(&[], &[], &[("bucket", "4")], "`bucket-key`");
    refused(&[], &[], &[("bucket", "0")], "`bucket`");
    refused(&[], &[], &[("bucket", "-2")], "primary key");
    refused(&[], &["k"], &[("bucket", "four")], "`bucket`");
    refused(&["dt"], &["k"], &[("bucket", "4")], "another partition");
    refused(&[], &[], &[("bucket-key", "k")], "`bucket-key`");
    refused(&[], &[], &[("bucket", "2"), ("bucket-key", "k, v")], "` v`");
    refused(&["dt"], &[], &[("bucket", "2"), ("bucket-key", "dt")], "partition key");
    refused(&[], &["k"], &[("bucket", "2"), ("bucket-key", "v")], "primary key");
    refused(&[], &[], &[("bucket", "2"), ("bucket-key", "a")], "ROW");
    refused(&[], &["k"], &[("primary-key", "k")], "`primary-key`");
    refused(&[], &[], &[("changelog-producer", "input")], "`changelog-producer`");
    refused(&[], &["k"], &[("merge-engine", "first-row"), ("changelog-producer", "input")], "first-row");
    refused(&[], &["k"], &[("merge-engine", "newest")], "`merge-engine`");
    refused(&[], &["k"], &[("sequence.field", "w")], "`w`");
    refused(&[], &[], &[("manifest.target-file-size", "big")], "`manifest.target-file-size`");
    refused(&[], &[], &[("data-file.path-directory", "../x")], "`../x`");
    refused(&[], &[], &[("snapshot.num-retained.min", "0")], "`snapshot.num-retained.min`");
    for name in ["_KEY_k", "_SEQUENCE_NUMBER", "rowkind", " "] {
        let fields = vec![DataField::new(0, name, TypeKind::Int.nullable())];
        assert!(TableSchema::create(fields, vec![], vec![], Options::new(), None, 0).is_err(), "{name}");
    }
    let twice =
        vec![DataField::new(0, "a", TypeKind::Int.nullable()), DataField::new(1, "a", TypeKind::Int.nullable())];
    assert!(TableSchema::create(twice, vec![], vec![], Options::new(), None, 0).is_err());
}

#[test]
fn old_versions_mean_one_bucket_and_orc() {
    let text = |version: &str| {
        format!(
            r#"{{{version}"id":0,"fields":[{{"id":0,"name":"a","type":"INT","description":null}}],"highestFieldId":0,
                "partitionKeys":[],"primaryKeys":[],"options":{{}},"comment":null}}"#
        )
    };
    let read = |version: &str| TableSchema::from_json(text(version).as_bytes(), "s").unwrap();
    let first = read("");
    assert_eq!(
        (first.version, first.options.text("bucket"), first.options.text("file.format")),
        (1, Some("1"), Some("orc"))
    );
    assert_eq!(first.bucket_mode().unwrap(), BucketMode::HashFixed(1));
    assert!(first.bucket_key_fields().unwrap().is_empty());
    let second = read(r#""version":2,"#);
    assert_eq!((second.options.text("bucket"), second.options.text("file.format")), (None, Some("orc")));
    assert!(read(r#""version":3,"#).options.is_empty());
    assert!(TableSchema::from_json(text(r#""version":4,"#).as_bytes(), "s").is_err());
    assert!(
        TableSchema::from_json(text("").replace(r#""id":0,"name""#, r#""id":0,"id":1,"name""#).as_bytes(), "s").is_ok()
    );
    assert!(
        TableSchema::from_json(text("").replace(r#""options":{}"#, r#""options":{},"options":{}"#).as_bytes(), "s")
            .is_err()
    );
}

#[test]
fn what_cannot_be_served_is_told_by_the_options_name() {
    let check = |primary: &[&str], options: &[(&str, &str)], read: Option<&str>, write: Option<&str>| {
        let schema = TableSchema { options: options.iter().copied().collect(), ..create(&[], primary, &[]).unwrap() };
        for (result, expected) in [(unsupported_for_reading(&schema), read), (unsupported_for_writing(&schema), write)]
        {
            match (result, expected) {
                (Ok(()), None) => {}
                (Err(error), Some(name)) => {
                    assert!(
                        matches!(error, Error::Unsupported { .. }) && error.to_string().contains(name),
                        "{error}: {name}"
                    );
                }
                (result, expected) => panic!("{options:?}: {result:?}, expected {expected:?}"),
            }
        }
    };
    check(&[], &[], None, None);
    check(&["k"], &[("bucket", "4"), ("changelog-producer", "input"), ("an.unknown", "x")], None, None);
    check(&["k"], &[], None, Some("`bucket`"));
    check(&["k"], &[("bucket", "4"), ("merge-engine", "aggregation")], Some("merge-engine"), Some("merge-engine"));
    check(&["k"], &[("bucket", "4"), ("changelog-producer", "lookup")], None, Some("changelog-producer"));
    check(&["k"], &[("bucket", "4"), ("sequence.field", "v"), ("ignore-delete", "true")], None, None);
    check(&["k"], &[("bucket", "4"), ("rowkind.field", "v")], None, Some("rowkind.field"));
    let numbered = "sequence.snapshot-ordering";
    check(&["k"], &[("bucket", "4"), (numbered, "true")], Some(numbered), Some(numbered));
    check(&[], &[("deletion-vectors.enabled", "true")], Some("deletion-vectors"), Some("deletion-vectors"));
    check(&[], &[("manifest.format", "orc")], None, Some("manifest.format"));
    check(&[], &[("file-index.bloom-filter.columns", "v")], None, Some("file-index"));
    check(&[], &[("scan.fallback-branch", "b")], Some("fallback"), Some("fallback"));
}

#[tokio::test]
async fn schemas_are_published_once_and_listed() {
    let (io, layout) = (Memory::default(), TableLayout::new(FilePath::parse("/w/t").unwrap()));
    let store = SchemaStore::new(Arc::new(io), layout);
    assert!(store.latest().await.unwrap().is_none());
    let first = create(&[], &["k"], &[("bucket", "2")]).unwrap();
    assert_eq!(store.publish(&first).await.unwrap(), Publish::Created);
    assert_eq!(store.publish(&first).await.unwrap(), Publish::AlreadyExists);
    let second = first.changed(&[SchemaChange::SetOption("bucket".to_owned(), "3".to_owned())], true, 9).unwrap();
    assert_eq!((second.id, second.time_ms), (1, 9));
    store.publish(&second).await.unwrap();
    assert_eq!(*store.latest().await.unwrap().unwrap(), second);
    assert_eq!(store.list_ids().await.unwrap(), [0, 1]);
    assert!(matches!(store.load(2).await, Err(Error::NoSchema { id: 2, .. })));
    for (name, value) in [("merge-engine", "first-row"), ("bucket", "-1"), ("bucket-key", "k")] {
        assert!(
            first.changed(&[SchemaChange::SetOption(name.to_owned(), value.to_owned())], true, 9).is_err(),
            "{name}"
        );
    }
}

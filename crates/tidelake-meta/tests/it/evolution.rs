//! What changes do to a schema, and which are refused.

use tidelake_meta::*;
use tidelake_types::{DataField, Options, TypeKind, parse_ddl_type};

fn schema(options: &[(&str, &str)]) -> TableSchema {
    let mut next_id = 0;
    let mut field = |name: &str, text: &str| {
        let data_type = parse_ddl_type(text, &mut next_id).unwrap();
        next_id += 1;
        DataField::new(next_id - 1, name, data_type)
    };
    let fields = vec![
        field("k", "INT"),
        field("dt", "STRING"),
        field("v", "INT"),
        field("r", "ROW<x INT, y ARRAY<ROW<z STRING>>>"),
        field("m", "MAP<STRING, ARRAY<INT>>"),
    ];
    let keys = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut all = Options::from([("bucket", "2")]);
    options.iter().for_each(|&(name, value)| all.set(name, value));
    TableSchema::create(fields, keys(&["dt"]), keys(&["dt", "k"]), all, None, 0).unwrap()
}

fn parsed(changes: &[&str]) -> Vec<SchemaChange> {
    changes.iter().map(|text| SchemaChange::parse(text).unwrap()).collect()
}

fn change(schema: &TableSchema, changes: &[&str]) -> TableSchema {
    schema.changed(&parsed(changes), true, 5).unwrap()
}

fn refused(schema: &TableSchema, changes: &[&str]) -> String {
    match schema.changed(&parsed(changes), true, 5) {
        Ok(changed) => panic!("{changes:?} made {changed:?}"),
        Err(error) => error.to_string(),
    }
}

fn columns(schema: &TableSchema) -> String {
    let text = |field: &DataField| format!("{}:{} {}", field.id, field.name, field.data_type);
    schema.fields.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_new_column_has_the_next_id_before_what_is_in_it() {
    let before = schema(&[]);
    assert_eq!(before.highest_field_id, 7);
    let after = change(&before, &["add n ROW<q INT, r ARRAY<ROW<z STRING>>>", "add last INT first"]);
    let TypeKind::Row(inside) = &after.field("n").unwrap().data_type.kind else { panic!() };
    // The column, then the fields inside out: the element's before the field that holds it.
    assert_eq!((after.field("n").unwrap().id, inside[0].id, inside[1].id), (8, 9, 11));
    assert_eq!((after.fields[0].name.as_str(), after.fields[0].id, after.highest_field_id), ("last", 12, 12));
    assert_eq!((after.id, after.time_ms, before.fields.len() + 2), (1, 5, after.fields.len()));
    // Ids outlive their columns.
    let dropped = change(&after, &["drop last"]);
    assert_eq!(change(&dropped, &["add again INT"]).field("again").unwrap().id, 13);
}

#[test]
fn columns_are_placed_moved_and_renamed() {
    let before = schema(&[]);
    let names = |changes: &[&str]| {
        let fields = change(&before, changes).fields;
        fields.into_iter().map(|field| field.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["add a INT after k"]), "k a dt v r m");
    assert_eq!(names(&["add a INT before k"]), "a k dt v r m");
    assert_eq!(names(&["move v first"]), "v k dt r m");
    assert_eq!(names(&["move k after v"]), "dt v k r m");
    assert_eq!(names(&["move m before dt", "move k last"]), "m dt v r k");
    assert_eq!(names(&["rename v w", "add v INT"]), "k dt w r m v");
    let placed = schema(&[("add-column-before-partition", "true")]);
    assert_eq!(change(&placed, &["add a INT"]).fields[1].name, "a");
    for changes in
        [["move v after v"], ["move v after missing"], ["add a INT after missing"], ["add v INT"], ["rename v m"]]
    {
        refused(&before, &changes);
    }
}

#[test]
fn fields_at_any_depth_change_by_their_path() {
    let after = change(
        &schema(&[]),
        &[
            "add r.w BIGINT first",
            "rename r.x xx",
            "type r.y.element.z STRING",
            "add r.y.element.n INT",
            "type m.value.element BIGINT",
            "comment r.xx of x",
        ],
    );
    assert_eq!(
        columns(&after),
        "0:k INT NOT NULL, 1:dt STRING NOT NULL, 2:v INT, 6:r ROW<w BIGINT, xx INT, y ARRAY<ROW<z STRING, n INT>>>, \
         7:m MAP<STRING, ARRAY<BIGINT>>"
    );
    let TypeKind::Row(fields) = &after.field("r").unwrap().data_type.kind else { panic!() };
    assert_eq!((fields[1].id, fields[1].description.as_deref()), (3, Some("of x")));
    let dropped = change(&after, &["drop r.y.element.z"]);
    refused(&dropped, &["drop r.y.element.n"]);
    for changes in [["drop r.q"], ["drop v.x"], ["add m.value.x INT"], ["type r.y.value INT"], ["type r ROW<x INT>"]] {
        refused(&after, &changes);
    }
}

#[test]
fn keys_stay_as_they_are_but_for_the_names_of_primary_keys() {
    let before = schema(&[]);
    for changes in [["drop k"], ["drop dt"], ["rename dt d"], ["type k BIGINT"], ["type dt INT"], ["null k"]] {
        refused(&before, &changes);
    }
    let after = change(&before, &["rename k key"]);
    assert_eq!(after.primary_keys, ["dt", "key"]);
    assert!(before.changed(&[SchemaChange::DropPrimaryKey], true, 0).is_err());
}

#[test]
fn types_change_where_values_can_be_cast() {
    let before = schema(&[]);
    for to in ["BIGINT", "STRING", "DECIMAL(4, 2)", "TINYINT", "BOOLEAN", "TIMESTAMP(3)"] {
        assert_eq!(change(&before, &[&format!("type v {to}")]).field("v").unwrap().data_type.to_string(), to);
    }
    for to in ["DATE", "BYTES", "ARRAY<INT>", "ROW<x INT>"] {
        refused(&before, &[&format!("type v {to}")]);
    }
    let strict = schema(&[("disable-explicit-type-casting", "true")]);
    for to in ["BIGINT", "DOUBLE", "DECIMAL(4, 2)"] {
        change(&strict, &[&format!("type v {to}")]);
    }
    for to in ["STRING", "TINYINT"] {
        assert!(refused(&strict, &[&format!("type v {to}")]).contains("disable-explicit-type-casting"));
    }
}

#[test]
fn a_nullable_column_becomes_not_null_only_where_an_option_says_so() {
    let before = schema(&[]);
    assert!(refused(&before, &["not-null v"]).contains("alter-column-null-to-not-null.disabled"));
    refused(&before, &["type v BIGINT NOT NULL"]);
    refused(&before, &["add a INT NOT NULL"]);
    let free = schema(&[("alter-column-null-to-not-null.disabled", "false")]);
    let after = change(&free, &["not-null v", "not-null r.x"]);
    assert!(!after.field("v").unwrap().data_type.nullable);
    assert!(change(&after, &["null v"]).field("v").unwrap().data_type.nullable);
    let keep = SchemaChange::SetType {
        path: vec!["v".to_owned()],
        data_type: TypeKind::BigInt.nullable(),
        keep_nullability: true,
    };
    assert!(!after.changed(&[keep], true, 0).unwrap().field("v").unwrap().data_type.nullable);
}

#[test]
fn options_follow_renames_and_guard_their_columns() {
    let before = schema(&[("sequence.field", "v"), ("bucket-key", "k"), ("fields.v.aggregate-function", "sum")]);
    let after = change(&before, &["rename v w", "rename k key"]);
    let text = |name: &str| after.options.text(name);
    assert_eq!((text("sequence.field"), text("bucket-key")), (Some("w"), Some("key")));
    assert_eq!((text("fields.w.aggregate-function"), text("fields.v.aggregate-function")), (Some("sum"), None));
    assert!(refused(&before, &["drop v"]).contains("sequence.field"));
    change(&before, &["unset sequence.field", "unset fields.v.aggregate-function", "drop v"]);
}

#[test]
fn options_that_decide_what_files_mean_change_only_before_there_are_any() {
    let before = schema(&[("ignore-delete", "true"), ("deletion-vectors.enabled", "false")]);
    for changes in [
        ["set bucket -1"],
        ["unset bucket"],
        ["set merge-engine first-row"],
        ["set bucket-key k"],
        ["set type format-table"],
        ["set ignore-delete false"],
        ["set deletion-vectors.enabled true"],
        ["set sequence.field missing"],
        ["set file.compression.zstd-level 40"],
    ] {
        refused(&before, &changes);
    }
    let same = change(&before, &["set type TABLE", "set primary-key dt, k", "set bucket 2", "set ignore-delete true"]);
    assert_eq!(same.options, before.options);
    assert_eq!(change(&before, &["set bucket 4"]).bucket_mode().unwrap(), BucketMode::HashFixed(4));
    let early = |changes: &[&str]| before.changed(&parsed(changes), false, 0);
    assert_eq!(early(&["set bucket-key k"]).unwrap().options.text("bucket-key"), Some("k"));
    assert!(early(&["set type format-table"]).is_err());
    let bare = before.changed(&[SchemaChange::DropPrimaryKey], false, 0);
    assert!(bare.unwrap_err().to_string().contains("bucket-key"));
}

#[test]
fn defaults_and_comments_are_set_and_taken_away() {
    let before = schema(&[]);
    let after = change(&before, &["default v 7", "comment v the value"]);
    let field = after.field("v").unwrap();
    assert_eq!((field.default_value.as_deref(), field.description.as_deref()), (Some("7"), Some("the value")));
    refused(&before, &["default v seven"]);
    // A default that the new type cannot hold.
    refused(&change(&before, &["type v STRING", "default v seven"]), &["type v INT"]);
    let bare = change(&after, &["undefault v", "uncomment v"]);
    assert_eq!(bare.field("v"), before.field("v"));
    let comment = SchemaChange::SetComment(Some("of all".to_owned()));
    assert_eq!(before.changed(&[comment], true, 0).unwrap().comment.as_deref(), Some("of all"));
}

//! What every catalog must do, as checks.
//!
//! Passing [`all`] *is* the definition of a valid catalog. It makes and drops databases whose names begin with
//! `conformance`, and touches no other.

use std::fmt;

use futures::future;
use tidelake_error::{Classify, ErrorKind};
use tidelake_io::FileIO;
use tidelake_meta::{SchemaChange, TableSchema};
use tidelake_types::{DataField, Options, TypeKind};

use crate::{Catalog, CatalogExt, Identifier, Result};

/// A promise that a catalog did not keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub promise: &'static str,
    /// What happened instead.
    pub found: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not kept: {}; found: {}", self.promise, self.found)
    }
}

impl std::error::Error for Broken {}

type Checked = std::result::Result<(), Broken>;

const DATABASE: &str = "conformance";

/// Checks everything that [`Catalog`] promises. The first promise that is not kept is the error.
pub async fn all(catalog: &dyn Catalog) -> Checked {
    databases(catalog).await?;
    let options = Options::new();
    ok("a database can be made", catalog.create_database(DATABASE, &options).await)?;
    tables(catalog).await?;
    of_two_creators_one_fails(catalog).await?;
    changes(catalog).await?;
    names(catalog).await?;
    renaming(catalog).await?;
    storage(catalog).await?;
    ok("an empty database can be dropped", catalog.drop_database(DATABASE).await)
}

async fn databases(catalog: &dyn Catalog) -> Checked {
    let (name, options) = ("conformance_databases", Options::new());
    let listed = async || catalog.list_databases().await;
    ok("a database can be made", catalog.create_database(name, &options).await)?;
    let found = ok("databases can be listed", listed().await)?;
    holds("an empty database is listed", found.iter().any(|found| found == name), &found)?;
    holds("databases are listed in order", found.is_sorted(), &found)?;
    let again = catalog.create_database(name, &options).await;
    fails("a database is made once", ErrorKind::AlreadyExists, again)?;
    ok("`ensure_database` takes what is there", catalog.ensure_database(name).await)?;
    let tables = ok("an empty database can be listed", catalog.list_tables(name).await)?;
    holds("a new database has no tables", tables.is_empty(), &tables)?;
    ok("an empty database can be dropped", catalog.drop_database(name).await)?;
    let found = ok("databases can be listed", listed().await)?;
    holds("a dropped database is not listed", !found.iter().any(|found| found == name), &found)?;
    fails("a database is dropped once", ErrorKind::NotFound, catalog.drop_database(name).await)?;
    fails("tables of a missing database", ErrorKind::NotFound, catalog.list_tables(name).await)
}

async fn tables(catalog: &dyn Catalog) -> Checked {
    let (a, b) = (identifier("a"), identifier("b"));
    let schema = schema("of the suite");
    fails("a table that is missing cannot be loaded", ErrorKind::NotFound, catalog.load_table(&a).await)?;
    fails("a table that is missing cannot be dropped", ErrorKind::NotFound, catalog.drop_table(&a).await)?;
    let elsewhere = plain("conformance_missing", "a");
    fails("no table is loaded from a missing database", ErrorKind::NotFound, catalog.load_table(&elsewhere).await)?;
    let made = catalog.create_table(&elsewhere, &schema).await;
    fails("no table is made in a missing database", ErrorKind::NotFound, made)?;

    let made = ok("a table can be made", catalog.create_table(&b, &schema).await)?;
    holds("a new table has its schema", same(&made.schema, &schema), &made.schema)?;
    ok("a table can be made", catalog.create_table(&a, &schema).await)?;
    let loaded = ok("a table can be loaded", catalog.load_table(&b).await)?;
    holds(
        "a table is loaded as it was made",
        loaded.schema == made.schema && loaded.location == made.location,
        &loaded,
    )?;
    holds("an entry has the name it was loaded by", loaded.identifier == b, &loaded.identifier)?;
    let again = catalog.create_table(&b, &schema).await;
    fails("a table is made once", ErrorKind::AlreadyExists, again)?;
    let found = ok("tables can be listed", catalog.list_tables(DATABASE).await)?;
    holds("tables are listed in order", found == ["a", "b"], &found)?;
    let full = catalog.drop_database(DATABASE).await;
    fails("a database with tables is not dropped", ErrorKind::InvalidInput, full)?;

    for table in [&a, &b] {
        ok("a table can be dropped", catalog.drop_table(table).await)?;
        fails("a dropped table is gone", ErrorKind::NotFound, catalog.load_table(table).await)?;
    }
    ok("a dropped table can be made anew", catalog.create_table(&a, &schema).await)?;
    ok("a table can be dropped", catalog.drop_table(&a).await)?;
    let found = ok("tables can be listed", catalog.list_tables(DATABASE).await)?;
    holds("dropped tables are not listed", found.is_empty(), &found)
}

async fn of_two_creators_one_fails(catalog: &dyn Catalog) -> Checked {
    let table = identifier("raced");
    for _ in 0..8 {
        let (first, second) = (schema("the first"), schema("the second"));
        let (one, other) =
            future::join(catalog.create_table(&table, &first), catalog.create_table(&table, &second)).await;
        let winner = match (one, other) {
            (Ok(_), Err(lost)) if lost.kind() == ErrorKind::AlreadyExists => first,
            (Err(lost), Ok(_)) if lost.kind() == ErrorKind::AlreadyExists => second,
            both => return broken("of two that make a table one fails", both),
        };
        let loaded = ok("a table can be loaded", catalog.load_table(&table).await)?;
        holds("the winner's schema is the table's", loaded.schema.comment == winner.comment, &loaded.schema)?;
        ok("a table can be dropped", catalog.drop_table(&table).await)?;
    }
    Ok(())
}

async fn changes(catalog: &dyn Catalog) -> Checked {
    let table = identifier("changed");
    let set = |name: &str, value: &str| [SchemaChange::SetOption(name.to_owned(), value.to_owned())];
    let missing = catalog.alter_table(&table, &set("a", "1")).await;
    fails("a missing table cannot be changed", ErrorKind::NotFound, missing)?;
    let made = ok("a table can be made", catalog.create_table(&table, &schema("changed")).await)?;
    let changed = ok("an option can be set", catalog.alter_table(&table, &set("conformance.a", "1")).await)?;
    let loaded = ok("a table can be loaded", catalog.load_table(&table).await)?;
    holds("a change is there at once", loaded.schema == changed.schema, &loaded.schema)?;
    holds("a change makes a newer schema", changed.schema.id > made.schema.id, &changed.schema.id)?;
    holds("a set option is there", changed.schema.options.text("conformance.a") == Some("1"), &changed.schema.options)?;

    let (b, c) = (set("conformance.b", "2"), set("conformance.c", "3"));
    let (one, other) = future::join(catalog.alter_table(&table, &b), catalog.alter_table(&table, &c)).await;
    ok("two changes at once", one)?;
    ok("two changes at once", other)?;
    let unset = [SchemaChange::UnsetOption("conformance.a".to_owned())];
    ok("an option can be unset", catalog.alter_table(&table, &unset).await)?;
    let loaded = ok("a table can be loaded", catalog.load_table(&table).await)?;
    let text = |name: &str| loaded.schema.options.text(name);
    let kept = (text("conformance.a"), text("conformance.b"), text("conformance.c"));
    holds("no change is lost", kept == (None, Some("2"), Some("3")), &loaded.schema.options)?;
    columns_change(catalog, &table).await?;
    ok("a table can be dropped", catalog.drop_table(&table).await)
}

/// Which changes are right is a matter of schemas; that a catalog makes all of them or none, and loses none, is its own.
async fn columns_change(catalog: &dyn Catalog, table: &Identifier) -> Checked {
    let path = |name: &str| vec![name.to_owned()];
    let add = |name: &str| SchemaChange::AddColumn {
        path: path(name),
        data_type: TypeKind::Int.nullable(),
        comment: None,
        default_value: None,
        place: None,
    };
    let before = ok("a table can be loaded", catalog.load_table(table).await)?.schema;
    let half = catalog.alter_table(table, &[add("half"), SchemaChange::DropColumn { path: path("missing") }]).await;
    fails("a change that is not allowed is refused", ErrorKind::InvalidInput, half)?;
    let loaded = ok("a table can be loaded", catalog.load_table(table).await)?.schema;
    holds("of changes that are not all allowed none is made", loaded == before, &loaded)?;

    let first = [add("first")];
    let (one, other) = future::join(catalog.alter_table(table, &first), catalog.alter_table(table, &first)).await;
    let lost = match (one, other) {
        (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
        both => return broken("of two that add the same column one fails", both),
    };
    let kind = lost.kind();
    holds("the second to add a column hears that it is there", kind == ErrorKind::InvalidInput, &lost)?;
    let rename = [SchemaChange::RenameColumn { path: path("first"), name: "second".to_owned() }];
    let (third, fourth) = ([add("third")], [add("fourth")]);
    let all = future::join3(
        catalog.alter_table(table, &rename),
        catalog.alter_table(table, &third),
        catalog.alter_table(table, &fourth),
    );
    let (renamed, third, fourth) = all.await;
    for changed in [renamed, third, fourth] {
        ok("columns change at once", changed)?;
    }
    let schema = ok("a table can be loaded", catalog.load_table(table).await)?.schema;
    let id = |name: &str| schema.field(name).map(|field| field.id);
    let ids = [id("second"), id("third"), id("fourth")].map(|id| id.unwrap_or(-1) - before.highest_field_id);
    let mut sorted = ids;
    sorted.sort_unstable();
    holds("each column has its own id, which a rename keeps", sorted == [1, 2, 3] && ids[0] == 1, &schema.fields)?;
    ok(
        "a column can be dropped",
        catalog.alter_table(table, &[SchemaChange::DropColumn { path: path("third") }]).await,
    )?;
    let again = ok("a column can be added", catalog.alter_table(table, &[add("third")]).await)?.schema;
    let id = again.field("third").map(|field| field.id);
    holds("an id is never used again", id == Some(before.highest_field_id + 4), &again.fields)
}

async fn names(catalog: &dyn Catalog) -> Checked {
    let schema = schema("names");
    let long = "x".repeat(300);
    for name in ["", " ", ".", "..", "a/b", "../a", "/a", "a\\b", "a\0b", "a\nb", "\u{7f}", &long] {
        let refused = "a name that is no segment of a path is refused";
        let table = plain(DATABASE, name);
        fails(refused, ErrorKind::InvalidInput, catalog.load_table(&table).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.create_table(&table, &schema).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.drop_table(&table).await)?;
        let database = plain(name, "t");
        fails(refused, ErrorKind::InvalidInput, catalog.load_table(&database).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.create_table(&database, &schema).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.list_tables(name).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.create_database(name, &Options::new()).await)?;
        fails(refused, ErrorKind::InvalidInput, catalog.drop_database(name).await)?;
    }
    for name in ["a$b", "a$branch_b"] {
        let made = catalog.create_table(&plain(DATABASE, name), &schema).await;
        fails("no table is made with a `$` in its name", ErrorKind::InvalidInput, made)?;
    }
    let unicode = plain(DATABASE, "Größe 表 %41 a=b");
    let made = ok("any other name is a name", catalog.create_table(&unicode, &schema).await)?;
    let found = ok("tables can be listed", catalog.list_tables(DATABASE).await)?;
    holds("a name is listed as it was given", found == [unicode.table.as_str()], &found)?;
    let system = Identifier { system: Some("files".to_owned()), ..unicode.clone() };
    let below = ok("a system table's name finds the table", catalog.load_table(&system).await)?;
    holds(
        "a system table's name finds the table",
        below.location == made.location && below.identifier == system,
        &below,
    )?;
    let dropped = catalog.drop_table(&system).await;
    fails("a system table cannot be dropped", ErrorKind::InvalidInput, dropped)?;
    let branch = Identifier { branch: Some("missing".to_owned()), ..unicode.clone() };
    let loaded = catalog.load_table(&branch).await;
    let kind = loaded.as_ref().err().map(Classify::kind);
    holds(
        "a missing branch is `NotFound`, or `Unsupported` where there are none",
        matches!(kind, Some(ErrorKind::NotFound | ErrorKind::Unsupported)),
        &loaded,
    )?;
    ok("a table can be dropped", catalog.drop_table(&unicode).await)
}

async fn renaming(catalog: &dyn Catalog) -> Checked {
    let (from, to) = (identifier("from"), identifier("to"));
    ok("a table can be made", catalog.create_table(&from, &schema("renamed")).await)?;
    let left = match catalog.rename_table(&from, &to).await {
        Ok(()) => {
            fails("a renamed table is gone from its old name", ErrorKind::NotFound, catalog.load_table(&from).await)?;
            renaming_badly(catalog, &to).await?;
            to
        }
        Err(error) if error.kind() == ErrorKind::Unsupported => {
            fails("a refused rename does nothing", ErrorKind::NotFound, catalog.load_table(&to).await)?;
            from
        }
        Err(error) => return broken("a table is renamed, or that is `Unsupported`", error),
    };
    ok("the table is there under one name", catalog.load_table(&left).await)?;
    ok("a table can be dropped", catalog.drop_table(&left).await)
}

/// For catalogs that rename: `table` stays what it is.
async fn renaming_badly(catalog: &dyn Catalog, table: &Identifier) -> Checked {
    let (missing, taken) = (identifier("missing"), identifier("taken"));
    let renamed = catalog.rename_table(&missing, &identifier("new")).await;
    fails("a missing table cannot be renamed", ErrorKind::NotFound, renamed)?;
    let renamed = catalog.rename_table(table, &plain("conformance_missing", "new")).await;
    fails("no table is renamed into a missing database", ErrorKind::NotFound, renamed)?;
    ok("a table can be made", catalog.create_table(&taken, &schema("taken")).await)?;
    let renamed = catalog.rename_table(table, &taken).await;
    fails("no table takes the name of another", ErrorKind::AlreadyExists, renamed)?;
    let found = ok("a table can be loaded", catalog.load_table(&taken).await)?;
    holds("the other stays what it is", found.schema.comment.as_deref() == Some("taken"), &found.schema)?;
    ok("a table can be dropped", catalog.drop_table(&taken).await)
}

async fn storage(catalog: &dyn Catalog) -> Checked {
    let table = identifier("stored");
    let entry = ok("a table can be made", catalog.create_table(&table, &schema("stored")).await)?;
    let (inside, outside) =
        (entry.location.child("conformance"), entry.location.parent().map(|above| above.child("elsewhere")));
    if let (Ok(inside), Some(Ok(outside))) = (inside, outside) {
        let missing = entry.file_io.stat(&inside).await;
        holds(
            "an entry reads its location",
            missing.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound),
            &missing,
        )?;
        let refused = entry.file_io.stat(&outside).await;
        let kind = refused.as_ref().err().map(Classify::kind);
        holds("an entry reads nothing else", kind == Some(ErrorKind::PermissionDenied), &refused)?;
    }
    ok("a table can be dropped", catalog.drop_table(&table).await)
}

fn identifier(table: &str) -> Identifier {
    plain(DATABASE, table)
}

/// Not checked: that is for the catalog.
fn plain(database: &str, table: &str) -> Identifier {
    Identifier { database: database.to_owned(), table: table.to_owned(), branch: None, system: None }
}

fn schema(comment: &str) -> TableSchema {
    let fields =
        vec![DataField::new(0, "k", TypeKind::Int.not_null()), DataField::new(1, "v", TypeKind::STRING.nullable())];
    let options = Options::from([("bucket", "1")]);
    TableSchema {
        version: 3,
        id: 0,
        fields,
        highest_field_id: 1,
        partition_keys: Vec::new(),
        primary_keys: vec!["k".to_owned()],
        options,
        comment: Some(comment.to_owned()),
        time_ms: 1_700_000_000_000,
    }
}

/// Catalogs may add options of their own and set the time.
fn same(a: &TableSchema, b: &TableSchema) -> bool {
    a.fields == b.fields
        && a.primary_keys == b.primary_keys
        && a.partition_keys == b.partition_keys
        && a.comment == b.comment
}

fn ok<T>(promise: &'static str, result: Result<T>) -> std::result::Result<T, Broken> {
    result.map_err(|error| Broken { promise, found: error.to_string() })
}

fn fails<T: fmt::Debug>(promise: &'static str, kind: ErrorKind, result: Result<T>) -> Checked {
    match result {
        Err(error) if error.kind() == kind => Ok(()),
        other => Err(Broken { promise, found: format!("expected the error {kind}: {other:?}") }),
    }
}

fn holds(promise: &'static str, is_so: bool, found: &dyn fmt::Debug) -> Checked {
    if is_so { Ok(()) } else { broken(promise, found) }
}

fn broken<T>(promise: &'static str, found: impl fmt::Debug) -> std::result::Result<T, Broken> {
    Err(Broken { promise, found: format!("{found:?}") })
}

//! What programs do with a table, each thing alone: whether it is done, how it is done again, and what the rows are then.

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt;
use tidelake_io::FileIO;
use tidelake_runtime::Runtime;
use tidelake_table::{
    CommitOutcome, DataField, Identifier, Overwrite, PartitionSpec, ReadFrom, SchemaChange, Table, TableSchema,
    TypeKind,
};
use tidelake_testing::{Profile, Sim, SimIO};

use crate::world::{Change, World, contents, rows};

/// The rows of a table: `k` is unique, also where it is no key.
pub(crate) type Rows = BTreeMap<i32, String>;

/// Something that is done to a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Append,
    Upsert,
    Compact,
    CompactFull,
    Overwrite,
    Truncate,
    DropPartition,
    Alter,
    Tag,
    Expire,
    ReadLatest,
}

pub(crate) const OF_KEY_TABLES: [Action; 10] = [
    Action::Upsert,
    Action::Compact,
    Action::CompactFull,
    Action::Overwrite,
    Action::Truncate,
    Action::DropPartition,
    Action::Alter,
    Action::Tag,
    Action::Expire,
    Action::ReadLatest,
];

pub(crate) const OF_APPEND_TABLES: [Action; 9] = [
    Action::Append,
    Action::Compact,
    Action::Overwrite,
    Action::Truncate,
    Action::DropPartition,
    Action::Alter,
    Action::Tag,
    Action::Expire,
    Action::ReadLatest,
];

/// The snapshot that is tagged; also the first one that expires.
const TAGGED: i64 = 1;
/// The partition that is dropped and overwritten: odd keys.
const ODD: i32 = 1;

impl Action {
    /// What becomes of the rows.
    pub(crate) fn effect(self, rows: &mut Rows) {
        let odd = |key: &i32| key % 2 == ODD;
        match self {
            Self::Append | Self::Upsert => rows.extend(self.rows()),
            Self::Overwrite => {
                rows.retain(|key, _| !odd(key));
                rows.extend(self.rows());
            }
            Self::Truncate => rows.clear(),
            Self::DropPartition => rows.retain(|key, _| !odd(key)),
            _ => {}
        }
    }

    fn rows(self) -> Rows {
        let rows: &[(i32, &str)] = match self {
            Self::Append => &[(11, "appended"), (12, "appended")],
            Self::Upsert => &[(1, "upserted"), (2, "upserted"), (13, "upserted")],
            Self::Overwrite => &[(15, "overwritten"), (17, "overwritten")],
            _ => &[],
        };
        rows.iter().map(|(key, token)| (*key, (*token).to_owned())).collect()
    }

    /// Does it, unless it is done already. Rows that were read are returned.
    pub(crate) async fn perform(self, io: Arc<dyn FileIO>, runtime: Runtime) -> tidelake_table::Result<Option<Rows>> {
        let world = World::over(io, runtime).await?;
        let table = world.table().await?;
        match self {
            Self::Append | Self::Upsert | Self::Overwrite => self.commit(&table).await?,
            Self::Compact => drop(table.compact().run().await?),
            Self::CompactFull => drop(table.compact().full().run().await?),
            Self::Truncate => drop(table.truncate().await?),
            Self::DropPartition => drop(table.drop_partitions(vec![odd()]).await?),
            Self::Alter => {
                let add = SchemaChange::AddColumn {
                    path: vec!["added".to_owned()],
                    data_type: TypeKind::Int.nullable(),
                    comment: None,
                    default_value: None,
                    place: None,
                };
                if table.schema().field("added").is_none() {
                    world.catalog.alter_table(&Identifier::new("db", "t")?, &[add]).await?;
                }
            }
            Self::Tag => {
                if table.tags().try_load("kept").await?.is_none() {
                    table.create_tag("kept", Some(TAGGED)).await?;
                }
            }
            Self::Expire => drop(table.expire().retain_max(1).retain_min(1).run().await?),
            Self::ReadLatest => return Ok(Some(contents(&table).await?.into_iter().collect())),
        }
        Ok(None)
    }

    /// Under a name, so that it can be repeated.
    async fn commit(self, table: &Table) -> tidelake_table::Result<()> {
        let committer = table.committer(&format!("{self:?}"))?;
        if let Some(CommitOutcome::AlreadyCommitted { .. }) = committer.check(1).await? {
            return Ok(());
        }
        let mut writer = table.writer();
        if self == Self::Overwrite {
            writer = writer.overwrite(Overwrite::Matching(vec![odd()]));
        }
        let mut writer = writer.build()?;
        let changes: Vec<Change> = self.rows().into_iter().map(|(key, token)| (0, key, token)).collect();
        write(&mut writer, &changes).await?;
        let _ = committer.commit(writer.prepare_commit(1).await?).await?;
        Ok(())
    }
}

fn odd() -> PartitionSpec {
    PartitionSpec::from([("p".to_owned(), ODD.to_string())])
}

/// Rows with their partition.
async fn write(writer: &mut tidelake_table::TableWriter, changes: &[Change]) -> tidelake_table::Result<()> {
    let (batch, kinds) = rows(changes);
    let mut columns: Vec<_> = ["k", "token"].into_iter().zip(batch.columns().iter().cloned()).collect();
    columns.push(("p", tidelake_testing::ints(changes.iter().map(|change| change.1 % 2))));
    writer.write_kinds(tidelake_testing::batch(columns), &kinds).await
}

/// `k INT, token STRING, p INT`, partitioned by `p`.
fn schema(key: bool) -> TableSchema {
    let not_null = |kind: TypeKind| if key { kind.not_null() } else { kind.nullable() };
    let fields = vec![
        DataField::new(0, "k", not_null(TypeKind::Int)),
        DataField::new(1, "token", TypeKind::STRING.nullable()),
        DataField::new(2, "p", not_null(TypeKind::Int)),
    ];
    let mut options = vec![
        ("snapshot.num-retained.min", "1"),
        // What expires, expires when it is told to.
        ("snapshot.num-retained.max", "100"),
        ("write-only", "true"),
        ("commit.timeout", "10 s"),
    ];
    let mut keys = Vec::new();
    if key {
        options.extend([("bucket", "1"), ("num-sorted-run.compaction-trigger", "2")]);
        keys.extend(["p".to_owned(), "k".to_owned()]);
    } else {
        options.push(("compaction.min.file-num", "2"));
    }
    TableSchema::create(fields, vec!["p".to_owned()], keys, options.into_iter().collect(), None, 0).unwrap()
}

/// A store with `db.t` of three small commits, all of it durable, and its rows.
pub(crate) fn table_of_three_commits(profile: Profile, key: bool) -> (SimIO, Rows) {
    let store = SimIO::new(profile);
    let sim = Sim::new(7);
    let mut expected = Rows::new();
    sim.run(async {
        let world = World::over(Arc::new(store.clone()), sim.runtime("before")).await.unwrap();
        world.database().await.unwrap();
        world.create("t", &schema(key)).await.unwrap();
        let table = world.table().await.unwrap();
        let mut writer = table.writer().build().unwrap();
        for commit in 0..3 {
            let keys = if key { [1, 2 + commit] } else { [1 + 2 * commit, 2 + 2 * commit] };
            let changes: Vec<Change> = keys.into_iter().map(|key| (0, key, format!("{key} of {commit}"))).collect();
            write(&mut writer, &changes).await.unwrap();
            let _ = writer.commit().await.unwrap();
            expected.extend(changes.into_iter().map(|(_, key, token)| (key, token)));
        }
    });
    let store = match profile {
        Profile::Local => store.power_loss(),
        Profile::S3 => store,
    };
    (store, expected)
}

/// Whether it is done, by what the table shows; `None` where it leaves no trace but in the rows.
pub(crate) async fn is_done(action: Action, table: &Table) -> Option<bool> {
    match action {
        Action::Append | Action::Upsert | Action::Overwrite => {
            let committer = table.committer(&format!("{action:?}")).unwrap();
            Some(committer.check(1).await.unwrap().is_some())
        }
        Action::Alter => Some(table.schema().field("added").is_some()),
        Action::Tag => Some(tagged(table).await.is_some()),
        Action::Expire => Some(table.snapshots().earliest_id().await.unwrap() > Some(TAGGED)),
        _ => None,
    }
}

/// The rows that the tag keeps, if there is one: it can be read, whatever has expired.
pub(crate) async fn tagged(table: &Table) -> Option<Rows> {
    if !table.tags().list().await.unwrap().iter().any(|tag| tag.name == "kept") {
        return None;
    }
    let batches: Vec<_> =
        table.scan().from(ReadFrom::Tag("kept".to_owned())).read().await.unwrap().try_collect().await.unwrap();
    Some(crate::world::rows_of(&batches).into_iter().collect())
}

/// Another program goes on with the table.
pub(crate) async fn later(table: &Table) {
    let mut writer = table.writer().build().unwrap();
    write(&mut writer, &[(0, 19, "later".to_owned())]).await.unwrap();
    let _ = writer.commit().await.unwrap();
}

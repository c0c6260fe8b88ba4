//! What went into Java's tables is given to Tidelake, which makes twins of them; their rows have to be those that Java read from
//! its own.

use std::{path::Path, sync::Arc};

use futures::{StreamExt, stream};
use integration_tests::{
    answers::text,
    figure,
    replay::{Compact, History, Op, Player, changes_between, created_schema, difference},
};
use tidelake::{Catalog, Lake, Options, TableSchema};

use crate::cases;

/// Replays the histories of an archive that do more than add rows; at least so many.
pub(crate) async fn rows_agree(archive: &Path, least: usize) {
    let lake = Lake::builder().build().expect("a lake");
    let warehouse = archive.join("wh").to_str().expect("UTF-8").to_owned();
    let java = lake.open_catalog(&Options::from([("warehouse", warehouse.as_str())])).await.expect("the warehouse");
    let folder = tempfile::tempdir().expect("a folder");
    let ours = folder.path().to_str().expect("UTF-8");
    let player = Player::open(lake.clone(), ours).await.expect("a warehouse");
    let histories = cases::replayed(archive);
    let (count, steps) = (histories.len(), histories.iter().map(|history| history.steps.len()).sum::<usize>());
    let faults: Vec<String> = stream::iter(histories)
        .map(|history| {
            let (lake, java, player) = (&lake, &java, &player);
            async move {
                let done = replay(lake, java, player, &history).await;
                done.err().map(|said| format!("{}: {said}", history.table))
            }
        })
        .buffer_unordered(4)
        .filter_map(std::future::ready)
        .collect()
        .await;
    figure(format!("{count} histories replayed, {steps} comparisons, {} differ", faults.len()));
    assert!(faults.is_empty(), "{} of {count} histories differ\n{}", faults.len(), faults.join("\n"));
    assert!(player.skipped().is_empty(), "not everything was replayed: {:?}", player.skipped());
    assert!(count >= least, "{count} histories, at least {least} expected");
}

/// The first history of an archive that comes out otherwise with a planted bug, and how.
pub(crate) async fn caught(archive: &Path, canary: &str) -> Option<String> {
    let lake = Lake::builder().build().expect("a lake");
    lake.runtime().set_canary(canary, true);
    let warehouse = archive.join("wh").to_str().expect("UTF-8").to_owned();
    let java = lake.open_catalog(&Options::from([("warehouse", warehouse.as_str())])).await.expect("the warehouse");
    let folder = tempfile::tempdir().expect("a folder");
    let player = Player::open(lake.clone(), folder.path().to_str().expect("UTF-8")).await.expect("a warehouse");
    for history in cases::replayed(archive) {
        if let Err(said) = replay(&lake, &java, &player, &history).await {
            return Some(format!("{}: {said}", history.table));
        }
    }
    None
}

async fn replay(lake: &Lake, java: &Arc<dyn Catalog>, player: &Player, history: &History) -> Result<(), String> {
    let name = history.table.replace('.', "_");
    let theirs = lake.table(java, &history.table).await.map_err(text)?;
    let schema_of = async |id| theirs.schemas().load(id).await.map_err(text);
    let schema = match &history.create {
        Some(json) => created_schema(json, 0)?,
        None => TableSchema::clone(&*schema_of(0).await?),
    };
    player.create(&name, &schema).await?;
    for step in &history.steps {
        for op in &step.ops {
            match op {
                Op::Alter { schema_id, changes } if changes.is_empty() => {
                    let wanted = schema_of(*schema_id).await?;
                    let table = player.table(&name).await?;
                    player.alter(&name, &changes_between(table.schema(), &wanted)).await?;
                    same_columns(player.table(&name).await?.schema(), &wanted)?;
                }
                op => player.perform(&name, op).await?,
            }
        }
        let Some(rows) = &step.rows else { continue };
        if let Some(difference) = difference(&player.rows(&name).await?, rows) {
            return Err(format!("after step {}: {difference}", step.number));
        }
    }
    Ok(())
}

/// Names, types, ids and order: an evolved table of ours could be Java's.
fn same_columns(ours: &TableSchema, java: &TableSchema) -> Result<(), String> {
    if ours.fields == java.fields && ours.highest_field_id == java.highest_field_id {
        return Ok(());
    }
    Err(format!("schema {}:\n    ours {:?}\n    Java {:?}", java.id, ours.fields, java.fields))
}

/// Whether a history does more than add rows, and nothing but what Tidelake does.
pub(crate) fn is_replayed(history: &History) -> bool {
    let ops = || history.steps.iter().flat_map(|step| &step.ops);
    let beyond = |op: &Op| match op {
        Op::Commit(commit) => commit.compact != Compact::None || commit.overwrite.is_some(),
        Op::Alter { .. } => true,
        Op::Tag(_) | Op::Other(_) => false,
    };
    ops().any(beyond) && !ops().any(|op| matches!(op, Op::Other(_)))
}

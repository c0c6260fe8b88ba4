//! Data files that a commit names.

use std::sync::Arc;

use tidelake_error::{Classify, ErrorKind};
use tidelake_testing::{Sim, SimIO};

use crate::world::{World, append, layout};

#[test]
fn a_data_file_that_is_gone_or_cut_is_not_committed() {
    let (sim, disk) = (Sim::new(3), SimIO::local());
    sim.run(async {
        let world = World::create(Arc::new(disk.clone()), &[]).await;
        let committer = world.committer("u", &sim.runtime("u"));
        let mut prepared = append(1, "a");
        let file = prepared.messages[0].increment.append.added[0].clone();
        let path = layout().root().join(&format!("dt=1/bucket-0/{}", file.file_name)).unwrap();
        prepared.unsynced = vec![path.clone()];

        let before = disk.paths();
        for content in [None, Some(file.file_size - 1), Some(0)] {
            if let Some(size) = content {
                disk.put(&path, vec![7; size as usize]);
            }
            let error = committer.commit(prepared.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
            assert!(error.to_string().contains(&file.file_name), "{error}");
            assert_eq!(world.snapshots().latest_id().await.unwrap(), None);
            disk.remove(&path);
            assert_eq!(disk.paths(), before, "no manifest is left behind");
        }
        disk.put(&path, vec![7; file.file_size as usize]);
        let _ = committer.commit(prepared).await.unwrap();
        assert_eq!(world.files().await, ["a"]);
    });
}

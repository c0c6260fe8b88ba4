//! Real threads on a real disk.

use std::sync::Arc;

use tidelake_io::{FileIO, FilePath, LocalFileIO};
use tidelake_runtime::Runtime;

use crate::world::{World, append};

#[test]
fn eight_threads_on_a_local_disk_commit_each_token_exactly_once() {
    const WRITERS: usize = 8;
    const COMMITS: i64 = 10;
    let folder = tempfile::tempdir().unwrap();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    tokio.block_on(async {
        let runtime = Runtime::tokio(1, 1 << 30);
        let io: Arc<dyn FileIO> = Arc::new(LocalFileIO::new(runtime.clone()));
        let root = FilePath::parse(folder.path().to_str().unwrap()).unwrap().join("shop.db/orders").unwrap();
        let world = World { root, ..World::new(io, &[]) };
        world.make().await;
        let mut writers = Vec::new();
        for writer in 0..WRITERS {
            let (world, runtime) = (world.clone(), runtime.clone());
            writers.push(tokio.handle().spawn(async move {
                let committer = world.committer(&format!("w{writer}"), &runtime);
                let mut tokens = Vec::new();
                for identifier in 0..COMMITS {
                    let token = format!("w{writer}-{identifier}");
                    let _ = committer.commit(append(identifier, &token)).await.unwrap();
                    tokens.push(token);
                }
                tokens
            }));
        }
        let mut acked = Vec::new();
        for writer in writers {
            acked.extend(writer.await.unwrap());
        }
        acked.sort();
        assert_eq!(world.files().await, acked);
    });
}

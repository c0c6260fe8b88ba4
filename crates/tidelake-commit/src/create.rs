//! Making a table exist.

use std::sync::Arc;

use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, Publish};
use tidelake_meta::{SchemaStore, TableLayout, TableSchema};

use crate::{
    Result,
    error::{CreationUnknownSnafu, Error, TableExistsSnafu},
};

/// How often an unclear answer is asked again.
const TRIES_MAX: u32 = 5;

/// Makes a table by publishing its first schema file: of two callers one fails with [`Error::TableExists`].
///
/// An unclear answer is resolved by publishing the same bytes again and reading what is there. Two callers that send the very
/// same bytes at once may both be told that they made it; it is the same table.
pub async fn create_table(io: &Arc<dyn FileIO>, layout: &TableLayout, schema: &TableSchema) -> Result<()> {
    let store = SchemaStore::new(Arc::clone(io), layout.clone());
    let exists = || TableExistsSnafu { table: layout.root().to_string() }.fail();
    if store.latest().await?.is_some() {
        return exists();
    }
    let mut last = None;
    for attempt in 0..TRIES_MAX {
        match store.publish(schema).await.map_err(Error::from) {
            Ok(Publish::Created) => return Ok(()),
            // On the first try it is another's; later it may be our own earlier request.
            Ok(Publish::AlreadyExists) if attempt == 0 => return exists(),
            Ok(Publish::AlreadyExists) => match ours(io, layout, schema).await {
                Ok(Some(true)) => return Ok(()),
                Ok(Some(false)) => return exists(),
                Ok(None) => {}
                Err(error) => last = Some(error),
            },
            Ok(Publish::Unknown) => {}
            Err(error) if error.may_have_taken_effect() || attempt > 0 => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    CreationUnknownSnafu { table: layout.root().to_string(), last: last.map(|error| error.to_string()) }.fail()
}

/// Whether the file in place has our bytes, and is durable then; `None` if there is none after all.
async fn ours(io: &Arc<dyn FileIO>, layout: &TableLayout, schema: &TableSchema) -> Result<Option<bool>> {
    let path = layout.schema(schema.id)?;
    match io.read_all(&path, 64 << 20).await {
        Ok(bytes) if bytes == schema.to_json() => {
            io.sync(&[path]).await?;
            Ok(Some(true))
        }
        Ok(_) => Ok(Some(false)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

//! Making a table exist, and giving it newer schemas.

use std::sync::Arc;

use tidelake_error::{Classify, ErrorKind};
use tidelake_io::{FileIO, Publish};
use tidelake_meta::{SchemaStore, TableLayout, TableSchema};

use crate::{
    Result,
    error::{Error, SchemaUnknownSnafu, TableExistsSnafu},
};

/// How often an unclear answer is asked again.
const TRIES_MAX: u32 = 5;

/// Makes a table by publishing its first schema file: of two callers one fails with [`Error::TableExists`].
///
/// Two callers that send the very same bytes at once may both be told that they made it; it is the same table.
pub async fn create_table(io: &Arc<dyn FileIO>, layout: &TableLayout, schema: &TableSchema) -> Result<()> {
    let is_free = SchemaStore::new(Arc::clone(io), layout.clone()).latest().await?.is_none();
    if is_free && publish_schema(io, layout, schema).await? {
        return Ok(());
    }
    TableExistsSnafu { table: layout.root().to_string() }.fail()
}

/// Publishes a schema file; `false` if another one has its number.
///
/// An unclear answer is resolved by publishing the same bytes again and reading what is there.
pub async fn publish_schema(io: &Arc<dyn FileIO>, layout: &TableLayout, schema: &TableSchema) -> Result<bool> {
    let store = SchemaStore::new(Arc::clone(io), layout.clone());
    let mut last = None;
    for attempt in 0..TRIES_MAX {
        match store.publish(schema).await.map_err(Error::from) {
            Ok(Publish::Created) => return Ok(true),
            // On the first try it is another's; later it may be our own earlier request.
            Ok(Publish::AlreadyExists) if attempt == 0 => return Ok(false),
            Ok(Publish::AlreadyExists) => match ours(io, layout, schema).await {
                Ok(Some(ours)) => return Ok(ours),
                Ok(None) => {}
                Err(error) => last = Some(error),
            },
            Ok(Publish::Unknown) => {}
            Err(error) if error.may_have_taken_effect() || attempt > 0 => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    let (table, last) = (layout.root().to_string(), last.map(|error| error.to_string()));
    SchemaUnknownSnafu { table, id: schema.id, last }.fail()
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

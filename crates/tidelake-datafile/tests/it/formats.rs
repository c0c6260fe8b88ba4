//! Which formats new files may have, told before a row is taken.

use std::sync::Arc;

use tidelake_error::{Classify, ErrorKind};
use tidelake_format::{
    Error, FileFormat, FileRead, FormatContext, FormatEncoder, OpenFile, Result, Schema, WriteRequest, async_trait,
};
use tidelake_types::{Options, TypeKind};

use crate::table::{Table, field};

/// A format of which files are read and none is written.
#[derive(Debug)]
struct Museum;

fn closed() -> Error {
    Error::unsupported("museum", "be written")
}

#[async_trait]
impl FileFormat for Museum {
    fn name(&self) -> &str {
        "museum"
    }

    fn check_schema(&self, _: &Schema) -> Result<()> {
        Err(closed())
    }

    async fn open(&self, _: Arc<dyn FileRead>, _: &FormatContext) -> Result<Arc<dyn OpenFile>> {
        Err(closed())
    }

    fn encoder(&self, _: &WriteRequest) -> Result<Box<dyn FormatEncoder>> {
        Err(closed())
    }
}

#[tokio::test]
async fn a_format_that_cannot_be_written_is_told_by_the_options_name() {
    for option in ["file.format", "changelog-file.format"] {
        for (format, written) in [("abacus", false), ("museum", false), ("Parquet", true)] {
            let fields = vec![field(0, "k", TypeKind::BigInt.not_null())];
            let mut table = Table::keyed(fields, &["k"], Options::from([(option, format)])).await;
            table.files.formats.register(Arc::new(Museum));
            let checked = table.files.check_formats();
            let Err(error) = checked else {
                assert!(written, "{option} = {format}");
                continue;
            };
            assert!(!written, "{error}");
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert!(error.to_string().contains(option) && error.to_string().contains(format), "{error}");
        }
    }
}

//! The Avro schemas of what we write: word for word those of the Java writer, release 1.4.
//!
//! A member that came later is added at the end only if a value needs it, so that older readers keep reading.

macro_rules! stats {
    ($name:literal) => {
        concat!(
            r#"{"type":"record","name":""#,
            $name,
            r#"","fields":[{"name":"_MIN_VALUES","type":"bytes"},{"name":"_MAX_VALUES","type":"bytes"},"#,
            r#"{"name":"_NULL_COUNTS","type":["null",{"type":"array","items":["null","long"]}],"default":null}]}"#
        )
    };
}

macro_rules! list {
    ($more:literal) => {
        concat!(
            r#"{"type":"record","name":"record","namespace":"org.apache.paimon.avro.generated","fields":["#,
            r#"{"name":"_VERSION","type":"int"},{"name":"_FILE_NAME","type":"string"},{"name":"_FILE_SIZE","type":"long"},"#,
            r#"{"name":"_NUM_ADDED_FILES","type":"long"},{"name":"_NUM_DELETED_FILES","type":"long"},"#,
            r#"{"name":"_PARTITION_STATS","type":"#,
            stats!("record__PARTITION_STATS"),
            r#"},{"name":"_SCHEMA_ID","type":"long"},"#,
            r#"{"name":"_MIN_BUCKET","type":["null","int"],"default":null},{"name":"_MAX_BUCKET","type":["null","int"],"default":null},"#,
            r#"{"name":"_MIN_LEVEL","type":["null","int"],"default":null},{"name":"_MAX_LEVEL","type":["null","int"],"default":null},"#,
            r#"{"name":"_MIN_ROW_ID","type":["null","long"],"default":null},{"name":"_MAX_ROW_ID","type":["null","long"],"default":null}"#,
            $more,
            "]}"
        )
    };
}

macro_rules! manifest {
    ($more:literal) => {
        concat!(
            r#"{"type":"record","name":"record","namespace":"org.apache.paimon.avro.generated","fields":["#,
            r#"{"name":"_VERSION","type":"int"},{"name":"_KIND","type":"int"},{"name":"_PARTITION","type":"bytes"},"#,
            r#"{"name":"_BUCKET","type":"int"},{"name":"_TOTAL_BUCKETS","type":"int"},"#,
            r#"{"name":"_FILE","type":{"type":"record","name":"record__FILE","fields":["#,
            r#"{"name":"_FILE_NAME","type":"string"},{"name":"_FILE_SIZE","type":"long"},{"name":"_ROW_COUNT","type":"long"},"#,
            r#"{"name":"_MIN_KEY","type":"bytes"},{"name":"_MAX_KEY","type":"bytes"},"#,
            r#"{"name":"_KEY_STATS","type":"#,
            stats!("record__FILE__KEY_STATS"),
            r#"},{"name":"_VALUE_STATS","type":"#,
            stats!("record__FILE__VALUE_STATS"),
            r#"},{"name":"_MIN_SEQUENCE_NUMBER","type":"long"},{"name":"_MAX_SEQUENCE_NUMBER","type":"long"},"#,
            r#"{"name":"_SCHEMA_ID","type":"long"},{"name":"_LEVEL","type":"int"},"#,
            r#"{"name":"_EXTRA_FILES","type":{"type":"array","items":"string"}},"#,
            r#"{"name":"_CREATION_TIME","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null},"#,
            r#"{"name":"_DELETE_ROW_COUNT","type":["null","long"],"default":null},"#,
            r#"{"name":"_EMBEDDED_FILE_INDEX","type":["null","bytes"],"default":null},"#,
            r#"{"name":"_FILE_SOURCE","type":["null","int"],"default":null},"#,
            r#"{"name":"_VALUE_STATS_COLS","type":["null",{"type":"array","items":"string"}],"default":null},"#,
            r#"{"name":"_EXTERNAL_PATH","type":["null","string"],"default":null},"#,
            r#"{"name":"_FIRST_ROW_ID","type":["null","long"],"default":null},"#,
            r#"{"name":"_WRITE_COLS","type":["null",{"type":"array","items":"string"}],"default":null}"#,
            $more,
            "]}}]}"
        )
    };
}

/// Of a manifest list.
pub(super) const LIST: &str = list!("");
/// Of a manifest list with what came after 2.1.
pub(super) const LIST_LATE: &str = list!(
    r#",{"name":"_TOTAL_BUCKETS","type":["null","int"],"default":null},{"name":"_EXTRA_FILES","type":["null",{"type":"array","items":"string"}],"default":null}"#
);
/// Of a manifest.
pub(super) const MANIFEST: &str = manifest!("");
/// Of a manifest with what came with 2.1.
pub(super) const MANIFEST_LATE: &str =
    manifest!(r#",{"name":"_WRITE_COLS_SEQUENCES","type":["null",{"type":"array","items":"long"}],"default":null}"#);

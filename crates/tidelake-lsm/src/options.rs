//! The table options that key tables read.

use tidelake_types::OptionKey;

/// Do not let retracts take rows away.
pub const IGNORE_DELETE: OptionKey<bool> = OptionKey::new("ignore-delete", || false)
    .or(&["first-row.ignore-delete", "deduplicate.ignore-delete", "partial-update.ignore-delete"])
    .describe("Ignore -D and -U rows, also those in files that older writers left.");

/// How those columns are ordered.
pub const SEQUENCE_FIELD_SORT_ORDER: OptionKey<String> =
    OptionKey::new("sequence.field.sort-order", || "ascending".to_owned())
        .describe("`ascending` or `descending`: the order of `sequence.field`. Null is the smallest in both.");

/// Sequence numbers are snapshot ids.
pub const SEQUENCE_SNAPSHOT_ORDERING: OptionKey<bool> = OptionKey::new("sequence.snapshot-ordering", || false)
    .describe("Order rows of a key by the snapshot that brought them.");

//! Files made by hand.

use tidelake_format::Bytes;

pub(crate) const SYNC: [u8; 16] = *b"sixteen bytes...";

/// A file of uncompressed blocks, each of some rows.
pub(crate) fn container(schema: &str, codec: &str, blocks: &[(i64, Vec<u8>)]) -> Bytes {
    let header = [long(2), bytes("avro.schema"), bytes(schema), bytes("avro.codec"), bytes(codec), long(0)];
    let mut file = [b"Obj\x01".to_vec(), header.concat(), SYNC.to_vec()].concat();
    for (rows, block) in blocks {
        file.extend([long(*rows), bytes(block), SYNC.to_vec()].concat());
    }
    file.into()
}

/// The same with one block and no codec.
pub(crate) fn file(schema: &str, rows: &[Vec<u8>]) -> Bytes {
    container(schema, "null", &[(rows.len() as i64, rows.concat())])
}

/// A record of these fields, as a schema.
pub(crate) fn record(fields: &[(&str, &str)]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, data_type)| format!(r#"{{"name":"{name}","type":{data_type}}}"#)).collect();
    format!(r#"{{"type":"record","name":"record","fields":[{}]}}"#, fields.join(","))
}

pub(crate) fn long(value: i64) -> Vec<u8> {
    let mut rest = ((value << 1) ^ (value >> 63)) as u64;
    let mut out = Vec::new();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}

pub(crate) fn bytes(value: impl AsRef<[u8]>) -> Vec<u8> {
    [long(value.as_ref().len() as i64), value.as_ref().to_vec()].concat()
}

//! The rows of the workloads: every value is a function of the row's number, its column and a seed, so that a program in
//! any language makes the same rows. Only the keys of a zipf distribution come from floating point; they are also written
//! as plain integers (`keys-N.bin`, little endian), for those who do not read Arrow files.
//!
//! ```text
//! h(row, column) = splitmix64(seed + 16 * row + column)
//! ```

use std::{fmt::Write as _, fs, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, builder::StringBuilder,
};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use serde_json::json;

use crate::{Args, Failure};

const SEED: u64 = 0x7469_6465;
const BATCH_ROWS: u64 = 1 << 16;
const MID_VALUES: u64 = 100_000;

/// `rows DIR= COMMITS= ROWS= KEYS= DISTRIBUTION=uniform|zipf|serial`: ROWS in COMMITS files.
pub(crate) fn make(args: &Args) -> Result<String, Failure> {
    let dir = Path::new(args.text("dir")?);
    let (commits, rows) = (args.number::<u64>("commits")?, args.number::<u64>("rows")?);
    let keys = Keys::new(args.text("distribution")?, args.number("keys")?);
    fs::create_dir_all(dir)?;
    for commit in 0..commits {
        let (from, to) = (rows * commit / commits, rows * (commit + 1) / commits);
        let file = std::io::BufWriter::new(fs::File::create(dir.join(format!("rows-{commit:04}.arrow")))?);
        let mut file = arrow_ipc::writer::FileWriter::try_new(file, &schema())?;
        let mut raw = Vec::with_capacity(8 * (to - from) as usize);
        for start in (from..to).step_by(BATCH_ROWS as usize) {
            let batch = batch(start, to.min(start + BATCH_ROWS), &keys)?;
            let written = batch.column(0).to_data();
            raw.extend_from_slice(written.buffers()[0].as_slice());
            file.write(&batch)?;
        }
        file.finish()?;
        fs::write(dir.join(format!("keys-{commit:04}.bin")), raw)?;
    }
    Ok(json!({"rows": rows, "commits": commits}).to_string())
}

pub(crate) fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("k", DataType::Int64, false),
        Field::new("seq", DataType::Int64, true),
        Field::new("cat", DataType::Int32, true),
        Field::new("price", DataType::Decimal128(12, 2), true),
        Field::new("x", DataType::Float64, true),
        Field::new("ts", DataType::Timestamp(TimeUnit::Microsecond, None), true),
        Field::new("d", DataType::Date32, true),
        Field::new("s_low", DataType::Utf8, true),
        Field::new("s_mid", DataType::Utf8, true),
        Field::new("s_high", DataType::Utf8, true),
    ]))
}

/// The files of a folder that [`make`] filled, in order.
pub(crate) fn files(dir: &str) -> Result<Vec<std::path::PathBuf>, Failure> {
    let mut files: Vec<_> = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<_, Failure>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "arrow"));
    files.sort();
    Ok(files)
}

/// The batches of one of them, in memory.
pub(crate) fn read(path: &Path) -> Result<Vec<RecordBatch>, Failure> {
    let reader = arrow_ipc::reader::FileReader::try_new(std::io::BufReader::new(fs::File::open(path)?), None)?;
    Ok(reader.collect::<Result<_, _>>()?)
}

pub(crate) fn h(row: u64, column: u64) -> u64 {
    let mut z = SEED.wrapping_add(row.wrapping_mul(16)).wrapping_add(column).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) enum Keys {
    /// 0, 1, 2, …: every key once.
    Serial,
    Uniform(u64),
    Zipf(Zipf),
}

impl Keys {
    fn new(distribution: &str, keys: u64) -> Self {
        match distribution {
            "serial" => Self::Serial,
            "zipf" => Self::Zipf(Zipf::new(keys, 0.99)),
            _ => Self::Uniform(keys),
        }
    }

    fn of(&self, row: u64) -> i64 {
        match self {
            Self::Serial => row as i64,
            Self::Uniform(keys) => (h(row, 0) % keys) as i64,
            // Ranks are scattered over the keys, so that hot keys are no neighbours.
            Self::Zipf(zipf) => {
                let rank = zipf.rank((h(row, 0) >> 11) as f64 / (1u64 << 53) as f64);
                (rank.wrapping_mul(0x9e37_79b9_7f4a_7c15) % zipf.keys) as i64
            }
        }
    }
}

/// Ranks with probabilities proportional to `1 / rank^theta`, by the method of Gray and others (1994).
pub(crate) struct Zipf {
    keys: u64,
    theta: f64,
    zeta: f64,
    eta: f64,
}

impl Zipf {
    fn new(keys: u64, theta: f64) -> Self {
        let zeta = |count: u64| (1..=count).map(|rank| (rank as f64).powf(-theta)).sum::<f64>();
        let all = zeta(keys);
        let eta = (1.0 - (2.0 / keys as f64).powf(1.0 - theta)) / (1.0 - zeta(2) / all);
        Self { keys, theta, zeta: all, eta }
    }

    fn rank(&self, uniform: f64) -> u64 {
        let scaled = uniform * self.zeta;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5f64.powf(self.theta) {
            return 1;
        }
        let rank = self.keys as f64 * (self.eta * uniform - self.eta + 1.0).powf(1.0 / (1.0 - self.theta));
        (rank as u64).min(self.keys - 1)
    }
}

/// Rows `from..to`.
pub(crate) fn batch(from: u64, to: u64, keys: &Keys) -> Result<RecordBatch, Failure> {
    let present = |row: u64, column: u64| !h(row, column + 10).is_multiple_of(20);
    let k = Int64Array::from_iter_values((from..to).map(|row| keys.of(row)));
    let seq = Int64Array::from_iter_values((from..to).map(|row| row as i64));
    let cat = Int32Array::from_iter_values((from..to).map(|row| (h(row, 1) % 1_000) as i32));
    let price = Decimal128Array::from_iter_values((from..to).map(|row| i128::from(h(row, 2) % 10_000_000)));
    let price = price.with_precision_and_scale(12, 2)?;
    let x = (from..to).map(|row| present(row, 0).then(|| (h(row, 3) >> 11) as f64 / (1u64 << 53) as f64));
    let ts = (from..to).map(|row| 1_700_000_000_000_000 + (h(row, 4) % 31_536_000_000_000) as i64);
    let d = Date32Array::from_iter_values((from..to).map(|row| 19_000 + (h(row, 5) % 1_000) as i32));
    let low = StringArray::from_iter_values((from..to).map(|row| format!("low-{:02}", h(row, 6) % 50)));
    let mid = (from..to).map(|row| present(row, 1).then(|| format!("mid-value-{:06}", h(row, 7) % MID_VALUES)));
    let mut high = StringBuilder::with_capacity((to - from) as usize, 32 * (to - from) as usize);
    let mut text = String::with_capacity(32);
    for row in from..to {
        text.clear();
        write!(text, "{:016x}{:016x}", h(row, 8), h(row, 9))?;
        high.append_value(&text);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(k),
        Arc::new(seq),
        Arc::new(cat),
        Arc::new(price),
        Arc::new(x.collect::<Float64Array>()),
        Arc::new(TimestampMicrosecondArray::from_iter_values(ts)),
        Arc::new(d),
        Arc::new(low),
        Arc::new(mid.collect::<StringArray>()),
        Arc::new(high.finish()),
    ];
    Ok(RecordBatch::try_new(schema(), columns)?)
}

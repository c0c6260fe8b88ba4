//! The floor: the same rows in plain Parquet files, by hand. It knows of no snapshots, no statistics beyond Parquet's own and no
//! failures; whatever does all that cannot be faster by much.
//!
//! ```text
//! floor-ingest (key=1)  rows ─► by key into buckets ─► sorted by key, newest kept ─► one file for each bucket and commit
//! floor-scan   (key=1)  keys of all files of a bucket ─► newest of each key ─► those rows of all columns
//! ```

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use arrow_array::{
    BooleanArray, Int64Array, RecordBatch, RecordBatchOptions,
    cast::AsArray,
    types::{Int32Type, Int64Type},
};
use arrow_schema::{Schema, SchemaRef};
use arrow_select::{concat::concat_batches, filter::filter_record_batch, interleave::interleave_record_batch};
use parquet::{
    arrow::{
        ArrowWriter, ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder},
    },
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use serde_json::json;

use crate::{Args, Failure, checksum::Checksum, measure::Stopwatch, rows};

const BUCKETS: u64 = 4;
const BATCH_ROWS: usize = 8_192;

pub(crate) fn run(args: &Args) -> Result<String, Failure> {
    match args.op() {
        "floor-ingest" => ingest(args),
        "floor-scan" => scan(args),
        op => Err(format!("there is no {op}").into()),
    }
}

/// `rows=DIR table=DIR`, `key=1`: for upserts.
fn ingest(args: &Args) -> Result<String, Failure> {
    let (table, keyed) = (Path::new(args.text("table")?), args.get("key").is_some());
    let mut watch = Stopwatch::stopped();
    let mut total = 0;
    for (commit, file) in rows::files(args.text("rows")?)?.iter().enumerate() {
        let batches = rows::read(file)?;
        let count: usize = batches.iter().map(RecordBatch::num_rows).sum();
        total += count;
        watch.start();
        if keyed {
            let buckets = parallel(BUCKETS as usize, |bucket| {
                let sorted = sorted_bucket(&batches, bucket as u64)?;
                write(&table.join(format!("bucket-{bucket}")).join(format!("{commit:04}.parquet")), &sorted)
            });
            buckets.into_iter().collect::<Result<(), Failure>>()?;
        } else {
            // A file for each thread, as any engine would have.
            let halves = parallel(2, |half| {
                let mine: Vec<_> = batches.iter().skip(half).step_by(2).cloned().collect();
                write(&table.join(format!("{commit:04}-{half}.parquet")), &mine)
            });
            halves.into_iter().collect::<Result<(), Failure>>()?;
        }
        watch.stop();
    }
    Ok(watch.line([("rows".to_owned(), json!(total))].into_iter().collect()))
}

fn bucket_of(key: i64) -> u64 {
    (key as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 62
}

/// The newest row of each key of one bucket, by key.
fn sorted_bucket(batches: &[RecordBatch], bucket: u64) -> Result<Vec<RecordBatch>, Failure> {
    let mut order: Vec<(i64, u64)> = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        let keys = batch.column(0).as_primitive::<Int64Type>().values();
        let mine = keys.iter().enumerate().filter(|(_, key)| bucket_of(**key) == bucket);
        order.extend(mine.map(|(row, key)| (*key, ((index as u64) << 32) | row as u64)));
    }
    order.sort_unstable();
    let newest = newest(&order);
    interleaved(batches, &newest)
}

/// Of pairs of key and place, sorted: the last place of each key.
fn newest(order: &[(i64, u64)]) -> Vec<(usize, usize)> {
    let mut places = Vec::with_capacity(order.len());
    for (at, (key, place)) in order.iter().enumerate() {
        if order.get(at + 1).is_none_or(|next| next.0 != *key) {
            places.push(((place >> 32) as usize, *place as u32 as usize));
        }
    }
    places
}

fn interleaved(batches: &[RecordBatch], places: &[(usize, usize)]) -> Result<Vec<RecordBatch>, Failure> {
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    places.chunks(BATCH_ROWS).map(|places| Ok(interleave_record_batch(&batches, places)?)).collect()
}

fn write(path: &Path, batches: &[RecordBatch]) -> Result<(), Failure> {
    fs::create_dir_all(path.parent().ok_or("a file has a folder")?)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_dictionary_enabled(false)
        .set_column_dictionary_enabled("cat".into(), true)
        .set_column_dictionary_enabled("d".into(), true)
        .set_column_dictionary_enabled("s_low".into(), true)
        .build();
    let mut writer = ArrowWriter::try_new(File::create(path)?, rows::schema(), Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close()?;
    Ok(())
}

/// `table=DIR`, `key=1`, and what a scan takes.
fn scan(args: &Args) -> Result<String, Failure> {
    let (table, keyed) = (Path::new(args.text("table")?), args.get("key").is_some());
    let mut checksum = Checksum::new(args.get("deep").is_some());
    let watch = Stopwatch::started();
    let wanted = Wanted::of(args)?;
    let units: Vec<Vec<PathBuf>> = if keyed {
        (0..BUCKETS).map(|bucket| parquet_files(&table.join(format!("bucket-{bucket}")))).collect::<Result<_, _>>()?
    } else {
        parquet_files(table)?.into_iter().map(|file| vec![file]).collect()
    };
    let sums = parallel(units.len(), |unit| {
        let mut checksum = Checksum::new(args.get("deep").is_some());
        let mut take = |batch: &RecordBatch| checksum.add(&wanted.finished(batch)?);
        if keyed {
            merged(&units[unit], &wanted, &mut take)?;
        } else if wanted.columns.is_empty() {
            let rows = open(&units[unit][0])?.0.metadata().file_metadata().num_rows() as usize;
            take(&empty(rows)?)?;
        } else {
            for batch in reader(&units[unit][0], &wanted.read)? {
                take(&batch?)?;
            }
        }
        Ok::<_, Failure>(checksum)
    });
    for sum in sums {
        checksum.merge(sum?);
    }
    Ok(watch.line(checksum.line()))
}

struct Wanted {
    columns: Vec<usize>,
    /// Those, the key where it is needed, and what the filter looks at.
    read: Vec<usize>,
    keys: Option<(i64, i64)>,
    cat: Option<i32>,
}

impl Wanted {
    fn of(args: &Args) -> Result<Self, Failure> {
        let schema = rows::schema();
        let columns: Vec<usize> = match args.list("columns") {
            Some(names) => names.into_iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>()?,
            None => (0..schema.fields().len()).collect(),
        };
        let keys = match args.get("keys") {
            Some(range) => {
                let (from, to) = range.split_once("..").ok_or("keys=FROM..TO")?;
                Some((from.parse()?, to.parse()?))
            }
            None => None,
        };
        let cat = args.get("cat").map(str::parse).transpose()?;
        let mut read = columns.clone();
        if keys.is_some() || args.get("key").is_some() {
            read.push(0);
        }
        if cat.is_some() {
            read.push(schema.index_of("cat")?);
        }
        read.sort_unstable();
        read.dedup();
        Ok(Self { columns, read, keys, cat })
    }

    /// Rows of the columns read, filtered and cut to those wanted.
    fn finished(&self, batch: &RecordBatch) -> Result<RecordBatch, Failure> {
        if self.columns.is_empty() {
            return empty(batch.num_rows());
        }
        let column = |index: usize| batch.column(self.read.iter().position(|read| *read == index).unwrap_or(0));
        let mut batch_kept = batch.clone();
        if let Some((from, to)) = self.keys {
            let keys: &Int64Array = column(0).as_primitive();
            let keep: BooleanArray = keys.values().iter().map(|key| Some(from <= *key && *key < to)).collect();
            batch_kept = filter_record_batch(batch, &keep)?;
        } else if let Some(cat) = self.cat {
            let cats = column(2).as_primitive::<Int32Type>();
            let keep: BooleanArray = cats.values().iter().map(|value| Some(*value == cat)).collect();
            batch_kept = filter_record_batch(batch, &keep)?;
        }
        let places = self.columns.iter().map(|index| self.read.iter().position(|read| read == index));
        let places: Vec<usize> = places.flatten().collect();
        Ok(batch_kept.project(&places)?)
    }
}

/// The newest row of each key of the files of a bucket, oldest file first.
fn merged(
    files: &[PathBuf],
    wanted: &Wanted,
    take: &mut dyn FnMut(&RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut order: Vec<(i64, u64)> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let mut row = 0;
        for batch in reader(file, &[0])? {
            let batch = batch?;
            let keys = batch.column(0).as_primitive::<Int64Type>().values();
            order.extend(keys.iter().map(|key| {
                row += 1;
                (*key, ((index as u64) << 32) | (row - 1))
            }));
        }
    }
    order.sort_unstable();
    let newest = newest(&order);
    if wanted.read == [0] {
        let keys: Int64Array = (order.iter().enumerate())
            .filter(|(at, (key, _))| order.get(at + 1).is_none_or(|next| next.0 != *key))
            .map(|(_, (key, _))| *key)
            .collect();
        let schema: SchemaRef = Arc::new(rows::schema().project(&[0])?);
        return take(&RecordBatch::try_new(schema, vec![Arc::new(keys)])?);
    }
    let schema: SchemaRef = Arc::new(rows::schema().project(&wanted.read)?);
    let values = files.iter().map(|file| {
        let batches = reader(file, &wanted.read)?.collect::<Result<Vec<_>, _>>()?;
        Ok(concat_batches(&schema, &batches)?)
    });
    let values = values.collect::<Result<Vec<_>, Failure>>()?;
    for batch in interleaved(&values, &newest)? {
        take(&batch)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<(ArrowReaderMetadata, File), Failure> {
    let file = File::open(path)?;
    Ok((ArrowReaderMetadata::load(&file, Default::default())?, file))
}

fn reader(
    path: &Path,
    columns: &[usize],
) -> Result<impl Iterator<Item = Result<RecordBatch, arrow_schema::ArrowError>> + use<>, Failure> {
    let (metadata, file) = open(path)?;
    let mask = ProjectionMask::leaves(metadata.metadata().file_metadata().schema_descr(), columns.iter().copied());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    Ok(builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()?)
}

fn empty(rows: usize) -> Result<RecordBatch, Failure> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options)?)
}

fn parquet_files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<_, Failure>>()?;
    files.sort();
    Ok(files)
}

/// The answers of `work` for 0, 1, … in order, made by as many threads as there are cores.
fn parallel<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let mut done: Vec<(usize, T)> = thread::scope(|scope| {
        let one = || {
            let mut done = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    return done;
                }
                done.push((index, work(index)));
            }
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread of the floor")).collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, value)| value).collect()
}

//! Workloads through the crate `tidelake`.

use std::sync::Arc;

use futures::TryStreamExt;
use tidelake::{
    Catalog, Classify, DataField, ErrorKind, Filter, Identifier, Lake, Options, Table, TableSchema, TypeKind, col,
};

use crate::{Args, Failure, checksum::Checksum, commits, measure::Stopwatch, rows};

pub(crate) async fn run(args: &Args) -> Result<String, Failure> {
    let here = Place::open(args).await?;
    match args.op() {
        "tidelake-create" => here.create(args).await,
        "tidelake-ingest" => here.ingest(args).await,
        "tidelake-scan" => here.scan(args).await,
        "tidelake-compact" => here.compact().await,
        "tidelake-commits" => commits::small_commits(&here.table().await?, args).await,
        "tidelake-files" => commits::many_files(&here.table().await?, args).await,
        "tidelake-plan" => commits::plan(async || here.table().await, args).await,
        "tidelake-tail" => commits::tail(&here.table().await?, args).await,
        op => Err(format!("there is no {op}").into()),
    }
}

struct Place {
    lake: Lake,
    catalog: Arc<dyn Catalog>,
    name: String,
}

impl Place {
    async fn open(args: &Args) -> Result<Self, Failure> {
        let lake = Lake::builder().build()?;
        let catalog = lake.open_catalog(&Options::from([("warehouse", args.text("warehouse")?)])).await?;
        Ok(Self { lake, catalog, name: args.text("table")?.to_owned() })
    }

    async fn table(&self) -> Result<Table, Failure> {
        Ok(self.lake.table(&self.catalog, &self.name).await?)
    }

    /// `key=k` or none; `options=a:b,c:d`; `partitioned=1` for the table of many files
    async fn create(&self, args: &Args) -> Result<String, Failure> {
        let kinds = [
            ("k", TypeKind::BigInt.not_null()),
            ("seq", TypeKind::BigInt.nullable()),
            ("cat", TypeKind::Int.nullable()),
            ("price", TypeKind::Decimal { precision: 12, scale: 2 }.nullable()),
            ("x", TypeKind::Double.nullable()),
            ("ts", TypeKind::Timestamp(6).nullable()),
            ("d", TypeKind::Date.nullable()),
            ("s_low", TypeKind::STRING.nullable()),
            ("s_mid", TypeKind::STRING.nullable()),
            ("s_high", TypeKind::STRING.nullable()),
        ];
        let fields = kinds.into_iter().enumerate();
        let fields = fields.map(|(id, (name, kind))| DataField::new(id as i32, name, kind)).collect();
        let options = args.list("options").unwrap_or_default();
        let options = options.into_iter().filter_map(|option| option.split_once(':'));
        let options = options.fold(Options::new(), |mut options, (name, value)| {
            options.set(name, value);
            options
        });
        let keys = args.list("key").unwrap_or_default().into_iter().map(str::to_owned).collect();
        let schema = match args.get("partitioned") {
            None => TableSchema::create(fields, vec![], keys, options, None, 0)?,
            Some(_) => {
                let (fields, partition, options) = commits::partitioned();
                TableSchema::create(fields, partition, vec![], options, None, 0)?
            }
        };
        let identifier = Identifier::parse(&self.name)?;
        match self.catalog.create_database(&identifier.database, &Options::new()).await {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error.into()),
            _ => self.catalog.create_table(&identifier, &schema).await?,
        };
        Ok("{}".to_owned())
    }

    /// `rows=DIR`: a commit for each file.
    async fn ingest(&self, args: &Args) -> Result<String, Failure> {
        let table = self.table().await?;
        let mut writer = table.writer().build()?;
        let mut watch = Stopwatch::stopped();
        let mut rows = 0;
        for file in rows::files(args.text("rows")?)? {
            let batches = rows::read(&file)?;
            watch.start();
            for batch in batches {
                rows += batch.num_rows() as u64;
                writer.write(batch).await?;
            }
            let _ = writer.commit().await?;
            watch.stop();
        }
        Ok(watch.line([("rows".to_owned(), rows.into())].into_iter().collect()))
    }

    /// `columns=a,b` (all), `keys=FROM..TO` (from inclusive, to exclusive), `cat=N`, `deep=1`
    async fn scan(&self, args: &Args) -> Result<String, Failure> {
        let table = self.table().await?;
        let mut checksum = Checksum::new(args.get("deep").is_some());
        let watch = Stopwatch::started();
        let mut scan = table.scan();
        for filter in filters(args)? {
            scan = scan.filter(filter);
        }
        if let Some(columns) = args.list("columns") {
            scan = scan.project(columns);
        }
        let mut batches = scan.read().await?;
        while let Some(batch) = batches.try_next().await? {
            checksum.add(&batch)?;
        }
        Ok(watch.line(checksum.line()))
    }

    async fn compact(&self) -> Result<String, Failure> {
        let table = self.table().await?;
        let watch = Stopwatch::started();
        let _ = table.compact().full().run().await?;
        Ok(watch.line(serde_json::Map::new()))
    }
}

fn filters(args: &Args) -> Result<Vec<Filter>, Failure> {
    let mut filters = Vec::new();
    if let Some(range) = args.get("keys") {
        let (from, to) = range.split_once("..").ok_or("keys=FROM..TO")?;
        filters.push(col("k").gt_eq(from.parse::<i64>()?).and(col("k").lt(to.parse::<i64>()?)));
    }
    if args.get("cat").is_some() {
        filters.push(col("cat").eq(args.number::<i32>("cat")?));
    }
    Ok(filters)
}

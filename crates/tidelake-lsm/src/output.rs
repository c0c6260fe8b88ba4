//! The files a job writes: those of the rows, and those of the changelog.

use std::sync::{Arc, Mutex};

use tidelake_datafile::{BucketPlace, DataFileWriter, FileContent, TableFiles};
use tidelake_io::FilePath;
use tidelake_meta::{DataFileMeta, DataFileNames, FileSource};

use crate::{Error, Result};

/// Where files go, and what they are called.
#[derive(Debug, Clone)]
pub(crate) struct Destination {
    pub(crate) files: TableFiles,
    pub(crate) place: BucketPlace,
    pub(crate) names: Arc<Mutex<DataFileNames>>,
    pub(crate) level: i32,
    pub(crate) source: FileSource,
}

/// An error, and the files that could not be taken away.
pub(crate) type Failed = (Error, Vec<FilePath>);

/// Files being written.
pub(crate) struct Output {
    files: TableFiles,
    place: BucketPlace,
    /// Of the rows, if they are written.
    pub(crate) data: Option<DataFileWriter>,
    /// Of the changelog, if there is one.
    pub(crate) changelog: Option<DataFileWriter>,
}

/// Finished files.
#[derive(Debug, Default)]
pub(crate) struct OutputFiles {
    pub(crate) data: Vec<DataFileMeta>,
    pub(crate) changelog: Vec<DataFileMeta>,
}

impl Destination {
    /// Opens what is wanted. No file is created before its first row.
    pub(crate) fn open(&self, data: bool, changelog: bool) -> Result<Output> {
        let open = |wanted: bool, content| {
            let (files, place, names) = (self.files.clone(), self.place.clone(), Arc::clone(&self.names));
            wanted.then(|| DataFileWriter::new(files, place, names, content, self.source)).transpose()
        };
        Ok(Output {
            data: open(data, FileContent::KeyValue { level: self.level })?,
            changelog: open(changelog, FileContent::Changelog { level: self.level })?,
            files: self.files.clone(),
            place: self.place.clone(),
        })
    }
}

impl Output {
    /// Ends all files. What fails to finish takes away what it wrote; the rest is taken away here.
    pub(crate) async fn finish(self) -> Result<OutputFiles, Failed> {
        let Self { files, place, data, changelog } = self;
        let data = match finish(data).await {
            Ok(data) => data,
            Err(error) => return Err((error, abort(changelog).await)),
        };
        match finish(changelog).await {
            Ok(changelog) => Ok(OutputFiles { data, changelog }),
            Err(error) => Err((error, delete(&files, &place, &data).await)),
        }
    }

    /// Takes away everything written; gives the files that would not go.
    pub(crate) async fn abort(self) -> Vec<FilePath> {
        let mut left = abort(self.data).await;
        left.extend(abort(self.changelog).await);
        left
    }
}

async fn finish(writer: Option<DataFileWriter>) -> Result<Vec<DataFileMeta>> {
    match writer {
        Some(writer) => writer.finish().await,
        None => Ok(Vec::new()),
    }
}

async fn abort(writer: Option<DataFileWriter>) -> Vec<FilePath> {
    match writer {
        Some(writer) => writer.abort().await,
        None => Vec::new(),
    }
}

/// Deletes finished files; gives those that would not go.
pub(crate) async fn delete<'a>(
    files: &TableFiles,
    place: &BucketPlace,
    written: impl IntoIterator<Item = &'a DataFileMeta>,
) -> Vec<FilePath> {
    let mut left = Vec::new();
    for file in written {
        if let Ok(path) = files.layout.data_file(&place.path, file)
            && files.io.delete(&path).await.is_err()
        {
            left.push(path);
        }
    }
    left
}

//! Amazon S3 and what speaks its language.

use std::{collections::BTreeMap, sync::Arc};

use object_store::{
    ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, S3ConditionalPut},
    client::SpawnedReqwestConnector,
};
use parking_lot::Mutex;
use tidelake_io::{Error, ErrorKind, FileIO, FileIOFactory, FilePath, Options, Result, Runtime};

use crate::ObjectStoreFileIO;

/// Prefixes under which Paimon takes Hadoop's options for S3.
const PREFIXES: [&str; 3] = ["s3.", "s3a.", "fs.s3a."];

/// Serves `s3://` and `s3a://`. Options, as Paimon names them (also below `s3a.` and `fs.s3a.`):
///
/// | option | default |
/// |---|---|
/// | `s3.endpoint` | Amazon's for the region |
/// | `s3.region` | the environment's, or `us-east-1` |
/// | `s3.access-key`, `s3.secret-key`, `s3.session.token` | the environment's (`AWS_ACCESS_KEY_ID`, …), or the instance's |
/// | `s3.path.style.access` | `true` with an endpoint, else `false` |
///
/// Backends of one bucket with the same options share their clients and the verdict of the probe.
#[derive(Debug)]
pub struct S3FileIOFactory {
    runtime: Runtime,
    made: Mutex<BTreeMap<Key, ObjectStoreFileIO>>,
}

/// The bucket, and all options that may matter.
type Key = (String, Vec<(String, String)>);

impl S3FileIOFactory {
    /// Requests are sent from the caller's tokio runtime.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, made: Mutex::default() }
    }

    fn store(&self, root: &FilePath, options: &Options, retries: bool) -> Result<Arc<dyn ObjectStore>> {
        let mut builder = configured(root.authority(), options)?;
        if !retries {
            builder = builder.with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        }
        if let Some(handle) = self.runtime.io_handle() {
            builder = builder.with_http_connector(SpawnedReqwestConnector::new(handle));
        }
        let store = builder.build().map_err(|error| Error::backend(ErrorKind::InvalidInput, "open", root, error))?;
        Ok(Arc::new(store))
    }
}

impl FileIOFactory for S3FileIOFactory {
    fn schemes(&self) -> &[&str] {
        &["s3", "s3a"]
    }

    fn build(&self, root: &FilePath, options: &Options) -> Result<Arc<dyn FileIO>> {
        let mut relevant: Vec<_> = PREFIXES.iter().flat_map(|prefix| options.with_prefix(prefix)).collect();
        relevant.sort_unstable();
        let relevant = relevant.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let key = (root.authority().to_owned(), relevant);
        let mut made = self.made.lock();
        if let Some(io) = made.get(&key) {
            return Ok(Arc::new(io.clone()));
        }
        let (store, once) = (self.store(root, options, true)?, self.store(root, options, false)?);
        let io = ObjectStoreFileIO::new("s3", root.clone(), store, once, self.runtime.clone());
        made.insert(key, io.clone());
        Ok(Arc::new(io))
    }
}

fn configured(bucket: &str, options: &Options) -> Result<AmazonS3Builder> {
    let find = |names: &[&str]| {
        let named = names.iter().flat_map(|name| PREFIXES.map(|prefix| format!("{prefix}{name}")));
        named.into_iter().find_map(|name| options.text(&name).map(|value| (name, value.trim().to_owned())))
    };
    let text = |names: &[&str]| find(names).map(|(_, value)| value);
    let flag = |names: &[&str], default: bool| match find(names) {
        None => Ok(default),
        Some((name, value)) => value.to_ascii_lowercase().parse().map_err(|_| {
            Error::backend(
                ErrorKind::InvalidInput,
                "open",
                bucket,
                format!("`{name}` is `{value}`, neither true nor false"),
            )
        }),
    };
    let mut builder =
        AmazonS3Builder::from_env().with_bucket_name(bucket).with_conditional_put(S3ConditionalPut::ETagMatch);
    let endpoint = text(&["endpoint"]);
    let path_style = flag(&["path.style.access", "path-style-access"], endpoint.is_some())?;
    if let Some(endpoint) = endpoint {
        let ssl = flag(&["connection.ssl.enabled"], true)?;
        let endpoint = endpoint_url(&endpoint, ssl, (!path_style).then_some(bucket));
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    builder = builder.with_virtual_hosted_style_request(!path_style);
    if let Some(region) = text(&["region", "endpoint.region"]) {
        builder = builder.with_region(region);
    }
    if let Some(key) = text(&["access-key", "access.key"]) {
        builder = builder.with_access_key_id(key);
    }
    if let Some(key) = text(&["secret-key", "secret.key"]) {
        builder = builder.with_secret_access_key(key);
    }
    if let Some(token) = text(&["session.token", "session-token"]) {
        builder = builder.with_token(token);
    }
    Ok(builder)
}

/// With its scheme and, if requests name the bucket in the host, with that.
fn endpoint_url(endpoint: &str, ssl: bool, bucket: Option<&str>) -> String {
    let (scheme, host) = endpoint.split_once("://").unwrap_or((if ssl { "https" } else { "http" }, endpoint));
    let host = host.trim_end_matches('/');
    match bucket {
        Some(bucket) if !host.starts_with(&format!("{bucket}.")) => format!("{scheme}://{bucket}.{host}"),
        _ => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_gets_its_scheme_and_its_bucket() {
        let check = |endpoint, ssl, bucket, expected: &str| assert_eq!(endpoint_url(endpoint, ssl, bucket), expected);
        check("http://127.0.0.1:7070", true, None, "http://127.0.0.1:7070");
        check("minio:9000/", false, None, "http://minio:9000");
        check("s3.example.com", true, Some("lake"), "https://lake.s3.example.com");
        check("https://lake.s3.example.com", true, Some("lake"), "https://lake.s3.example.com");
    }

    #[test]
    fn backends_of_one_bucket_share_their_clients() {
        let factory = S3FileIOFactory::new(Runtime::tokio(1, 0));
        let options =
            Options::from([("s3.endpoint", "http://127.0.0.1:1"), ("s3.access-key", "a"), ("s3.secret-key", "b")]);
        for root in ["s3://lake/a", "s3://lake/b", "s3a://other/c"] {
            factory.build(&FilePath::parse(root).unwrap(), &options).unwrap();
        }
        assert_eq!(factory.made.lock().len(), 2);
    }

    #[test]
    fn a_flag_that_is_none_is_refused() {
        let factory = S3FileIOFactory::new(Runtime::tokio(1, 0));
        let options = Options::from([("s3.path.style.access", "maybe")]);
        let error = factory.build(&FilePath::parse("s3://lake/a").unwrap(), &options).unwrap_err();
        assert!(error.to_string().contains("`s3.path.style.access` is `maybe`"), "{error}");
    }
}

//! What a store's errors mean for the caller.

use std::error::Error as StdError;

use object_store::client::{HttpError, HttpErrorKind};
use tidelake_io::{Error, ErrorKind, FilePath, Publish, Result};

/// As an error of `FileIO`, the store's own inside.
#[track_caller]
pub(crate) fn store_error(operation: &'static str, path: &FilePath, error: object_store::Error) -> Error {
    Error::backend(kind(&error), operation, path, error)
}

fn kind(error: &object_store::Error) -> ErrorKind {
    use object_store::Error as Store;
    match error {
        Store::NotFound { .. } => ErrorKind::NotFound,
        Store::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        Store::Precondition { .. } | Store::NotModified { .. } => ErrorKind::Conflict,
        Store::PermissionDenied { .. } | Store::Unauthenticated { .. } => ErrorKind::PermissionDenied,
        Store::NotSupported { .. } | Store::NotImplemented { .. } => ErrorKind::Unsupported,
        Store::InvalidPath { .. } | Store::UnknownConfigurationKey { .. } => ErrorKind::InvalidInput,
        Store::JoinError { .. } => ErrorKind::Internal,
        _ => match status(error) {
            Some(501) => ErrorKind::Unsupported,
            Some(400 | 405 | 411 | 413 | 414) => ErrorKind::InvalidInput,
            _ => ErrorKind::Unavailable,
        },
    }
}

/// What came of a conditional put that failed.
///
/// | answer | means |
/// |---|---|
/// | 412 (or 304) | there is a file: `AlreadyExists` |
/// | 409 | two puts met; nothing is known of ours: `Unknown` |
/// | 5xx, 408, 429, timeout, reset, an answer that cannot be read | it may have taken effect: `Unknown` |
/// | the connection was refused; 400, 401, 403, 404, … | it has not taken effect: an error |
pub(crate) fn refused_publish(path: &FilePath, error: object_store::Error) -> Result<Publish> {
    use object_store::Error as Store;
    match &error {
        // `object_store` calls a bare 409 `AlreadyExists` too.
        Store::AlreadyExists { .. } if status(&error) == Some(409) => return Ok(Publish::Unknown),
        Store::AlreadyExists { .. } | Store::Precondition { .. } | Store::NotModified { .. } => {
            return Ok(Publish::AlreadyExists);
        }
        _ => {}
    }
    let undecided = match status(&error) {
        Some(408 | 429 | 500 | 502..) => true,
        Some(_) => false,
        None => !was_never_sent(&error),
    };
    // Those of a kind that says "not done" came from the server's own answer.
    if undecided && kind(&error) == ErrorKind::Unavailable {
        return Ok(Publish::Unknown);
    }
    Err(store_error("publish", path, error))
}

/// No connection, so no request.
fn was_never_sent(error: &object_store::Error) -> bool {
    causes(error).any(|cause| cause.downcast_ref::<HttpError>().is_some_and(|e| e.kind() == HttpErrorKind::Connect))
}

/// The HTTP status, which `object_store` tells in words only.
fn status(error: &object_store::Error) -> Option<u16> {
    causes(error).find_map(|cause| {
        let text = cause.to_string();
        let (_, after) = text.split_once("status code: ")?;
        after.get(..3)?.parse().ok()
    })
}

fn causes(error: &object_store::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(Some(error as &(dyn StdError + 'static)), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use object_store::Error as Store;

    use super::*;

    fn answered(status: &str) -> Box<dyn StdError + Send + Sync> {
        format!("Error performing PUT in 3ms - Server returned non-2xx status code: {status}: <xml/>").into()
    }

    fn publish(error: Store) -> Result<Publish, ErrorKind> {
        let path = FilePath::parse("s3://lake/t/snapshot/snapshot-1").unwrap();
        refused_publish(&path, error).map_err(|error| tidelake_io::Classify::kind(&error))
    }

    #[test]
    fn only_a_failed_condition_says_that_there_is_a_file() {
        let path = || "t/snapshot/snapshot-1".to_owned();
        let failed = Store::Precondition { path: path(), source: answered("412 Precondition Failed") };
        assert_eq!(
            publish(Store::AlreadyExists { path: path(), source: Box::new(failed) }),
            Ok(Publish::AlreadyExists)
        );
        let failed = Store::Precondition { path: path(), source: answered("412 Precondition Failed") };
        assert_eq!(publish(failed), Ok(Publish::AlreadyExists));
        let met = Store::AlreadyExists { path: path(), source: answered("409 Conflict") };
        assert_eq!(publish(met), Ok(Publish::Unknown));
    }

    #[test]
    fn what_may_have_taken_effect_is_unknown() {
        for status in ["500 Internal Server Error", "503 Slow Down", "429 Too Many Requests", "408 Request Timeout"] {
            assert_eq!(
                publish(Store::Generic { store: "S3", source: answered(status) }),
                Ok(Publish::Unknown),
                "{status}"
            );
        }
        let reset = Store::Generic { store: "S3", source: "connection reset".into() };
        assert_eq!(publish(reset), Ok(Publish::Unknown));
    }

    #[test]
    fn what_was_refused_is_an_error() {
        let generic = |status| publish(Store::Generic { store: "S3", source: answered(status) });
        assert_eq!(generic("400 Bad Request"), Err(ErrorKind::InvalidInput));
        assert_eq!(generic("501 Not Implemented"), Err(ErrorKind::Unsupported));
        let denied = Store::PermissionDenied { path: "k".to_owned(), source: answered("403 Forbidden") };
        assert_eq!(publish(denied), Err(ErrorKind::PermissionDenied));
    }
}

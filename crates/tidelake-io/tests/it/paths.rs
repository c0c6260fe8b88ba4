//! What is a path, and what is none.

use tidelake_io::{Classify as _, ErrorKind, FilePath};

#[test]
fn local_paths_have_three_forms() {
    for text in ["/w/shop.db", "file:/w/shop.db", "file:///w/shop.db", "FILE:///w/shop.db/"] {
        assert_eq!(FilePath::parse(text).unwrap().to_string(), "file:///w/shop.db");
    }
    let s3 = FilePath::parse("s3://lake/w/a%2eb").unwrap();
    assert_eq!((s3.scheme(), s3.authority(), s3.key().as_str(), s3.name()), ("s3", "lake", "w/a%2eb", "a%2eb"));
    assert_eq!(FilePath::parse("s3://lake").unwrap().to_string(), "s3://lake/");
}

#[test]
fn what_could_leave_its_folder_is_refused() {
    for text in ["", "w", "./w", "/w/../x", "/w/./x", "/w//x", "/w/\0", "file://host/w", "s3:///w", "s3://", "C:"] {
        let error = FilePath::parse(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
    }
    let table = FilePath::parse("/w/t").unwrap();
    for name in ["", ".", "..", "a/b", "a\0b"] {
        assert!(table.child(name).is_err(), "{name}");
    }
    for relative in ["../x", "a/../b", "/a", "a//b", "a/"] {
        assert!(table.join(relative).is_err(), "{relative}");
    }
    assert_eq!(table.join("").unwrap(), table);
    assert_eq!(table.join("bucket-0/data").unwrap().to_string(), "file:///w/t/bucket-0/data");
}

#[test]
fn prefixes_are_whole_segments() {
    let path = |text| FilePath::parse(text).unwrap();
    assert!(path("/w/a/b").starts_with(&path("/w/a")));
    assert!(path("/w/a").starts_with(&path("/w/a")));
    assert!(!path("/w/ab").starts_with(&path("/w/a")));
    assert!(!path("s3://lake/w").starts_with(&path("s3://other/w")));
    assert_eq!(path("/w/a").parent(), Some(path("/w")));
    assert_eq!(path("/").parent(), None);
}

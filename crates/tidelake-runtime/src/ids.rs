//! Names and numbers that nobody else has.

use std::fmt::Debug;

/// Randomness, of the machine or of a seed.
pub trait Ids: Debug + Send + Sync + 'static {
    /// A random (version 4) UUID: 36 characters, lower case.
    fn uuid(&self) -> String;

    /// Any number, all equally likely.
    fn random_u64(&self) -> u64;
}

/// The thread's generator, seeded by the operating system.
#[derive(Debug)]
pub(crate) struct RandomIds;

impl Ids for RandomIds {
    fn uuid(&self) -> String {
        uuid::Builder::from_random_bytes(rand::random()).into_uuid().hyphenated().to_string()
    }

    fn random_u64(&self) -> u64 {
        rand::random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_36_lower_case_characters_and_is_never_the_same() {
        let (a, b) = (RandomIds.uuid(), RandomIds.uuid());
        assert_eq!(a.len(), 36);
        assert_eq!(a, a.to_lowercase());
        assert_eq!(a.as_bytes()[14], b'4');
        assert_ne!(a, b);
        assert_ne!(RandomIds.random_u64(), RandomIds.random_u64());
    }
}

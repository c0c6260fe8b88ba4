//! The hash that chooses buckets.

const SEED: u32 = 42;

/// Murmur3-32, seed 42, over whole words (the length is a multiple of 4): metadata spec 6.2.
///
/// Bytes after the last whole word are only counted, not mixed; binary rows have none.
pub fn murmur_words(bytes: &[u8]) -> i32 {
    let mut hash = SEED;
    let (words, _) = bytes.as_chunks::<4>();
    for word in words {
        let mixed = u32::from_le_bytes(*word).wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
        hash = (hash ^ mixed).rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) as i32
}

/// `abs(hash % buckets)`, truncating. `buckets` is at least 1.
pub fn bucket_of_hash(hash: i32, buckets: i32) -> i32 {
    hash.wrapping_rem(buckets.max(1)).abs()
}

//! The commit protocol over stores that fail in every way.

mod ambiguous;
mod canaries;
mod conflicts;
mod crash;
mod identity;
mod members;
mod merging;
mod races;
mod world;

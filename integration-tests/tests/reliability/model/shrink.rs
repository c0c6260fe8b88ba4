//! A failing history with nothing in it that is not needed to fail.

use super::{
    op::Op,
    run::{Failure, run},
    shape::Shape,
};

/// Cuts off what comes after the failure, then leaves single operations out, the last first, as long as it fails.
pub(crate) fn shrunk(
    seed: u64,
    shape: &Shape,
    mut ops: Vec<Op>,
    mut failure: Failure,
    planted: Option<&str>,
) -> (Vec<Op>, Failure) {
    ops.truncate(failure.at + 1);
    loop {
        let before = ops.len();
        for at in (0..ops.len()).rev() {
            let mut fewer = ops.clone();
            fewer.remove(at);
            if let Err(other) = run(seed, shape, &fewer, planted) {
                fewer.truncate(other.at + 1);
                (ops, failure) = (fewer, other);
                break;
            }
            if let Op::Write(drafts) = &ops[at]
                && drafts.len() > 1
            {
                let half = Op::Write(drafts[..drafts.len() / 2].to_vec());
                let mut fewer = ops.clone();
                fewer[at] = half;
                if let Err(other) = run(seed, shape, &fewer, planted) {
                    (ops, failure) = (fewer, other);
                }
            }
        }
        if ops.len() == before {
            return (ops, failure);
        }
    }
}

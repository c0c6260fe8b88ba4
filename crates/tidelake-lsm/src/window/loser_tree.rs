//! A loser tree: which of k heads comes first, at one comparison for each level.
//!
//! Every head is a leaf. Each inner node keeps the head that *lost* the match there; the winner of all stands above the
//! root. When the winner's head changes, only the matches on its own path are played again.
//!
//! ```text
//!             winner: 2
//!           node 1: 0            heads  0: 5   1: 9   2: 3   3: 4
//!        node 2: 1  node 3: 3    node 2 kept 1 (9 lost to 5), node 3 kept 3 (4 lost to 3), the root kept 0 (5 lost to 3)
//!        0     1    2     3
//! ```

/// Indices of heads; their order is asked of the caller, `true` meaning that the first comes before the second. It must
/// be a strict total order.
#[derive(Debug)]
pub(super) struct LoserTree {
    /// `nodes[0]` is the winner, `nodes[1..k]` the losers. The leaf of head `h` is node `k + h`.
    nodes: Vec<usize>,
}

impl LoserTree {
    /// Plays all matches between `heads` heads, at least one.
    pub(super) fn new(heads: usize, before: impl Fn(usize, usize) -> bool) -> Self {
        let mut tree = Self { nodes: vec![0; heads.max(1)] };
        let mut winners = vec![0; 2 * heads];
        for (head, winner) in winners[heads..].iter_mut().enumerate() {
            *winner = head;
        }
        for node in (1..heads).rev() {
            let (left, right) = (winners[2 * node], winners[2 * node + 1]);
            let (winner, loser) = if before(left, right) { (left, right) } else { (right, left) };
            winners[node] = winner;
            tree.nodes[node] = loser;
        }
        tree.nodes[0] = winners.get(1).copied().unwrap_or(0);
        tree
    }

    /// The first head.
    #[inline]
    pub(super) fn winner(&self) -> usize {
        self.nodes[0]
    }

    /// The second head; `None` if there is only one.
    pub(super) fn runner_up(&self, before: impl Fn(usize, usize) -> bool) -> Option<usize> {
        let mut best = None;
        let mut node = (self.nodes.len() + self.winner()) / 2;
        while node > 0 {
            let loser = self.nodes[node];
            if best.is_none_or(|best| before(loser, best)) {
                best = Some(loser);
            }
            node /= 2;
        }
        best
    }

    /// The winner's head has changed.
    #[inline]
    pub(super) fn replay(&mut self, before: impl Fn(usize, usize) -> bool) {
        let mut winner = self.nodes[0];
        let mut node = (self.nodes.len() + winner) / 2;
        while node > 0 {
            if before(self.nodes[node], winner) {
                std::mem::swap(&mut self.nodes[node], &mut winner);
            }
            node /= 2;
        }
        self.nodes[0] = winner;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_leave_in_order_whatever_their_number() {
        for heads in 1..20_usize {
            let mut queues: Vec<Vec<u64>> =
                (0..heads as u64).map(|h| (0..h % 4).map(|i| (h * 7 + i * 5) % 23).collect()).collect();
            queues.iter_mut().for_each(|queue| queue.sort_unstable_by(|a, b| b.cmp(a)));
            let mut expected: Vec<u64> = queues.iter().flatten().copied().collect();
            expected.sort_unstable();

            let rank = |queues: &[Vec<u64>], head: usize| (queues[head].last().copied().unwrap_or(u64::MAX), head);
            let mut tree = LoserTree::new(heads, |a, b| rank(&queues, a) < rank(&queues, b));
            let mut seen = Vec::new();
            loop {
                let second = (0..heads).filter(|&h| h != tree.winner()).min_by_key(|&h| rank(&queues, h));
                assert_eq!(tree.runner_up(|a, b| rank(&queues, a) < rank(&queues, b)), second);
                let Some(value) = queues[tree.winner()].pop() else { break };
                seen.push(value);
                tree.replay(|a, b| rank(&queues, a) < rank(&queues, b));
            }
            assert_eq!(seen, expected, "{heads} heads");
        }
    }
}

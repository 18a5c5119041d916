//! How finely expectations over nodes are taken.

use crate::numbers::leaves::MOST_LEAVES;
use crate::special::gauss_hermite::Rule;
use std::sync::LazyLock;

/// Nodes in each direction that a climb starts with, by the number of directions.
const FIRST_NODES: [usize; MOST_LEAVES] = [6, 6, 4];
/// How often their number is doubled at most.
const MOST_DOUBLINGS: usize = 3;

/// How finely expectations are taken: the rules of one direction for densities of one, two and three leaves.
#[derive(Clone, Debug)]
pub(crate) struct Nodes {
    doublings: usize,
    pub(super) rules: [Rule; MOST_LEAVES],
}

impl Nodes {
    /// So many nodes, doubled so often.
    fn doubled(doublings: usize) -> Self {
        Self { doublings, rules: FIRST_NODES.map(|count| Rule::of(count << doublings)) }
    }

    /// As many as a climb starts with.
    pub(crate) fn first() -> Self {
        static FIRST: LazyLock<Nodes> = LazyLock::new(|| Nodes::doubled(0));
        FIRST.clone()
    }

    /// Twice as many in each direction; `None` where there are as many as there may be.
    pub(crate) fn finer(&self) -> Option<Self> {
        (self.doublings < MOST_DOUBLINGS).then(|| Self::doubled(self.doublings + 1))
    }
}

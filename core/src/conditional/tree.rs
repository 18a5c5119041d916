//! How a task's latents hang together where plates nest: each turn has one latent at most; given those of the turns around
//! it what is in one turn is independent of what is in the others.
//!
//! That is found by moving one coordinate after another: what changes is what reads it.

mod answer;
pub(super) mod frame;
pub(super) mod lattice;
#[cfg(test)]
mod tests;

use crate::conditional::ask::TaskGiven;
use crate::density::program::Scorer;
use crate::interpret::by_node::ByNode;
use std::sync::Arc;

/// How far coordinates are moved, to either side as something may be flat on one.
const MOVES: [f64; 2] = [0.7, -1.3];
/// A tree has so many latents at least; fewer are summed over the nodes of one grid.
const FEWEST: usize = 3;

/// A node: the plate itself, or a turn of a nested one.
#[derive(Clone, Debug)]
pub(super) struct TreeNode {
    /// The node around it, which comes before it; none of the first.
    pub(super) parent: Option<usize>,
    /// The coordinate of its latent, if it has one.
    pub(super) coordinate: Option<usize>,
    /// How many nodes are around it.
    pub(super) depth: usize,
}

/// The nodes of a task, each before those within it.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<TreeNode>,
    /// The same as the model enters them.
    turns: ByNode,
    /// Whether the data of a node depend on the latent of the node around it as well.
    pub(super) data_read_parents: bool,
}

/// Whether a task's latents form a tree.
#[derive(Default)]
pub(super) enum TreeSearch {
    /// Nobody has looked.
    #[default]
    ToCome,
    NoTree,
    Found(Arc<Tree>),
}

/// Scores a task by nodes, in two parts.
pub(super) struct NodeScorers<'f> {
    latents: Box<dyn Scorer + 'f>,
    data: Box<dyn Scorer + 'f>,
    sums: ByNode,
}

impl<'f> NodeScorers<'f> {
    /// From what scores values, under masks of the latents and of the data.
    pub(super) fn new(latents: Box<dyn Scorer + 'f>, data: Box<dyn Scorer + 'f>) -> Self {
        Self { latents, data, sums: ByNode::default() }
    }

    /// A tree's task is to be scored.
    fn turn_to(&mut self, tree: &Tree) {
        self.sums.clone_from(&tree.turns);
    }

    /// By node, ln p of its latent given the nodes around it, with ln |dx/du|.
    fn latents(&mut self, at: TaskGiven, u: &[f64]) -> &[f64] {
        self.latents.score_by_node(at.theta, at.task, u, &mut self.sums);
        self.sums.sums()
    }

    /// By node, ln p of its data.
    fn data(&mut self, at: TaskGiven, u: &[f64]) -> &[f64] {
        self.data.score_by_node(at.theta, at.task, u, &mut self.sums);
        self.sums.sums()
    }

    fn both(&mut self, at: TaskGiven, u: &[f64]) -> [Vec<f64>; 2] {
        [self.latents(at, u).to_vec(), self.data(at, u).to_vec()]
    }
}

impl Tree {
    /// The tree of a task, seen at `u`; `None` where its latents hang together in other ways, or are few.
    pub(super) fn find(scorers: &mut NodeScorers<'_>, at: TaskGiven, u: &[f64]) -> Option<Self> {
        if u.len() < FEWEST {
            return None;
        }
        scorers.sums = ByNode::default();
        let here = scorers.both(at, u);
        let mut tree = Self::of_turns(&scorers.sums)?;
        let moves = (0..tree.nodes.len()).flat_map(|node| MOVES.map(|by| (node, by)));
        for (node, by) in moves {
            let Some(coordinate) = tree.nodes[node].coordinate else { continue };
            let mut moved = u.to_vec();
            moved[coordinate] += by;
            let there = scorers.both(at, &moved);
            for (part, (here, there)) in here.iter().zip(&there).enumerate() {
                let changed = |k: &usize| here[*k].to_bits() != there[*k].to_bits();
                for reader in (0..tree.nodes.len()).filter(|&k| k != node).filter(changed) {
                    if tree.nodes[reader].parent != Some(node) {
                        return None;
                    }
                    tree.data_read_parents |= part == 1;
                }
            }
        }
        Some(tree)
    }

    /// The turns with their latents; `None` where one has several, or all belong to one.
    fn of_turns(turns: &ByNode) -> Option<Self> {
        let mut nodes: Vec<TreeNode> = Vec::with_capacity(turns.len());
        for node in 0..turns.len() {
            let parent = turns.parent(node);
            let depth = parent.map_or(0, |parent| nodes[parent].depth + 1);
            nodes.push(TreeNode { parent, coordinate: None, depth });
        }
        for (coordinate, &owner) in turns.owners().iter().enumerate() {
            if nodes[owner].coordinate.replace(coordinate).is_some() {
                return None;
            }
        }
        (nodes.len() > 1).then(|| Self { nodes, turns: turns.clone(), data_read_parents: false })
    }

    /// The coordinate of the latent around a node's own.
    fn coordinate_around(&self, node: usize) -> Option<usize> {
        self.nodes[node].parent.and_then(|parent| self.nodes[parent].coordinate)
    }
}

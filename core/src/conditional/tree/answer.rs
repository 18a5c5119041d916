//! What a task whose latents form a tree says of a theta, by sums over lattices.

use crate::conditional::ask::{Answer, Ask};
use crate::conditional::memory::TaskMemory;
use crate::conditional::modes::gaussian_at;
use crate::conditional::scorers::Scorers;
use crate::conditional::tree::frame::TreeFrame;
use crate::conditional::tree::lattice::{Laid, Summed};
use crate::conditional::tree::{Tree, TreeSearch};
use crate::conditional::trend::Trend;
use crate::density::mode::Mode;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

/// Points lie so many times as far apart as those of grids, as far as a task's noise allows.
const WIDER: f64 = 7.0 / 6.0;
/// The relative variance of Z from lattices of twice the spacing that is tolerated of a node: three times that of a normal.
const ROUGH: f64 = 0.25;
/// The sums are good for so many draws.
const DRAWS: usize = 4;

/// A tree, and where its latents are.
#[derive(Clone, Copy)]
struct Framed<'t> {
    tree: &'t Tree,
    frame: &'t TreeFrame,
}

impl Scorers<'_> {
    /// The tree of a task's latents, if they form one; looked for at the mode, once.
    fn find_tree(&mut self, ask: &Ask<'_>, mode: &Mode, memory: &mut TaskMemory) -> Option<Arc<Tree>> {
        if matches!(memory.tree, TreeSearch::ToCome) {
            memory.tree = match Tree::find(&mut self.by_node, ask.at(), mode.at.as_slice()) {
                Some(tree) => {
                    // of a tree more is learned than the mode
                    memory.trend = Trend::default();
                    TreeSearch::Found(Arc::new(tree))
                }
                None => TreeSearch::NoTree,
            };
        }
        memory.tree()
    }

    /// The answer by lattices where earlier thetas say that the density is.
    pub(in crate::conditional) fn tree_as_before(
        &mut self,
        ask: &Ask<'_>,
        reads: &[f64],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        let (tree, predicted) = (memory.tree()?, memory.trend.predict(reads)?);
        let frame = TreeFrame::of_features(predicted.as_slice());
        let answer = self.by_lattices(ask, Framed { tree: &tree, frame: &frame }, memory, rng)?;
        memory.trend.learn(reads, || self.lattices.moments(&tree).features());
        Some(answer)
    }

    /// The answer by lattices around the only mode of a log-concave density; `None` where the latents form no tree, or
    /// reach too far.
    pub(in crate::conditional) fn tree_around(
        &mut self,
        ask: &Ask<'_>,
        modes: &[Mode],
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        let [mode] = modes else { return None };
        let tree = memory.is_concave.then(|| self.find_tree(ask, mode, memory)).flatten()?;
        let frame = TreeFrame::of(&gaussian_at(mode, &ask.guess), &tree);
        let answer = self.by_lattices(ask, Framed { tree: &tree, frame: &frame }, memory, rng);
        if answer.is_none() {
            memory.spacing.fail();
        }
        answer
    }

    /// As many sums as the draws take; the first is what Z is from.
    fn by_lattices(
        &mut self,
        ask: &Ask<'_>,
        Framed { tree, frame }: Framed<'_>,
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<Answer> {
        let (mut ln_z, mut mode) = (None, DVector::zeros(0));
        let mut draws = Vec::with_capacity(ask.inner.wanted);
        while ln_z.is_none() || draws.len() < ask.inner.wanted {
            let first = self.fine_lattices(ask, Framed { tree, frame }, memory, rng)?;
            if ln_z.is_none() {
                ln_z = Some(self.lattices.ln_z);
                mode = self.lattices.centre(tree);
            }
            let count = DRAWS.min(ask.inner.wanted - draws.len());
            let uniform = |k: usize| (k as f64 + first) / count as f64;
            draws.extend((0..count).map(|k| self.lattices.draw(tree, uniform(k), rng)));
        }
        Some(Answer { ln_z: ln_z?, draws, mode, weights: Vec::new() })
    }

    /// Sums lattices of the task's spacing, or of a finer one where it takes that; returns a uniform number that draws are
    /// picked by.
    fn fine_lattices(
        &mut self,
        ask: &Ask<'_>,
        Framed { tree, frame }: Framed<'_>,
        memory: &mut TaskMemory,
        rng: &mut ChaCha8Rng,
    ) -> Option<f64> {
        let (Self { lattices, by_node, effort, .. }, TaskMemory { spacing, strata, .. }) = (self, memory);
        let (widest, n) = (spacing.next(), frame.0.len());
        let sum = |spacing: f64| {
            let mut uniform = Vec::with_capacity(n + 1);
            strata.next(n + 1, rng, |u| uniform.push(u));
            let (shift, first) = (&uniform[..n], uniform[n]);
            if lattices.sum(tree, Laid { frame, spacing: WIDER * spacing, shift }, by_node, ask.at()) == Summed::Failed
            {
                return Break(None);
            }
            let (mut roughest, mut variance) = (0.0_f64, 0.0);
            for of_node in lattices.variances_of_coarser(tree) {
                roughest = roughest.max(of_node);
                variance += of_node;
            }
            if roughest < ROUGH { Break(Some((first, spacing, variance))) } else { Continue(()) }
        };
        let (first, at, variance) = frame.is_regular().then(|| spacing.refined(widest, sum)).flatten()?;
        spacing.learn(at, variance, effort.noise);
        Some(first)
    }
}

//! The log density of each observation, given all continuous latents and, where a discrete one is summed out, given the other
//! observations in its sum.
//!
//! What is accumulated: ln p of every observation that is there, a vector's as that of one; in a sum over a discrete latent
//!     ln p(y_j | others) = ln sum_k p(k) p(y | k) - ln sum_k p(k) p(y without y_j | k).

use crate::dist::{Distribution, FiniteDistribution, VectorDistribution};
use crate::interpret::given::{Given, Observer};
use crate::model::{Datum, Site, VectorDatum};
use crate::numbers::Real;
use crate::numbers::real::log_sum_exp;

/// An observation, or a sum over a discrete latent with those in it.
#[derive(Debug)]
struct Block {
    ln_density: f64,
    /// The same without each of its observations in turn.
    without: Vec<f64>,
}

/// The state: what was visited so far.
#[derive(Debug, Default)]
pub(crate) struct Pointwise {
    blocks: Vec<Block>,
}

impl Pointwise {
    /// ln p of every observation.
    pub(crate) fn ln_densities(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().flat_map(|block| block.without.iter().map(|without| block.ln_density - without))
    }

    fn add(&mut self, ln_density: Option<Real<f64>>) {
        self.blocks.extend(ln_density.map(|Real(ln_density)| Block { ln_density, without: vec![0.0] }));
    }
}

impl Block {
    /// All blocks together, times a mass.
    fn product(ln_mass: f64, blocks: &[Self]) -> Self {
        let mut behind: Vec<f64> = blocks
            .iter()
            .rev()
            .scan(0.0, |sum, block| {
                let behind = *sum;
                *sum += block.ln_density;
                Some(behind)
            })
            .collect();
        behind.reverse();
        let (mut before, mut without) = (ln_mass, Vec::new());
        for (block, behind) in blocks.iter().zip(behind) {
            without.extend(block.without.iter().map(|without| before + without + behind));
            before += block.ln_density;
        }
        Self { ln_density: before, without }
    }

    /// The sum of some blocks of the same observations.
    fn sum(terms: &[Self]) -> Self {
        let observations = terms.iter().map(|term| term.without.len()).min().unwrap_or(0);
        let sum = |of: &dyn Fn(&Self) -> f64| log_sum_exp(terms.iter().map(|term| Real(of(term)))).0;
        let without = (0..observations).map(|j| sum(&|term| term.without[j])).collect();
        Self { ln_density: sum(&|term| term.ln_density), without }
    }
}

impl Observer for Pointwise {
    fn observe<D: Distribution<f64>>(&mut self, _: &Site, datum: impl Datum, dist: D) {
        self.add(datum.datum().map(|y| dist.ln_density(y)));
    }

    fn observe_vector<D: VectorDistribution<f64>>(&mut self, _: &Site, datum: impl VectorDatum, dist: D) {
        self.add(datum.data().map(|y| dist.ln_density(&y)));
    }

    fn factor(&mut self, term: f64) {
        self.blocks.push(Block { ln_density: term, without: Vec::new() });
    }

    fn sum_out<'a, D: FiniteDistribution<f64>>(
        given: &mut Given<'a, Self>,
        _: &Site,
        dist: D,
        body: impl Fn(&mut Given<'a, Self>, usize),
    ) {
        let outer = std::mem::take(&mut given.observer.blocks);
        let mut terms = Vec::new();
        for value in 0..dist.num_values() {
            body(given, value);
            let blocks = std::mem::take(&mut given.observer.blocks);
            terms.push(Block::product(dist.ln_density(value as f64).0, &blocks));
        }
        given.observer.blocks = outer;
        given.observer.blocks.push(Block::sum(&terms));
    }
}

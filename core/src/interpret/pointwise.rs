//! The log density of each observation, given all continuous latents and, where a discrete one is summed out, given the other
//! observations in its sum.
//!
//! What is accumulated: ln p of every observation that is there, a vector's as that of one; in a sum over a discrete latent
//!     ln p(y_j | others) = ln sum_k p(k) p(y | k) - ln sum_k p(k) p(y without y_j | k).

use crate::dist::{ChainDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::interpret::given::{Given, Observer};
use crate::model::{Chain, Datum, Site, VectorDatum};
use crate::numbers::Real;
use crate::numbers::real::log_sum_exp;
use crate::sampling::paths::PathLaw;

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
    /// What was visited of the chain that is being summed over.
    chain: Vec<Piece>,
    /// K.
    states: usize,
}

/// What is visited in the sum over a chain, in order.
#[derive(Debug)]
enum Piece {
    /// What does not depend on the chain.
    Apart(Block),
    /// What depends on an entry, given each of its values.
    Entry { t: usize, given: Vec<Block> },
}

impl Pointwise {
    /// ln p of every observation.
    pub(crate) fn ln_densities(&self) -> impl Iterator<Item = f64> {
        self.blocks.iter().flat_map(|block| block.without.iter().map(|without| block.ln_density - without))
    }

    fn add(&mut self, ln_density: Option<Real<f64>>) {
        self.blocks.extend(ln_density.map(|Real(ln_density)| Block { ln_density, without: vec![0.0] }));
    }

    /// Takes what was visited in the sum over a chain, but not for an entry, as pieces of it.
    fn close_pieces(&mut self) {
        self.chain.extend(self.blocks.drain(..).map(Piece::Apart));
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

    /// The sum over the paths of a chain, of `len` entries: with q_t(k) = p(z_t = k, D without D_t),
    ///     p(D without y) = sum_k q_t(k) p(D_t without y | k).
    fn of_paths(law: &PathLaw, len: usize, pieces: &[Piece]) -> Self {
        let states = law.states();
        let mut entries = vec![0.0; len * states];
        let mut of_entries = vec![Vec::new(); len];
        let mut apart = 0.0;
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Apart(block) => apart += block.ln_density,
                Piece::Entry { t, given } => {
                    let entry = entries.iter_mut().skip(t * states);
                    entry.zip(given).for_each(|(entry, block)| *entry += block.ln_density);
                    of_entries[*t].push((at, given));
                }
            }
        }
        let ln_density = apart + law.ln_total(&entries);
        let ln_others = law.ln_without_each(&entries);
        let mut without = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Apart(block) => {
                    without.extend(block.without.iter().map(|own| ln_density - block.ln_density + own));
                }
                Piece::Entry { t, given } => {
                    let observations = given.iter().map(|block| block.without.len()).min().unwrap_or(0);
                    // of the same entry, what other pieces say
                    let others = |k: usize| {
                        let others = of_entries[*t].iter().filter(|(other, _)| *other != at);
                        others.map(|(_, given)| given[k].ln_density).sum::<f64>()
                    };
                    let ln_given: Vec<f64> = (0..states).map(|k| ln_others[t * states + k] + others(k)).collect();
                    let left_out = |j: usize| {
                        let terms =
                            ln_given.iter().zip(given).map(|(ln_given, block)| Real(ln_given + block.without[j]));
                        apart + log_sum_exp(terms).0
                    };
                    without.extend((0..observations).map(left_out));
                }
            }
        }
        Self { ln_density, without }
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

    fn sum_chain<'a, D: ChainDistribution<f64>>(
        given: &mut Given<'a, Self>,
        _: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Given<'a, Self>),
    ) {
        let law = chain.law();
        let mut outer = std::mem::take(&mut given.observer.blocks);
        given.observer.states = law.states();
        body(given);
        given.observer.close_pieces();
        let pieces = std::mem::take(&mut given.observer.chain);
        outer.push(Block::of_paths(&law, chain.len, &pieces));
        given.observer.blocks = outer;
    }

    fn given_entry<'a>(given: &mut Given<'a, Self>, t: usize, body: impl Fn(&mut Given<'a, Self>, usize)) {
        given.observer.close_pieces();
        let each = (0..given.observer.states).map(|state| {
            body(given, state);
            Block::product(0.0, &std::mem::take(&mut given.observer.blocks))
        });
        let each = each.collect();
        given.observer.chain.push(Piece::Entry { t, given: each });
    }
}

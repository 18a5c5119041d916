//! Importance sampling from a mixture of heavy-tailed proposals.
//!
//! The weight of a proposal is f(u) / sum_c (n_c / n) q_c(u), whichever component c of n_c proposals it came from (Veach &
//! Guibas 1995). Its mean is Z whatever the components are, as long as they do not depend on the proposals themselves: what
//! weights tell of a better proposal is for the next theta.

use crate::linalg::gaussian::Gaussian;
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::sampling::heavy::HeavyTailed;
use crate::sampling::lattice::{Lattice, ln_density};
use crate::sampling::psis::{relative, top};
use crate::sampling::resample::systematic;
use nalgebra::DVector;
use rand_chacha::ChaCha8Rng;

/// Weights are bad where fewer than this part of the proposals count.
const BAD: f64 = 0.25;

/// A component of the mixture, and how many proposals came from it.
pub(crate) struct Component {
    proposal: HeavyTailed,
    count: usize,
}

impl Component {
    pub(crate) fn new(gaussian: Gaussian) -> Self {
        Self { proposal: HeavyTailed::new(gaussian), count: 0 }
    }
}

/// Proposals so far; buffers are kept from one theta to the next.
#[derive(Default)]
pub(crate) struct Sample {
    pub(crate) components: Vec<Component>,
    /// Row-major: a row a proposal.
    proposals: Vec<f64>,
    ln_f: Vec<f64>,
    /// Log density of each proposal under its own component.
    ln_q: Vec<f64>,
    /// Weights of the proposals, relative to their mean.
    pub(crate) weights: Vec<f64>,
    /// Estimate of ln Z.
    pub(crate) ln_z: f64,
}

impl Sample {
    pub(crate) fn clear(&mut self) {
        self.components.clear();
        self.proposals.clear();
        self.ln_f.clear();
        self.ln_q.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.ln_f.len()
    }

    pub(crate) fn proposal(&self, k: usize) -> &[f64] {
        let n = self.components[0].proposal.wide.mean.len();
        &self.proposals[k * n..(k + 1) * n]
    }

    /// Draws from a component and adds it; `ln_f` is the log density wanted.
    pub(crate) fn draw(
        &mut self,
        mut component: Component,
        count: usize,
        ln_f: &mut dyn FnMut(&[f64]) -> f64,
        rng: &mut ChaCha8Rng,
    ) {
        let n = component.proposal.wide.mean.len();
        let mut lattice = Lattice::shifted(n, rng);
        let (mut z, mut u) = (DVector::zeros(n), DVector::zeros(n));
        for _ in 0..count {
            self.ln_q.push(lattice.propose(&mut z, rng) - component.proposal.ln_det);
            u.copy_from(&component.proposal.wide.mean);
            u.gemv(1.0, &component.proposal.wide.root, &z, 1.0);
            self.ln_f.push(ln_f(u.as_slice()));
            self.proposals.extend_from_slice(u.as_slice());
        }
        component.count += count;
        self.components.push(component);
    }

    /// Weighs every proposal against the whole mixture.
    pub(crate) fn weigh(&mut self) {
        self.weights.clear();
        if let [_] = self.components[..] {
            self.weights.extend(self.ln_f.iter().zip(&self.ln_q).map(|(f, q)| f - q));
        } else {
            let n = self.components[0].proposal.wide.mean.len();
            let mut away = DVector::zeros(n);
            // a component without an inverse is a point, which gives nothing any density
            let inverses: Vec<_> = self.components.iter().map(|c| c.proposal.inverse()).collect();
            for (u, f) in self.proposals.chunks(n).zip(&self.ln_f) {
                let terms = self.components.iter().zip(&inverses).filter_map(|(c, inverse)| {
                    let share = c.count as f64 / self.ln_f.len() as f64;
                    inverse
                        .as_ref()
                        .map(|inverse| share.ln() + c.proposal.ln_density(inverse, u, &mut away, ln_density))
                });
                self.weights.push(f - log_sum_exp(terms.map(Real)).value());
            }
        }
        self.ln_z = normalise(&mut self.weights);
    }

    /// Whether so few proposals count that others are wanted.
    pub(crate) fn is_bad(&self) -> bool {
        let count = self.weights.len() as f64;
        let effective = count * count / self.weights.iter().map(|w| w * w).sum::<f64>();
        effective < (BAD * count).max(2.0)
    }

    /// The variance of ln Z, from how it differs between the first and the second halves of the components' proposals; too
    /// large where proposals fill space evenly, since the whole then has less than half the variance of a half.
    pub(crate) fn variance(&self) -> f64 {
        let mut from = 0;
        let mut difference = 0.0;
        for component in &self.components {
            let (first, second) = self.weights[from..from + component.count].split_at(component.count / 2);
            let odd = second.len() - first.len();
            difference += second[odd..].iter().sum::<f64>() - first.iter().sum::<f64>();
            from += component.count;
        }
        (difference / self.weights.len() as f64).powi(2)
    }

    /// Indices in proportion to the weights, evenly spread; `None` if all are 0.
    pub(crate) fn pick(&self, wanted: usize, rng: &mut ChaCha8Rng) -> Option<Vec<usize>> {
        systematic(&self.weights, wanted, rng)
    }
}

/// Turns log weights into weights relative to their mean, and returns the ln of it; +inf and NaN count as a weight of 0.
fn normalise(weights: &mut [f64]) -> f64 {
    let top = top(weights);
    if top == f64::NEG_INFINITY {
        weights.fill(0.0);
        return top;
    }
    for w in weights.iter_mut() {
        *w = relative(*w, top);
    }
    let mean = weights.iter().sum::<f64>() / weights.len() as f64;
    for w in weights.iter_mut() {
        *w /= mean;
    }
    top + mean.ln()
}

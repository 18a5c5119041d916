//! A chain z of discrete latents, and the sum over its paths.
//!
//! With l_t(k) = ln p(D_t | z_t = k) of the data of each entry, all paths together have
//!
//! ```text
//! ln p(D) = ln sum_z P(z) exp(sum_t l_t(z_t))
//! ```
//!
//! in n K^2 operations (Baum et al. 1970), and of its derivatives the first are expectations over paths given the data:
//!
//! ```text
//! d ln p(D) = sum_t sum_k P(z_t = k | D) d l_t(k) + E[d ln P(z) | D]
//! ```

use crate::dist::ChainDistribution;
use crate::numbers::{Number, Param, Real};
use crate::sampling::paths::PathLaw;

/// A chain of so many entries.
#[derive(Clone, Debug)]
pub struct Chain<D> {
    /// n, the number of entries.
    pub len: usize,
    /// The distribution.
    pub dist: D,
}

impl<D> Chain<D> {
    /// The law of its paths, as plain numbers.
    pub(crate) fn law<N: Number>(&self) -> PathLaw
    where
        D: ChainDistribution<N>,
    {
        let states = self.dist.num_states();
        let first = (0..states).map(|k| self.dist.first(k).value()).collect();
        let steps = (0..states).flat_map(|from| (0..states).map(move |to| (from, to)));
        PathLaw::new(self.len, first, steps.map(|(from, to)| self.dist.step(from, to).value()).collect())
    }

    /// ln p(D), from ln p(D_t | z_t = k), K numbers an entry.
    pub(crate) fn ln_total<N: Number>(&self, ln_densities: &[Real<N>]) -> Real<N>
    where
        D: ChainDistribution<N>,
    {
        let law = self.law();
        let values: Vec<f64> = ln_densities.iter().copied().map(Real::value).collect();
        if N::ORDER == 0 {
            return Real::constant(law.ln_total(&values));
        }
        let (given, ln_total) = law.given(&values);
        let marginals = given.marginals();
        let mut total = N::computed(ln_total);
        for (ln_density, p) in ln_densities.iter().zip(&marginals).filter(|(_, p)| **p > 0.0) {
            total.add_partial(ln_density.0, *p);
        }
        if self.len == 0 {
            return Real(total);
        }
        let states = law.states();
        let ln = |parameter: Option<N>| parameter.filter(|p| p.value() > 0.0).map(N::ln);
        let path = Expected {
            first: (0..states).map(|k| ln(self.dist.first(k).varying())).collect(),
            steps: (0..states * states).map(|at| ln(self.dist.step(at / states, at % states).varying())).collect(),
            counts: given.expected_steps(&marginals),
            marginals,
            given,
        };
        path.add_first(&mut total);
        if N::ORDER >= 2 && ln_total.is_finite() {
            path.add_covariance(&mut total, ln_densities);
        }
        Real(total)
    }
}

/// What paths do given the data, and the logarithms of the probabilities of what they do, of those that vary.
struct Expected<N> {
    given: PathLaw,
    /// P(z_t = k | D), K numbers an entry.
    marginals: Vec<f64>,
    /// E of the number of steps from each state to each.
    counts: Vec<f64>,
    first: Vec<Option<N>>,
    steps: Vec<Option<N>>,
}

impl<N: Number> Expected<N> {
    /// Adds E\[d ln P(z) | D\].
    fn add_first(&self, total: &mut N) {
        let Self { given, counts, first, steps, .. } = self;
        for (ln_p, expected) in first.iter().zip(given.first()).chain(steps.iter().zip(counts)) {
            if let Some(ln_p) = ln_p {
                total.add_partial(*ln_p, *expected);
            }
        }
    }

    /// Adds what second derivatives have beside expectations, the covariance over paths of the first derivatives of
    /// ln P(z) + sum_t l_t(z_t) (Louis 1982). Backwards: with w_t(k) = d l_t(k) + m_t(k), where m_t(k) is the expectation of
    /// what is behind entry t given z_t = k, it is the sum over entries and states of
    ///
    /// ```text
    /// P(z_t = k | D) (w_t(k) w_t(k)' - m_t(k) m_t(k)')
    /// ```
    ///
    /// and what the probabilities of steps, and of the first state, add to w.
    fn add_covariance(&self, total: &mut N, ln_densities: &[Real<N>]) {
        let Self { given, marginals, steps, .. } = self;
        let states = given.states();
        let mut behind = vec![N::constant(0.0); states];
        let mut with_own = vec![N::constant(0.0); states];
        let mut of_steps = vec![N::constant(0.0); states * states];
        for t in (0..ln_densities.len() / states).rev() {
            let at = t * states..(t + 1) * states;
            for (k, (ln_density, p)) in ln_densities[at.clone()].iter().zip(&marginals[at]).enumerate() {
                let mut w = behind[k];
                w.add_first(ln_density.0, 0.5);
                total.add_cross(ln_density.0, w, *p);
                w.add_first(ln_density.0, 0.5);
                with_own[k] = w;
            }
            let Some(before) = t.checked_sub(1) else { break };
            for (from, mean) in behind.iter_mut().enumerate() {
                *mean = N::constant(0.0);
                let there = marginals[before * states + from];
                for (to, share) in given.row(before, from).iter().enumerate().filter(|(_, share)| **share > 0.0) {
                    let step = from * states + to;
                    mean.add_first(with_own[to], *share);
                    if let Some(ln_p) = steps[step] {
                        mean.add_first(ln_p, *share);
                        of_steps[step].add_first(with_own[to], there * share);
                    }
                }
            }
        }
        self.add_covariance_of_law(total, &with_own, &of_steps);
    }

    /// Adds the part of the probabilities, where `with_own` is w_0, and `of_steps` has for each step the sum over t of
    /// P(z_t = j, z_(t+1) = k | D) w_(t+1)(k).
    fn add_covariance_of_law(&self, total: &mut N, with_own: &[N], of_steps: &[N]) {
        let Self { given, counts, first, steps, .. } = self;
        let mut mean = N::constant(0.0);
        for (k, p) in given.first().iter().enumerate() {
            mean.add_first(with_own[k], *p);
            if let Some(ln_p) = first[k] {
                mean.add_first(ln_p, *p);
                total.add_square(ln_p, *p);
                total.add_cross(ln_p, with_own[k], *p);
            }
        }
        total.add_square(mean, -1.0);
        for (step, ln_p) in steps.iter().enumerate() {
            if let Some(ln_p) = *ln_p {
                total.add_square(ln_p, counts[step]);
                total.add_cross(ln_p, of_steps[step], 1.0);
            }
        }
    }
}

#[cfg(test)]
mod tests;

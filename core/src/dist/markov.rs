//! A Markov chain z of n entries, each one of K states: P(z_0 = k) = first\[k\], P(z_(t+1) = k | z_t = j) = step\[j\]\[k\].
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

use crate::dist::check::{check_len, check_probabilities};
use crate::error::Invalid;
use crate::numbers::param_rows::{ParamRows, Row};
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};
use crate::sampling::paths::PathLaw;

/// Markov chain of hidden states: `state[t in 0..n] ~ Markov(first, step)`, each entry the number of one of K states, from 0.
///
/// `first` is a vector ([`ParamVec`]) of the K probabilities of the first state, `step` has a row of K probabilities for each
/// state ([`ParamRows`]): where the chain goes from there.
#[derive(Clone, Copy, Debug)]
pub struct Markov<F, S>(pub F, pub S);

/// A distribution that a chain of discrete latents can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the distribution of a chain of discrete latents",
    label = "not a `Markov(first, step)`: probabilities of the first state, and a row of them for each state"
)]
pub trait ChainDistribution<N: Number>: Clone {
    /// K, how many states there are: 0, 1, ...
    fn num_states(&self) -> usize;

    /// The probability that the chain begins with state `k`.
    fn first(&self, k: usize) -> impl Param<N>;

    /// The probability that state `to` follows state `from`.
    fn step(&self, from: usize, to: usize) -> impl Param<N>;

    /// Whether the parameters are valid; called before a fit, not while it runs.
    ///
    /// # Errors
    /// The parameter that is not.
    fn check(&self) -> Result<(), Invalid>;
}

impl<N: Number, F: ParamVec<N> + Clone, S: ParamRows<N> + Clone> ChainDistribution<N> for Markov<F, S> {
    fn num_states(&self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn first(&self, k: usize) -> impl Param<N> {
        self.0.entry(k)
    }
    #[inline(always)]
    fn step(&self, from: usize, to: usize) -> impl Param<N> {
        self.1.entry(from, to)
    }

    fn check(&self) -> Result<(), Invalid> {
        let (states, rows) = (self.0.len(), self.1.num_rows());
        check_probabilities("Markov", "first", &self.0)?;
        check_len("Markov", "step.len()", rows, states, "as many rows as `first` has entries")?;
        for from in 0..rows {
            check_len("Markov", "step[..].len()", self.1.row_len(from), states, "as many as `first` has entries")?;
            check_probabilities("Markov", "step[..]", &Row(&self.1, from))?;
        }
        Ok(())
    }
}

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
        let values: Vec<f64> = ln_densities.iter().map(|ln_density| ln_density.value()).collect();
        if N::ORDER == 0 {
            return Real::constant(law.ln_total(&values));
        }
        let (given, ln_total) = law.given(&values);
        if N::ORDER >= 2 && ln_total.is_finite() {
            return self.recursion(ln_total, &given, ln_densities);
        }
        let mut total = N::computed(ln_total);
        let marginals = given.marginals();
        for (ln_density, p) in ln_densities.iter().zip(&marginals).filter(|(_, p)| **p > 0.0) {
            total.add_partial(ln_density.0, *p);
        }
        if self.len > 0 {
            let mut add = |parameter: Option<N>, expected: f64, p: f64| {
                if let Some(parameter) = parameter.filter(|_| p > 0.0) {
                    total.add_partial(parameter, expected / p);
                }
            };
            let expected = given.expected_steps(&marginals);
            let states = law.states();
            (0..states).for_each(|k| add(self.dist.first(k).varying(), given.first()[k], law.first()[k]));
            for from in 0..states {
                for (to, p) in law.row(0, from).iter().enumerate() {
                    add(self.dist.step(from, to).varying(), expected[from * states + to], *p);
                }
            }
        }
        Real(total)
    }

    /// The same with second derivatives: backwards, ln b_t(j) = ln sum_k P(j, k) exp(l_(t+1)(k) + ln b_(t+1)(k)), of which only
    /// the derivatives are carried, since a path's law given the data knows the shares of the terms.
    fn recursion<N: Number>(&self, ln_total: f64, given: &PathLaw, ln_densities: &[Real<N>]) -> Real<N>
    where
        D: ChainDistribution<N>,
    {
        let states = given.states();
        if self.len == 0 {
            return Real::constant(ln_total);
        }
        let first: Vec<Real<N>> = (0..states).map(|k| self.dist.first(k).real().ln()).collect();
        let row = |from: usize| (0..states).map(move |to| self.dist.step(from, to).real().ln());
        let steps: Vec<Vec<Real<N>>> = (0..states).map(|from| row(from).collect()).collect();
        let mut behind = ln_densities[(self.len - 1) * states..].to_vec();
        let mut sums = Vec::with_capacity(states);
        for t in (0..self.len - 1).rev() {
            sums.clear();
            sums.extend((0..states).map(|from| ln_sum(0.0, given.row(t, from), &steps[from], &behind)));
            let here = &ln_densities[t * states..(t + 1) * states];
            behind.iter_mut().zip(here).zip(&sums).for_each(|((behind, here), sum)| *behind = *here + *sum);
        }
        ln_sum(ln_total, given.first(), &first, &behind)
    }
}

/// The number of that value with the derivatives of ln sum_k exp(x_k), x = a + b, whose terms have these shares p of the sum:
/// with m = sum_k p_k x_k,
///
/// ```text
/// d = d m,  d2 = d2 m + sum_k p_k dx_k dx_k' - dm dm'
/// ```
#[inline(always)]
fn ln_sum<N: Number>(value: f64, shares: &[f64], a: &[Real<N>], b: &[Real<N>]) -> Real<N> {
    let (mut mean, mut squares) = (N::computed(value), N::computed(0.0));
    for ((p, a), b) in shares.iter().zip(a).zip(b).filter(|((p, _), _)| **p > 0.0) {
        let x = (*a + *b).0;
        mean.add_partial(x, *p);
        squares.add_square(x, *p);
    }
    squares.add_square(mean, -1.0);
    Real(mean) + Real(squares)
}

#[cfg(test)]
mod tests;

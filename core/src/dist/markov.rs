//! A Markov chain z of n entries, each one of K states: P(z_0 = k) = first\[k\], P(z_(t+1) = k | z_t = j) = step\[j\]\[k\].

use crate::dist::check::{check_len, check_probabilities};
use crate::error::Invalid;
use crate::numbers::param_rows::{ParamRows, Row};
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param};

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

#[cfg(test)]
mod tests;

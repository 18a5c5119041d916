//! Paths of a Markov chain of finitely many states, one entry after another.
//!
//! Given a density of each entry's data, summed backwards (Fruehwirth-Schnatter 2006, sections 11.2 and 11.5):
//!
//! ```text
//! b_t(j) = sum_k P_t(j, k) p(D_(t+1) | k) b_(t+1)(k),  b of the last entry = 1
//! p(D) = sum_k P(z_0 = k) p(D_0 | k) b_0(k)
//! P(z_(t+1) = k | z_t = j, D) = P_t(j, k) p(D_(t+1) | k) b_(t+1)(k) / b_t(j)
//! ```
//!
//! so that what is known of a path is a Markov chain again, whose steps differ.

/// The law of a path: where it begins, and where it goes from each entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PathLaw {
    /// K.
    states: usize,
    /// How many entries a path has.
    len: usize,
    /// P(z_0), K probabilities.
    first: Vec<f64>,
    /// P(z_(t+1) | z_t): a row of K probabilities a state, K rows a step, or K rows for all of them.
    steps: Vec<f64>,
}

/// Below this a sum of products may have lost terms that are no number by themselves.
const TINY: f64 = 1e-280;

impl PathLaw {
    /// Paths of `len` entries that begin with one of the states in `first`, and all of whose steps have the same K rows of K
    /// probabilities.
    pub(crate) fn new(len: usize, first: Vec<f64>, steps: Vec<f64>) -> Self {
        Self { states: first.len(), len, first, steps }
    }

    /// Paths of one state that cannot be drawn.
    pub(crate) fn impossible(len: usize) -> Self {
        Self::new(len, vec![0.0], vec![0.0])
    }

    /// K.
    pub(crate) fn states(&self) -> usize {
        self.states
    }

    /// P(z_0), K probabilities.
    pub(crate) fn first(&self) -> &[f64] {
        &self.first
    }

    /// P(z_(t+1) | z_t = from), K probabilities.
    pub(crate) fn row(&self, t: usize, from: usize) -> &[f64] {
        let square = self.states * self.states;
        let at = if self.steps.len() == square { 0 } else { t * square } + from * self.states;
        &self.steps[at..at + self.states]
    }

    /// ln p(D), from ln p(D_t | k), K numbers an entry.
    pub(crate) fn ln_total(&self, ln_densities: &[f64]) -> f64 {
        let mut row = vec![0.0; self.states];
        self.backwards(ln_densities, |_, _, p, behind| behind.condition(p, &mut row))
    }

    /// The law of a path given the data, and ln p(D). From where the data cannot be, the law is as before.
    pub(crate) fn given(&self, ln_densities: &[f64]) -> (Self, f64) {
        let (states, square) = (self.states, self.states * self.states);
        let mut first = self.first.clone();
        let mut steps = vec![0.0; square * self.len.saturating_sub(1)];
        let ln_total = self.backwards(ln_densities, |t, from, p, behind| {
            let row = t.map_or(&mut first[..], |t| &mut steps[t * square + from * states..][..states]);
            behind.condition(p, row)
        });
        // a path of one entry has no steps, and one of none has nothing
        let steps = if steps.is_empty() { self.steps.clone() } else { steps };
        (Self { states, len: self.len, first, steps }, ln_total)
    }

    /// ln P(z_t = k, D without D_t), K numbers an entry.
    pub(crate) fn ln_without_each(&self, ln_densities: &[f64]) -> Vec<f64> {
        let states = self.states;
        let mut out = vec![0.0; ln_densities.len()];
        // ln b_t
        self.backwards(ln_densities, |t, from, p, behind| {
            let ln_behind = behind.condition(p, &mut vec![0.0; states]);
            if let Some(t) = t {
                out[t * states + from] = ln_behind;
            }
            ln_behind
        });
        let mut ln_before: Vec<f64> = self.first.iter().map(|p| p.ln()).collect();
        for t in 0..self.len {
            let here = t * states..(t + 1) * states;
            let with_own: Vec<f64> = ln_before.iter().zip(&ln_densities[here.clone()]).map(|(a, b)| a + b).collect();
            out[here].iter_mut().zip(&ln_before).for_each(|(out, before)| *out += before);
            if t + 1 < self.len {
                let behind = Weighed::new(&with_own);
                let column = |to: usize| (0..states).map(|from| self.row(t, from)[to]).collect::<Vec<f64>>();
                ln_before = (0..states).map(|to| behind.condition(&column(to), &mut vec![0.0; states])).collect();
            }
        }
        out
    }

    /// P(z_t = k), K numbers an entry.
    pub(crate) fn marginals(&self) -> Vec<f64> {
        let states = self.states;
        let mut out = vec![0.0; self.len * states];
        for t in 0..self.len {
            let (before, here) = out.split_at_mut(t * states);
            if t == 0 {
                here[..states].copy_from_slice(&self.first);
                continue;
            }
            for (from, p) in before[(t - 1) * states..].iter().enumerate().filter(|(_, p)| **p > 0.0) {
                here.iter_mut().zip(self.row(t - 1, from)).for_each(|(here, step)| *here += p * step);
            }
        }
        out
    }

    /// E of the number of steps from each state to each, K rows of K, given [`marginals`](Self::marginals).
    pub(crate) fn expected_steps(&self, marginals: &[f64]) -> Vec<f64> {
        let states = self.states;
        let mut out = vec![0.0; states * states];
        for t in 1..self.len {
            for from in 0..states {
                let p = marginals[(t - 1) * states + from];
                let to = &mut out[from * states..(from + 1) * states];
                to.iter_mut().zip(self.row(t - 1, from)).for_each(|(out, step)| *out += p * step);
            }
        }
        out
    }

    /// A path, of which each entry is drawn with the probabilities that are handed out; 0 where none can be.
    pub(crate) fn draw(&self, mut entry: impl FnMut(&[f64]) -> Option<usize>) -> Vec<usize> {
        let mut path: Vec<usize> = Vec::with_capacity(self.len);
        for t in 0..self.len {
            let probabilities = path.last().map_or(self.first(), |from| self.row(t - 1, *from));
            path.push(entry(probabilities).unwrap_or(0));
        }
        path
    }

    /// The law under which this path is certain.
    pub(crate) fn certain(&self, path: &[usize]) -> Self {
        let states = self.states;
        let unit = |state: usize| (0..states).map(move |k| if k == state { 1.0 } else { 0.0 });
        let Some(begin) = path.first() else { return self.clone() };
        let steps: Vec<f64> = path[1..].iter().flat_map(|to| (0..states).flat_map(|_| unit(*to))).collect();
        let steps = if steps.is_empty() { self.steps.clone() } else { steps };
        Self { states, len: self.len, first: unit(*begin).collect(), steps }
    }

    /// Paths of `len` entries, the first as this law says, those behind its end as the other, all of whose steps are alike.
    pub(crate) fn continued(&self, by: &Self) -> Self {
        if self.states != by.states || self.len == 0 {
            return by.clone();
        }
        let rows = (1..by.len).flat_map(|t| (0..by.states).map(move |from| (t, from)));
        let row = |(t, from): (usize, usize)| if t < self.len { self.row(t - 1, from) } else { by.row(t - 1, from) };
        let steps: Vec<f64> = rows.flat_map(row).copied().collect();
        let steps = if steps.is_empty() { by.steps.clone() } else { steps };
        Self { states: by.states, len: by.len, first: self.first.clone(), steps }
    }

    /// Sums backwards: `condition` is shown each row of probabilities, with the step and the state that it goes from (neither
    /// for where a path begins) and the weights of where it goes, and says ln of their sum. That of the last is ln p(D).
    fn backwards(
        &self,
        ln_densities: &[f64],
        mut condition: impl FnMut(Option<usize>, usize, &[f64], &Weighed<'_>) -> f64,
    ) -> f64 {
        if self.len == 0 {
            return 0.0;
        }
        let states = self.states;
        let mut weights = ln_densities[(self.len - 1) * states..].to_vec();
        let mut ln_behind = vec![0.0; states];
        let mut exps = Vec::with_capacity(states);
        for t in (0..self.len - 1).rev() {
            let behind = Weighed::with_space(&weights, exps);
            for (from, ln_behind) in ln_behind.iter_mut().enumerate() {
                *ln_behind = condition(Some(t), from, self.row(t, from), &behind);
            }
            exps = behind.exps;
            let here = &ln_densities[t * states..(t + 1) * states];
            weights.iter_mut().zip(here).zip(&ln_behind).for_each(|((weight, here), behind)| *weight = here + behind);
        }
        condition(None, 0, &self.first, &Weighed::with_space(&weights, exps))
    }
}

/// Weights by their logarithms.
struct Weighed<'a> {
    ln_weights: &'a [f64],
    /// The largest of them.
    largest: f64,
    /// The weights over the largest.
    exps: Vec<f64>,
}

impl<'a> Weighed<'a> {
    fn new(ln_weights: &'a [f64]) -> Self {
        Self::with_space(ln_weights, Vec::new())
    }

    fn with_space(ln_weights: &'a [f64], mut exps: Vec<f64>) -> Self {
        let largest = ln_weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        exps.clear();
        exps.extend(ln_weights.iter().map(|ln_weight| (ln_weight - largest).exp()));
        Self { ln_weights, largest, exps }
    }

    /// ln sum_k p(k) w(k), and p(k) w(k) over that sum; p where nothing is possible.
    fn condition(&self, p: &[f64], out: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for ((out, p), exp) in out.iter_mut().zip(p).zip(&self.exps) {
            *out = p * exp;
            sum += *out;
        }
        if sum > TINY {
            let recip = sum.recip();
            for out in out {
                *out *= recip;
            }
            return self.largest + sum.ln();
        }
        self.condition_exactly(p, out)
    }

    /// The same where the largest weight is that of what is all but impossible.
    #[cold]
    fn condition_exactly(&self, p: &[f64], out: &mut [f64]) -> f64 {
        let terms = || {
            p.iter()
                .zip(self.ln_weights)
                .map(|(p, ln_weight)| if *p > 0.0 { p.ln() + ln_weight } else { f64::NEG_INFINITY })
        };
        let largest = terms().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY && !terms().any(f64::is_nan) {
            out.copy_from_slice(p);
            return f64::NEG_INFINITY;
        }
        let ln_sum = largest + terms().map(|term| (term - largest).exp()).sum::<f64>().ln();
        out.iter_mut().zip(terms()).for_each(|(out, term)| *out = (term - ln_sum).exp());
        ln_sum
    }
}

#[cfg(test)]
mod tests;

//! Chains of theta, all a step at a time: what the weights of independent draws tell, by another method.

use crate::correct::pool::Pool;
use crate::correct::proposal::Proposal;
use crate::linalg::gaussian;
use crate::posterior::mc_error::{Dependence, Moments};
use crate::sampling::convergence::Convergence;
use crate::sampling::elliptical::{Look, Reference, Walker};
use crate::sampling::psis::smooth;
use crate::sampling::stream::Stream;
use nalgebra::DVector;
use std::ops::Range;

/// How many chains there are.
pub(crate) const CHAINS: usize = 16;
/// States that a chain forgets where it started in, at most, and the part of it that they are.
const FORGETTING: usize = 20;
const FORGOTTEN: usize = 4;
/// Chains agree where the means of all coordinates are known to so many standard deviations.
const QUIET: f64 = 0.12;
/// Until they do they go on by a third of what they should have been.
const PARTS: usize = 3;

/// Finds the densities of thetas.
pub(crate) trait AskAt {
    /// Adds thetas whose coordinates that are proposed are these to the pool.
    fn at(&mut self, coordinates: Vec<DVector<f64>>, pool: &mut Pool);

    /// Whether there is no more time.
    fn is_up(&self) -> bool;
}

/// Chains under way.
pub(crate) struct Walk {
    walkers: Vec<Walker>,
    /// Of each chain, where its states are in `asked`: the start, and then one a step.
    states: Vec<Vec<usize>>,
    /// All thetas that were asked about.
    asked: Pool,
    /// How many states of each chain are of a flattened posterior, and under which reference.
    flat: Option<(usize, Reference)>,
}

/// States as rows of coordinates, with weights that are 1 for one that counts fully.
pub(crate) struct Rows<'w> {
    pub(crate) rows: Vec<&'w [f64]>,
    pub(crate) weights: Vec<f64>,
}

impl Walk {
    /// Chains from these places; `asked` is empty.
    pub(crate) fn from<A: AskAt + ?Sized>(starts: Vec<DVector<f64>>, seed: u64, mut asked: Pool, ask: &mut A) -> Self {
        let chains = starts.len();
        ask.at(starts.clone(), &mut asked);
        let ln_p = asked.ln_p_of_last(chains);
        let walker = |(i, (at, ln_p)): (usize, (DVector<f64>, f64))| {
            Walker::new(at, ln_p, Stream::Chain { number: i as u64 }.of(seed))
        };
        let walkers = starts.into_iter().zip(ln_p).enumerate().map(walker).collect();
        Self { walkers, states: (0..chains).map(|i| vec![i]).collect(), asked, flat: None }
    }

    /// Chains that start where these ended, and know nothing else of them.
    pub(crate) fn began_again<A: AskAt + ?Sized>(&self, seed: u64, ask: &mut A) -> Self {
        let rows = self.asked.rows();
        let end = |states: &Vec<usize>| DVector::from_column_slice(rows[states[states.len() - 1]]);
        Self::from(self.states.iter().map(end).collect(), seed, self.asked.of_theta_alone(), ask)
    }

    /// Goes on under a reference that flattens the posterior, to find what is apart under it.
    pub(crate) fn flat_until<A: AskAt + ?Sized>(&mut self, looks: usize, reference: &Reference, ask: &mut A) {
        let flattened = reference.flattened();
        self.until(looks, &flattened, ask);
        self.flat = Some((self.length(), flattened));
    }

    /// Goes on until so many thetas were asked about and the step under way is over, as long as there is time.
    pub(crate) fn until<A: AskAt + ?Sized>(&mut self, looks: usize, reference: &Reference, ask: &mut A) {
        while self.asked.len() < looks && self.step(reference, ask) {}
    }

    /// Until the first of so many thetas; on, where chains do not agree by then, but not much further than the last.
    pub(crate) fn until_quiet<A: AskAt + ?Sized>(&mut self, looks: Range<usize>, reference: &Reference, ask: &mut A) {
        self.until(looks.start, reference, ask);
        while self.noise() >= QUIET && self.looks() < looks.end && !ask.is_up() {
            self.until(self.looks() + looks.start.div_ceil(PARTS), reference, ask);
        }
    }

    /// So many steps of every chain; whether there was time for them.
    pub(crate) fn steps<A: AskAt + ?Sized>(&mut self, steps: usize, reference: &Reference, ask: &mut A) -> bool {
        (0..steps).all(|_| self.step(reference, ask))
    }

    /// A step of every chain; whether there was time for it.
    fn step<A: AskAt + ?Sized>(&mut self, reference: &Reference, ask: &mut A) -> bool {
        let wanted = self.length() + 1;
        loop {
            let on: Vec<usize> = (0..self.walkers.len()).filter(|&i| self.states[i].len() < wanted).collect();
            if on.is_empty() || ask.is_up() {
                return on.is_empty();
            }
            let looks: Vec<DVector<f64>> = on.iter().map(|&i| self.walkers[i].next(reference)).collect();
            let first = self.asked.len();
            ask.at(looks.clone(), &mut self.asked);
            let found = self.asked.ln_p_of_last(looks.len());
            for (k, ((&i, look), ln_p)) in on.iter().zip(looks).zip(found).enumerate() {
                let states = &mut self.states[i];
                match self.walkers[i].told(look, ln_p, reference) {
                    Look::On => {}
                    Look::Stayed => states.push(states[states.len() - 1]),
                    Look::Moved => states.push(first + k),
                }
            }
        }
    }

    /// How many thetas were asked about.
    pub(crate) fn looks(&self) -> usize {
        self.asked.len()
    }

    /// How many states every chain has by now, its start included.
    fn length(&self) -> usize {
        self.states.iter().map(Vec::len).min().unwrap_or(0)
    }

    /// States of each chain that count: all but those in which it forgets where it started.
    pub(crate) fn len(&self) -> usize {
        let steps = self.length() - self.flat_steps();
        steps - (steps / FORGOTTEN).clamp(1.min(steps), FORGETTING)
    }

    fn flat_steps(&self) -> usize {
        self.flat.as_ref().map_or(0, |flat| flat.0)
    }

    /// How far the mean of a coordinate may be off, in standard deviations, by the differences between chains; the worst.
    pub(crate) fn noise(&self) -> f64 {
        if self.len() < 2 {
            return f64::INFINITY;
        }
        let (all, states) = (self.asked.rows(), self.counting().collect::<Vec<_>>());
        let equal = vec![(states.len() as f64).recip(); states.len()];
        let error = |j: usize| {
            let column: Vec<f64> = states.iter().map(|&s| all[s][j]).collect();
            let Moments { sd, error_of_mean, .. } = Moments::of(&column, &equal, &Dependence::Clusters(self.len()));
            error_of_mean / sd
        };
        (0..all[0].len()).map(error).fold(0.0, f64::max)
    }

    /// Where the states that count are, chain after chain.
    fn counting(&self) -> impl Iterator<Item = usize> + '_ {
        let (to, len) = (self.length(), self.len());
        self.states.iter().flat_map(move |states| states[to - len..to].iter().copied())
    }

    /// The coordinates of all states that tell where the posterior is; those of the flattened one by their weights.
    pub(crate) fn rows(&self) -> Rows<'_> {
        let all = self.asked.rows();
        let mut states: Vec<usize> = self.counting().collect();
        let mut weights = vec![1.0; states.len()];
        if let Some((steps, reference)) = &self.flat {
            let ln_p = self.asked.ln_p();
            let flat: Vec<usize> = self.states.iter().flat_map(|states| states[..*steps].iter().copied()).collect();
            let ln_weight = |&s: &usize| reference.ln_weight(&DVector::from_column_slice(all[s]), ln_p[s]);
            let ln_weights: Vec<f64> = flat.iter().map(ln_weight).collect();
            if let Some(smoothed) = smooth(&ln_weights) {
                weights.extend(smoothed.weights.iter().map(|w| w * smoothed.effective));
                states.extend(flat);
            }
        }
        Rows { rows: states.iter().map(|&s| all[s]).collect(), weights }
    }

    /// Whether the chains agree on the coordinates that are proposed, and what their states are worth; of the worst.
    pub(crate) fn convergence(&self) -> Option<Convergence> {
        let (all, states) = (self.asked.rows(), self.counting().collect::<Vec<_>>());
        let of = |j: usize| Convergence::of(&states.iter().map(|&s| all[s][j]).collect::<Vec<_>>(), self.states.len());
        (0..all[0].len()).map(of).reduce(Convergence::worse)
    }

    /// The thetas of about so many states at most, evenly spread over each chain; and how many there are of each.
    pub(crate) fn kept(&self, most: usize) -> (Vec<Vec<f64>>, usize) {
        let stride = (self.len() * self.states.len()).div_ceil(most);
        let each = self.len().div_ceil(stride);
        let thetas: Vec<&[f64]> = self.thetas().collect();
        let kept = thetas.chunks(self.len()).flat_map(|chain| chain.iter().step_by(stride));
        (kept.map(|theta| theta.to_vec()).collect(), each)
    }

    /// What ellipses are taken from where the posterior is as these states tell; `None` where they have no spread.
    pub(crate) fn learned(&self) -> Option<Reference> {
        let Rows { rows, weights } = self.rows();
        let points = || rows.iter().copied().zip(weights.iter().copied());
        Reference::new(gaussian::Moments::of(rows.first()?.len(), points).gaussian()?)
    }

    /// Their thetas.
    pub(crate) fn thetas(&self) -> impl Iterator<Item = &[f64]> {
        let globals = self.asked.globals;
        self.counting().map(move |state| &self.asked.theta[state * globals..(state + 1) * globals])
    }

    /// ln p - ln q of each, as weights have it.
    pub(crate) fn ln_weights<'a>(&'a self, proposal: &'a Proposal) -> impl Iterator<Item = f64> + 'a {
        let (all, ln_p) = (self.asked.rows(), self.asked.ln_p());
        self.counting().map(move |state| ln_p[state] - proposal.ln_density(all[state]))
    }
}

//! How precisely weighted draws tell means and standard deviations.

use crate::density::Density;
use crate::density::program::{Numbers, unscored};
use crate::posterior::columns::{global_columns, local_columns};
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::mc_error::{Dependence, Moments, Tails};
use rayon::prelude::*;

/// Monte Carlo errors are to be below this: of a mean, in standard deviations, and of a standard deviation, relatively.
pub(crate) const PRECISE: f64 = 0.05;

/// A spread below this part of the mean is none.
const ROUNDING: f64 = 1e-13;

/// Which number of which level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// `None` for the globals.
    pub(crate) task: Option<usize>,
    /// Counts the values of latents that have coordinates.
    pub(crate) number: usize,
}

/// Relative Monte Carlo errors of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Imprecision {
    pub(crate) place: Place,
    /// In standard deviations.
    pub(crate) of_mean: f64,
    /// In parts of itself.
    pub(crate) of_sd: f64,
}

impl Imprecision {
    /// The larger of the two.
    pub(crate) fn worst(&self) -> f64 {
        self.of_mean.max(self.of_sd)
    }
}

/// How precise an answer is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Precision {
    /// The numbers that have larger errors than they should.
    pub(crate) imprecise: Vec<Imprecision>,
    /// Globals whose standard deviation may be short by more than any error says: proposals reach their tails too seldom.
    pub(crate) unreached: Vec<Place>,
    /// Globals whose tails are so heavy that draws know no standard deviation.
    pub(crate) heavy: Vec<Place>,
}

impl Precision {
    /// The largest error that so many times the draws make small enough; of heavy tails errors are beyond that.
    pub(crate) fn worst_within(&self, times: f64) -> f64 {
        let worst = self.imprecise.iter().map(Imprecision::worst);
        worst.filter(|worst| *worst <= PRECISE * times.sqrt()).fold(0.0, f64::max)
    }

    fn see(&mut self, place: Place, moments: &Moments, tails: Tails) {
        let Moments { mean, sd, error_of_mean, error_of_sd } = moments;
        // a number without spread but for rounding has no relative error
        if *sd <= ROUNDING * mean.abs() {
            return;
        }
        match tails {
            Tails::Known => {}
            Tails::Heavy => self.heavy.push(place),
            Tails::Unreached => self.unreached.push(place),
        }
        let found = Imprecision { place, of_mean: error_of_mean / sd, of_sd: error_of_sd / sd };
        // nor has one without a finite spread
        if found.worst().is_finite() && found.worst() > PRECISE {
            self.imprecise.push(found);
        }
    }
}

/// Weighted draws of a density, written centred.
pub(crate) struct Drawn<'a> {
    /// Row-major, a row a draw.
    pub(crate) theta: &'a [f64],
    pub(crate) globals: usize,
    /// By task, row-major.
    pub(crate) phi: Vec<&'a [f64]>,
    /// Sum to 1.
    pub(crate) weights: &'a [f64],
    pub(crate) dependence: Dependence,
}

impl<'a> Drawn<'a> {
    /// Those of a correction.
    pub(crate) fn of(posterior: &'a WeightedDraws) -> Self {
        let WeightedDraws { theta, globals, weights, locals, dependence, .. } = posterior;
        let phi = match locals {
            LocalDraws::Drawn(tables) => tables.iter().map(Vec::as_slice).collect(),
            LocalDraws::Gaussian { .. } => Vec::new(),
        };
        Self { theta, globals: *globals, phi, weights, dependence: dependence.clone() }
    }

    fn theta(&self, draw: usize) -> &[f64] {
        &self.theta[draw * self.globals..(draw + 1) * self.globals]
    }

    /// How precisely they tell every latent number of the density's, but for the probabilities of discrete latents: most of
    /// those are near 0 or 1, where many times the draws would tell no more of use.
    pub(crate) fn precision(&self, density: &Density<'_>) -> Precision {
        let (program, draws) = (&*density.program, self.weights.len());
        let mut precision = Precision::default();
        let globals = global_columns(program, (0..draws).map(|s| self.theta(s)));
        let moments = globals.moments(self.weights, &self.dependence);
        for (number, (moments, tails)) in moments.iter().zip(globals.tails(self.weights, &moments)).enumerate() {
            precision.see(Place { task: None, number }, moments, tails);
        }
        let non_centred = &density.open.tasks.non_centred;
        let are_values = density.layout.identity && !non_centred.contains(&true);
        let mask = (!are_values).then(|| unscored(&program.signature(), non_centred));
        let of_task = |(i, phi): (usize, &&[f64])| {
            let width = phi.len() / draws;
            let rows = (0..draws).map(|s| (self.theta(s), &phi[s * width..(s + 1) * width]));
            local_columns(program, i, rows, mask.as_ref(), Numbers::Continuous).moments(self.weights, &self.dependence)
        };
        let tasks: Vec<Vec<Moments>> = self.phi.par_iter().enumerate().map(of_task).collect();
        for (i, moments) in tasks.iter().enumerate() {
            for (number, moments) in moments.iter().enumerate() {
                precision.see(Place { task: Some(i), number }, moments, Tails::Known);
            }
        }
        precision
    }
}

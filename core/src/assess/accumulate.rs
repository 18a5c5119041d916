//! From log densities of what is left out, one a draw of the posterior, to an estimate.
//!
//! Of draws theta_s with weights w_s that sum to 1, and with p_s = p(y_i | theta_s):
//!
//! ```text
//! lpd_i  = ln sum_s w_s p_s
//! loo:   r_s proportional to w_s / p_s, their tail smoothed;   elpd_i = ln sum_s r_s p_s,   p_i = lpd_i - elpd_i
//! waic:  p_i = sum_s w_s (ln p_s - mean)^2;                    elpd_i = lpd_i - p_i
//! ```
//!
//! (Vehtari, Gelman & Gabry 2017, equations 3, 10 and 11-13). The influence of a draw on elpd_i, by which its Monte Carlo error
//! is told, is r_s (p_s / sum r p - 1), or w_s (p_s / sum w p - 1) - w_s ((ln p_s - mean)^2 - p_i).

use crate::assess::elpd::{By, Elpd, ElpdPoint, LeftOut, Method};
use crate::posterior::mc_error::Dependence;
use crate::sampling::psis::smooth;

/// What was found so far.
pub(crate) struct Accumulator<'a> {
    pub(crate) by: By,
    pub(crate) method: Method,
    /// Weights of the draws; they sum to 1.
    weights: &'a [f64],
    dependence: &'a Dependence,
    points: Vec<ElpdPoint>,
    /// By draw, on the sum of all points.
    influences: Vec<f64>,
}

impl<'a> Accumulator<'a> {
    pub(crate) fn new(by: By, method: Method, weights: &'a [f64], dependence: &'a Dependence) -> Self {
        Self { by, method, weights, dependence, points: Vec::new(), influences: vec![0.0; weights.len()] }
    }

    /// Adds a point with its log density given each draw.
    pub(crate) fn add(&mut self, left_out: LeftOut, ln_p: &[f64]) {
        let point = match self.method {
            Method::LeaveOneOut => self.leave_one_out(left_out, ln_p),
            Method::Waic => self.waic(left_out, ln_p),
        };
        self.points.push(point);
    }

    fn leave_one_out(&mut self, left_out: LeftOut, ln_p: &[f64]) -> ElpdPoint {
        let ln_ratios: Vec<f64> = self.weights.iter().zip(ln_p).map(|(w, l)| w.ln() - l).collect();
        let is_impossible = counted(self.weights, ln_p).any(|(_, l)| *l == f64::NEG_INFINITY);
        let Some(smoothed) = smooth(&ln_ratios).filter(|_| !is_impossible) else {
            return impossible(left_out, Some(f64::INFINITY));
        };
        let elpd = ln_mean_exp(&smoothed.weights, ln_p);
        self.influence(&smoothed.weights, ln_p, elpd);
        let effective_parameters = ln_mean_exp(self.weights, ln_p) - elpd;
        ElpdPoint { left_out, elpd, effective_parameters, k_hat: Some(smoothed.k_hat) }
    }

    fn waic(&mut self, left_out: LeftOut, ln_p: &[f64]) -> ElpdPoint {
        let weights = self.weights;
        let mean: f64 = counted(weights, ln_p).map(|(w, l)| w * l).sum();
        let variance: f64 = counted(weights, ln_p).map(|(w, l)| w * (l - mean).powi(2)).sum();
        if !variance.is_finite() {
            return impossible(left_out, None);
        }
        let lpd = ln_mean_exp(weights, ln_p);
        self.influence(weights, ln_p, lpd);
        for (influence, (w, l)) in self.influences.iter_mut().zip(weights.iter().zip(ln_p)) {
            if *w > 0.0 && !l.is_nan() {
                *influence -= w * ((l - mean).powi(2) - variance);
            }
        }
        ElpdPoint { left_out, elpd: lpd - variance, effective_parameters: variance, k_hat: None }
    }

    /// Adds the influences on ln sum w p.
    fn influence(&mut self, weights: &[f64], ln_p: &[f64], ln_sum: f64) {
        for (influence, (w, l)) in self.influences.iter_mut().zip(weights.iter().zip(ln_p)) {
            if *w > 0.0 && !l.is_nan() {
                // a density may be larger than any number where its weight is tiny
                *influence += (w.ln() + l - ln_sum).exp() - w;
            }
        }
    }

    /// The estimate of all points.
    pub(crate) fn finish(self) -> Elpd {
        let Self { by, method, weights, dependence, points, influences } = self;
        let elpds: Vec<f64> = points.iter().map(|point| point.elpd).collect();
        let [squared] = dependence.squared_errors(weights.len(), |s| [influences[s]]);
        Elpd {
            by,
            method,
            elpd: elpds.iter().sum(),
            standard_error: error_of_sum(&elpds),
            mc_error: squared.sqrt(),
            effective_parameters: points.iter().map(|point| point.effective_parameters).sum(),
            points,
            draws: weights.len(),
        }
    }
}

/// Standard error of the sum of independent numbers, sqrt(n sum (x - mean)^2 / (n - 1)); NaN of one.
pub(crate) fn error_of_sum(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (n * values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt()
}

/// Weights above 0 and log densities that are numbers.
fn counted<'a>(weights: &'a [f64], ln_p: &'a [f64]) -> impl Iterator<Item = (&'a f64, &'a f64)> {
    weights.iter().zip(ln_p).filter(|(w, l)| **w > 0.0 && !l.is_nan())
}

/// What some draw of the posterior makes impossible, or infinitely likely, has no finite estimate.
fn impossible(left_out: LeftOut, k_hat: Option<f64>) -> ElpdPoint {
    ElpdPoint { left_out, elpd: f64::NEG_INFINITY, effective_parameters: f64::INFINITY, k_hat }
}

/// ln sum w exp(l).
fn ln_mean_exp(weights: &[f64], ln_p: &[f64]) -> f64 {
    let top = counted(weights, ln_p).fold(f64::NEG_INFINITY, |top, (_, l)| top.max(*l));
    if top.is_infinite() {
        return top;
    }
    top + counted(weights, ln_p).map(|(w, l)| w * (l - top).exp()).sum::<f64>().ln()
}

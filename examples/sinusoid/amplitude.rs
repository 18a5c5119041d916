//! The amplitude of a wave of known phase: linear, so that noisy points leave it normal, but for its bounds.

use hierarch::prelude::*;
use hierarch::special::{normal_cdf, normal_density};

/// With s_j = sin(x_j - phase): mean = sum s_j y_j / sum s_j^2, sd = noise / sqrt(sum s_j^2).
pub(crate) struct Amplitude<N: Number> {
    mean: Real<N>,
    sd: Real<N>,
    ln_fit: Real<N>,
}

impl<N: Number> Amplitude<N> {
    /// What the points say of it, whatever its bounds.
    pub(crate) fn given(points: &[(f64, f64)], phase: Real<N>, noise: f64) -> Self {
        let waves: Vec<Real<N>> = points.iter().map(|&(x, _)| (x - phase).sin()).collect();
        let sum = |terms: &dyn Fn(Real<N>, f64) -> Real<N>| {
            waves.iter().zip(points).fold(Real::constant(0.0), |sum, (s, p)| sum + terms(*s, p.1))
        };
        // a point where the wave is 0 says nothing; neither 0 / 0
        let squares = sum(&|s, _| s.square()) + 1e-12;
        let mean = sum(&|s, y| s * y) / squares;
        let misfit = sum(&|s, y| (y - mean * s).square());
        let sd = noise / squares.sqrt();
        Self { mean, sd, ln_fit: sd.ln() - misfit * (0.5 / (noise * noise)) }
    }

    /// ln p(points | phase) up to a constant, with the amplitude uniform between the bounds:
    /// ln_fit + ln(Phi((high - mean) / sd) - Phi((low - mean) / sd)) - ln(high - low).
    pub(crate) fn ln_evidence(&self, low: Real<N>, high: Real<N>) -> Real<N> {
        let (a, b) = ((low - self.mean) / self.sd, (high - self.mean) / self.sd);
        // from the side where both tails are small
        let (a, b) = if a.value() + b.value() > 0.0 { (-b, -a) } else { (a, b) };
        let (ln_a, ln_b) = (a.ln_normal_cdf(), b.ln_normal_cdf());
        self.ln_fit + ln_b + (ln_a - ln_b).ln_1m_exp() - (high - low).ln()
    }
}

impl Amplitude<f64> {
    /// Its mean between the bounds: that of a truncated normal.
    pub(crate) fn mean_between(&self, low: f64, high: f64) -> f64 {
        let (mean, sd) = (self.mean.value(), self.sd.value());
        let (a, b) = ((low - mean) / sd, (high - mean) / sd);
        let mass = normal_cdf(b) - normal_cdf(a);
        if mass < 1e-10 { mean.clamp(low, high) } else { mean + sd * (normal_density(a) - normal_density(b)) / mass }
    }
}

//! Samplers of numbers against distribution functions.

use crate::testing::erased::Density;
use crate::testing::point::{is_edge, with};

/// Draws taken of each sampler.
const DRAWS: usize = 20_000;

/// Kolmogorov-Smirnov: the largest distance of the draws' distribution function from `cdf`, which gives P(X < x) and
/// P(X <= x). By Massart's inequality a right sampler fails with probability below 1e-6 (an atom only lowers it).
pub(super) fn check(density: &dyn Density, parameters: &[f64], cdf: impl Fn(f64) -> [f64; 2]) -> Result<(), String> {
    let Some(mut draws) = density.draws(parameters, DRAWS) else { return Ok(()) };
    let outside = |x: &&f64| !density.contains(&with(**x, parameters)) && !is_edge(density, &with(**x, parameters));
    if let Some(x) = draws.iter().find(outside) {
        return Err(format!("the sampler draws {x}, which is not in the support"));
    }
    draws.sort_by(f64::total_cmp);
    let n = DRAWS as f64;
    let bound = ((2e6_f64).ln() / (2.0 * n)).sqrt();
    for group in draws.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        let before = draws.partition_point(|&d| d < group[0]) as f64;
        let [below, up_to] = cdf(group[0]);
        let distance = (before / n - below).abs().max(((before + group.len() as f64) / n - up_to).abs());
        if distance > bound {
            return Err(format!(
                "the sampler disagrees with the density: P(X <= {}) is {up_to}, {} of {DRAWS} draws are there",
                group[0],
                before + group.len() as f64
            ));
        }
    }
    Ok(())
}

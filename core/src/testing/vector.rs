//! Vector supports, and distributions over vectors.

use crate::support::VectorSupport;
use crate::testing::erased::{BuildVector, ErasedVector, VectorDensity, num_coordinates};
use crate::testing::pair::{PairCheck, pairs};
use crate::testing::vector_support;

/// Draws taken of each sampler.
const DRAWS: usize = 8_000;

/// Checks a vector support: the maps invert each other, every point they make is in it, its derivatives agree with
/// differences, and the log-Jacobian is ln |det dx/du| of the first entries that determine a point.
///
/// ```
/// use hierarch::{support::RealVector, testing::check_vector_support};
/// check_vector_support(&RealVector(3));
/// ```
///
/// # Panics
///
/// If a check fails, with a sentence.
#[track_caller]
pub fn check_vector_support<S: VectorSupport>(support: &S) {
    if let Err(complaint) = vector_support::check(support) {
        panic!("{support:?}: {complaint}");
    }
}

/// What [`check_vector_distribution!`](crate::check_vector_distribution) calls; the parameters' values in order.
///
/// # Panics
///
/// If a check fails, with a sentence that has `name` and the parameters.
#[track_caller]
pub fn check_vector_distribution<B: BuildVector>(name: &str, build: &B, parameters: &[f64]) {
    let coordinates = num_coordinates(build, parameters);
    if let Err(complaint) = check(&ErasedVector { build, coordinates }, coordinates, parameters) {
        panic!("{name} with parameters {parameters:?}: {complaint}");
    }
}

fn check(density: &dyn VectorDensity, coordinates: usize, parameters: &[f64]) -> Result<(), String> {
    density.check(parameters).map_err(|invalid| format!("check() refuses the parameters: {invalid}"))?;
    density.check_support(parameters)?;
    let summit = highest(density, coordinates, parameters);
    let Summit { centre, scales } = &summit;
    for k in 0..5 {
        let u: Vec<f64> = (0..coordinates)
            .map(|i| centre[i] + 1.5 * scales[i] * (0.9 * (i + 1) as f64 + 2.3 * f64::from(k)).sin())
            .collect();
        check_point(density, &[&u, parameters].concat())
            .map_err(|complaint| format!("at coordinates {u:?}: {complaint}"))?;
    }
    if coordinates <= 3 {
        let total = integral(density, &summit, parameters);
        if (total - 1.0).abs() > 1e-4 {
            return Err(format!("the density integrates to {total}, not to 1"));
        }
    }
    check_sampler(density, &summit, parameters)
}

fn check_point(density: &dyn VectorDensity, args: &[f64]) -> Result<(), String> {
    for pair in pairs(0, args.len()) {
        let second = density.second(args, pair);
        let ln_density = PairCheck {
            what: "the log density",
            plain: &|a| density.ln_density(a),
            first: &|a, pair| density.first(a, pair),
        };
        ln_density.check(args, pair, &second)?;
        let some = density.partly_constant(args, pair);
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-11 * (1.0 + a.abs());
        let same = second.value.to_bits() == some.value.to_bits()
            && second.first.iter().zip(&some.first).all(close)
            && second.second.iter().zip(&some.second).all(close);
        if !same {
            return Err(format!(
                "with all arguments but {pair:?} constants the log density is {some:?}, else {second:?}"
            ));
        }
    }
    Ok(())
}

/// Where the density of the coordinates is highest, and how far from there along each it has fallen by a factor e.
struct Summit {
    centre: Vec<f64>,
    scales: Vec<f64>,
}

fn highest(density: &dyn VectorDensity, coordinates: usize, parameters: &[f64]) -> Summit {
    let value = |u: &[f64]| density.ln_density(&[u, parameters].concat());
    let mut centre = vec![0.0; coordinates];
    let mut best = value(&centre);
    let mut step = 1.0;
    while step > 1e-5 {
        let before = best;
        for i in 0..coordinates {
            for s in [step, -step] {
                let mut moved = centre.clone();
                moved[i] += s;
                let at = value(&moved);
                if at > best {
                    (best, centre) = (at, moved);
                }
            }
        }
        step *= if best > before { 1.2 } else { 0.5 };
    }
    let scale = |i: usize| {
        let fallen = |s: f64| {
            [s, -s].iter().any(|s| {
                let mut moved = centre.clone();
                moved[i] += s;
                value(&moved) < best - 1.0
            })
        };
        let mut scale = 1e-6;
        while !fallen(scale) && scale < 1e6 {
            scale *= 1.2;
        }
        scale
    };
    let scales = (0..coordinates).map(scale).collect();
    Summit { centre, scales }
}

/// Trapezoids on u = centre + scale sinh(t) along every coordinate.
fn integral(density: &dyn VectorDensity, Summit { centre, scales }: &Summit, parameters: &[f64]) -> f64 {
    let n = centre.len();
    let half: usize = [0, 2_000, 200, 55][n];
    let end: f64 = [0.0, 12.0, 9.0, 5.5][n];
    let per_axis = 2 * half + 1;
    let mut total = 0.0;
    let cells = centre.iter().fold(1, |product, _| product * per_axis);
    for cell in 0..cells {
        let (mut rest, mut weight, mut u) = (cell, 1.0, vec![0.0; n]);
        for i in 0..n {
            let step = end / half as f64;
            let t = step * ((rest % per_axis) as f64 - half as f64);
            rest /= per_axis;
            u[i] = centre[i] + scales[i] * t.sinh();
            weight *= step * scales[i] * t.cosh();
        }
        u.extend_from_slice(parameters);
        let share = weight * density.ln_density(&u).exp();
        // Coordinates so far out that the point rounds to the edge of the support.
        if share.is_finite() {
            total += share;
        }
    }
    total
}

/// Stein's identity: E(d psi / du + psi d ln p / du) = 0 for every coordinate u and bounded smooth psi, here 1 and tanh
/// of each standardised coordinate. Each mean of draws may be off by 6 standard errors: a right sampler fails with probability
/// below 1e-7 for each of the n (n + 1) identities.
fn check_sampler(
    density: &dyn VectorDensity,
    Summit { centre, scales }: &Summit,
    parameters: &[f64],
) -> Result<(), String> {
    let Some(draws) = density.draws(parameters, DRAWS) else { return Ok(()) };
    let n = centre.len();
    let mut sums = vec![[0.0; 2]; n * (n + 1)];
    for u in draws? {
        let args = [&u, parameters].concat();
        let tanh: Vec<f64> = (0..n).map(|i| ((u[i] - centre[i]) / scales[i]).tanh()).collect();
        for k in 0..n {
            let slope = density.first(&args, [k, usize::MAX]).first[0];
            for j in 0..=n {
                let psi = if j == n { 1.0 } else { tanh[j] };
                let own = if j == k { (1.0 - psi * psi) / scales[k] } else { 0.0 };
                let term = own + psi * slope;
                let sum = &mut sums[k * (n + 1) + j];
                sum[0] += term;
                sum[1] += term * term;
            }
        }
    }
    for (at, [sum, squares]) in sums.into_iter().enumerate() {
        let mean = sum / DRAWS as f64;
        let error = ((squares / DRAWS as f64 - mean * mean) / DRAWS as f64).sqrt();
        if mean.is_nan() || mean.abs() > 6.0 * error + 1e-9 {
            return Err(format!(
                "the sampler disagrees with the density: Stein's identity for coordinate {} gives {mean}, \
                 not 0, with a standard error of {error}",
                at / (n + 1)
            ));
        }
    }
    Ok(())
}

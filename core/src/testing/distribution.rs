//! Distributions over numbers.

use crate::testing::erased::{Build, BuildContinuous, Coordinate, Density, Erased};
use crate::testing::expectation::Outcome;
use crate::testing::grid::Grid;
use crate::testing::point::with;
use crate::testing::{coordinate, expectation, point, sampler};

/// What [`check_distribution!`](crate::check_distribution) calls; the parameters' values in order.
///
/// # Panics
///
/// If a check fails, with a sentence that has `name` and the parameters.
#[track_caller]
pub fn check_continuous_distribution<B: BuildContinuous>(name: &str, build: &B, parameters: &[f64]) {
    if let Err(complaint) = continuous(&Erased(build), parameters) {
        panic!("{name} with parameters {parameters:?}: {complaint}");
    }
}

/// What [`check_discrete_distribution!`](crate::check_discrete_distribution) calls; the parameters' values in order.
///
/// # Panics
///
/// If a check fails, with a sentence that has `name` and the parameters.
#[track_caller]
pub fn check_discrete_distribution<B: Build>(name: &str, build: &B, parameters: &[f64]) {
    if let Err(complaint) = discrete(&Erased(build), parameters) {
        panic!("{name} with parameters {parameters:?}: {complaint}");
    }
}

fn continuous(density: &dyn Coordinate, parameters: &[f64]) -> Result<(), String> {
    check_parameters(density, parameters)?;
    let grid = Grid::new(|u| in_coordinate(density, parameters, u));
    for t in [-4.0, -2.3, -1.1, -0.3, 0.17, 0.9, 2.1, 4.3] {
        let u = grid.centre + grid.scale * t;
        let args = with(u, parameters);
        coordinate::check(density, &args).map_err(|complaint| format!("support, at coordinate {u}: {complaint}"))?;
        let (x, _) = density.constrain(&args);
        if density.contains(&with(x, parameters)) {
            point::check(density, &with(x, parameters), 0).map_err(|complaint| format!("at {x}: {complaint}"))?;
        }
        if !parameters.is_empty() || t > 0.0 {
            check_non_centred(density, parameters, t)?;
        }
    }
    point::check_extremes(density, parameters, 0)?;
    let total = grid.total();
    if (total - 1.0).abs() > 1e-6 + grid.beyond() {
        return Err(format!("the density integrates to {total}, not to 1"));
    }
    for t in [-0.8, 0.6] {
        let (x, _) = density.constrain(&with(grid.centre + grid.scale * t, parameters));
        expectation::check(density, &with(x, parameters), Outcome::Latent)?;
    }
    let at = |t: f64| density.constrain(&with(grid.centre + grid.scale * t, parameters)).0;
    let rises = at(0.1) > at(-0.1);
    sampler::check(density, parameters, |x| {
        let lower = grid.below(density.unconstrain(parameters, x));
        let below = if rises { lower } else { total - lower };
        [below, below]
    })
}

fn discrete(density: &dyn Density, parameters: &[f64]) -> Result<(), String> {
    check_parameters(density, parameters)?;
    let atoms = atoms(density, parameters);
    let total: f64 = atoms.iter().map(|atom| atom.mass).sum();
    if (total - 1.0).abs() > 1e-8 {
        return Err(format!("the mass sums to {total}, not to 1"));
    }
    let likely: Vec<f64> = atoms.iter().filter(|atom| atom.mass > 1e-14).map(|atom| atom.x).collect();
    for k in 0..12 {
        let x = likely[k * (likely.len() - 1) / 11];
        point::check(density, &with(x, parameters), 1).map_err(|complaint| format!("at {x}: {complaint}"))?;
        expectation::check(density, &with(x, parameters), Outcome::Datum)?;
    }
    point::check_extremes(density, parameters, 1)?;
    let mut below = 0.0;
    // P(X < x) and P(X <= x)
    let cumulated = atoms.iter().map(|atom| {
        below += atom.mass;
        [below - atom.mass, below]
    });
    let cumulated: Vec<[f64; 2]> = cumulated.collect();
    sampler::check(density, parameters, |x| cumulated[atoms.partition_point(|atom| atom.x < x).min(atoms.len() - 1)])
}

/// A whole number and its mass.
struct Atom {
    x: f64,
    mass: f64,
}

/// The whole numbers of the support that hold the mass, in ascending order.
fn atoms(density: &dyn Density, parameters: &[f64]) -> Vec<Atom> {
    let mut out = vec![];
    let mut total = 0.0;
    for k in -2_000..2_000_000 {
        let args = with(f64::from(k), parameters);
        if !density.contains(&args) {
            if !out.is_empty() {
                break;
            }
            continue;
        }
        let mass = density.ln_density(&args).exp();
        total += mass;
        out.push(Atom { x: args[0], mass });
        if out.len() > 5_000 && mass < 1e-18 && total > 0.5 {
            break;
        }
    }
    out
}

fn check_parameters(density: &dyn Density, parameters: &[f64]) -> Result<(), String> {
    density.check(parameters).map_err(|invalid| format!("check() refuses the parameters: {invalid}"))
}

/// The log density of the coordinate.
fn in_coordinate(density: &dyn Coordinate, parameters: &[f64], u: f64) -> f64 {
    let (x, ln_jacobian) = density.constrain(&with(u, parameters));
    // A coordinate so far out that its point rounds to the end of the support.
    if !density.contains(&with(x, parameters)) {
        return f64::NEG_INFINITY;
    }
    density.ln_density(&with(x, parameters)) + ln_jacobian
}

/// x = loc + scale z has the density it should.
fn check_non_centred(density: &dyn Density, parameters: &[f64], z: f64) -> Result<(), String> {
    let Some([x, slope, ln_density_z]) = density.non_centred(parameters, z) else { return Ok(()) };
    let expected = density.ln_density(&with(x, parameters)) + slope.abs().ln();
    if (ln_density_z - expected).abs() <= 1e-9 * (1.0 + expected.abs()) {
        return Ok(());
    }
    Err(format!("non_centred() at z = {z} has the log density {ln_density_z}, but x's and ln |dx/dz| give {expected}"))
}

#[cfg(test)]
mod tests;

//! Distributions over numbers.

use crate::testing::difference::{compare, compare_where_possible};
use crate::testing::erased::{Build, BuildContinuous, Coordinate, Density, Erased, Pair};
use crate::testing::expectation;

/// Draws taken of each sampler.
const DRAWS: usize = 20_000;

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
        check_coordinate(density, &args).map_err(|complaint| format!("support, at coordinate {u}: {complaint}"))?;
        let (x, _) = density.constrain(&args);
        if density.contains(&with(x, parameters)) {
            check_point(density, &with(x, parameters), 0).map_err(|complaint| format!("at {x}: {complaint}"))?;
        }
        if !parameters.is_empty() || t > 0.0 {
            check_non_centred(density, parameters, t)?;
        }
    }
    check_extremes(density, parameters, 0)?;
    let total = grid.total();
    if (total - 1.0).abs() > 1e-6 + grid.beyond() {
        return Err(format!("the density integrates to {total}, not to 1"));
    }
    for t in [-0.8, 0.6] {
        let (x, _) = density.constrain(&with(grid.centre + grid.scale * t, parameters));
        expectation::check(density, &with(x, parameters), true)?;
    }
    let at = |t: f64| density.constrain(&with(grid.centre + grid.scale * t, parameters)).0;
    let rises = at(0.1) > at(-0.1);
    check_sampler(density, parameters, |x| {
        let lower = grid.below(density.unconstrain(parameters, x));
        let below = if rises { lower } else { total - lower };
        (below, below)
    })
}

fn discrete(density: &dyn Density, parameters: &[f64]) -> Result<(), String> {
    check_parameters(density, parameters)?;
    let atoms = atoms(density, parameters);
    let total: f64 = atoms.iter().map(|a| a.1).sum();
    if (total - 1.0).abs() > 1e-8 {
        return Err(format!("the mass sums to {total}, not to 1"));
    }
    let likely: Vec<f64> = atoms.iter().filter(|a| a.1 > 1e-14).map(|a| a.0).collect();
    for k in 0..12 {
        let x = likely[k * (likely.len() - 1) / 11];
        check_point(density, &with(x, parameters), 1).map_err(|complaint| format!("at {x}: {complaint}"))?;
        expectation::check(density, &with(x, parameters), false)?;
    }
    check_extremes(density, parameters, 1)?;
    let mut below = 0.0;
    let cumulated: Vec<(f64, f64, f64)> = atoms
        .iter()
        .map(|&(x, mass)| {
            below += mass;
            (x, below - mass, below)
        })
        .collect();
    check_sampler(density, parameters, |x| {
        let at = cumulated.partition_point(|c| c.0 < x).min(cumulated.len() - 1);
        (cumulated[at].1, cumulated[at].2)
    })
}

/// The whole numbers of the support that hold the mass, with it.
fn atoms(density: &dyn Density, parameters: &[f64]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = vec![];
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
        out.push((args[0], mass));
        if out.len() > 5_000 && mass < 1e-18 && total > 0.5 {
            break;
        }
    }
    out
}

fn with(x: f64, parameters: &[f64]) -> Vec<f64> {
    [&[x], parameters].concat()
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

fn check_coordinate(density: &dyn Coordinate, args: &[f64]) -> Result<(), String> {
    let (x, ln_jacobian) = density.constrain(args);
    let inside = with(x, &args[1..]);
    if !density.contains(&inside) {
        return if is_edge(density, &inside) {
            Ok(())
        } else {
            Err(format!("constrain() gives {x}, which contains() refuses"))
        };
    }
    let back = density.unconstrain(&args[1..], x);
    let (at, _) = density.constrain_first(args, [0, usize::MAX]);
    // The rounding of x, seen from u.
    let rounding = 4.0 * f64::EPSILON * (x.abs() + 1.0) / at.first[0].abs();
    if (back - args[0]).abs() > 1e-8 * (1.0 + args[0].abs()) + rounding.max(0.0) * 4.0 {
        return Err(format!("unconstrain(constrain(u)) is {back}"));
    }
    let slope = at.first[0].abs().ln();
    if (ln_jacobian - slope).abs() > 1e-8 * (1.0 + slope.abs()) {
        return Err(format!("the log-Jacobian is {ln_jacobian}, but ln |dx/du| is {slope}"));
    }
    for pair in pairs(0, args.len()) {
        let (first, second) = (density.constrain_first(args, pair), density.constrain_second(args, pair));
        let plain = |a: &[f64]| density.constrain(a);
        let slopes = |a: &[f64], pair| density.constrain_first(a, pair);
        check_pair("the value of constrain()", args, pair, (first.0, second.0), |a| plain(a).0, |a, p| slopes(a, p).0)?;
        check_pair("the log-Jacobian", args, pair, (first.1, second.1), |a| plain(a).1, |a, p| slopes(a, p).1)?;
    }
    Ok(())
}

/// Pairs of different arguments, from `start` on; one with nothing in the second lane if there is only one.
pub(super) fn pairs(start: usize, end: usize) -> Vec<[usize; 2]> {
    if end == start + 1 {
        return vec![[start, usize::MAX]];
    }
    (start..end).flat_map(|i| (i + 1..end).map(move |j| [i, j])).collect()
}

/// Compares a pair's value and derivatives with plain values and with differences; with those by the first argument
/// where there are any, as its point may lie next to a singularity at an end of the support.
pub(super) fn check_pair(
    what: &str,
    args: &[f64],
    pair: [usize; 2],
    (first, second): (Pair, Pair),
    plain: impl Fn(&[f64]) -> f64,
    slopes: impl Fn(&[f64], [usize; 2]) -> Pair,
) -> Result<(), String> {
    let value = plain(args);
    for (found, algebra) in [(first.value, "Dual"), (second.value, "Dual2")] {
        if found.to_bits() != value.to_bits() {
            return Err(format!("{what} is {value} with f64, but {found} with {algebra}"));
        }
    }
    let compare_by = |j: usize, what: &str, derivative: f64, f: &dyn Fn(f64) -> f64| {
        if j == 0 {
            compare_where_possible(what, derivative, f, args[j]).map(|_| ())
        } else {
            compare(what, derivative, f, args[j])
        }
    };
    for lane in 0..2 {
        let i = pair[lane];
        if i == usize::MAX {
            continue;
        }
        let (a, b) = (first.first[lane], second.first[lane]);
        if (a - b).abs() > 1e-12 * (1.0 + a.abs()) {
            return Err(format!("the derivative of {what} by argument {i} is {a} with Dual, but {b} with Dual2"));
        }
        let moved = |value: f64, j: usize| {
            let mut moved = args.to_vec();
            moved[j] = value;
            moved
        };
        compare_by(i, &format!("the derivative of {what} by argument {i}"), a, &|v| plain(&moved(v, i)))?;
        for other in 0..=lane {
            let j = pair[other];
            let what = format!("the second derivative of {what} by arguments {i} and {j}");
            // beyond the end of a support the slope is 0, which says nothing of the slope inside
            let slope = |v: f64| {
                let moved = moved(v, j);
                if plain(&moved).is_finite() { slopes(&moved, pair).first[lane] } else { f64::NAN }
            };
            compare_by(j, &what, second.second[lane + other], &slope)?;
        }
    }
    Ok(())
}

/// Value and derivatives at a point of the support; arguments from `start` on vary.
fn check_point(density: &dyn Density, args: &[f64], start: usize) -> Result<(), String> {
    if density.ln_density(args) == f64::NEG_INFINITY {
        return Ok(());
    }
    let everything = pairs(start, args.len());
    for &pair in everything.iter().filter(|pair| pair[0] < args.len()) {
        let (first, second) = (density.first(args, pair), density.second(args, pair));
        let slopes = |a: &[f64], pair| density.first(a, pair);
        check_pair("the log density", args, pair, (first, second), |a| density.ln_density(a), slopes)?;
    }
    for i in start..args.len() {
        for j in (i + 1..args.len()).chain([usize::MAX]) {
            let (all, some) = (density.second(args, [i, j]), density.partly_constant(args, [i, j]));
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-12 * (1.0 + a.abs());
            let same = all.value.to_bits() == some.value.to_bits()
                && all.first.iter().zip(some.first).all(|(&a, b)| close(a, b))
                && all.second.iter().zip(some.second).all(|(&a, b)| close(a, b));
            if !same {
                return Err(format!(
                    "with all arguments but {i} and {j} constants the log density is {some:?}, else {all:?}"
                ));
            }
        }
    }
    Ok(())
}

/// Not in the support, but next to a point of it.
fn is_edge(density: &dyn Density, args: &[f64]) -> bool {
    [args[0].next_up(), args[0].next_down()].iter().any(|&x| density.contains(&with(x, &args[1..])))
}

fn check_extremes(density: &dyn Density, parameters: &[f64], start: usize) -> Result<(), String> {
    let sizes = [0.0, 1e-300, 1e-100, 1e-10, 0.5, 1.0, 2.0, 10.0, 40.0, 750.0, 1e5, 1e10, 1e100, 1e300, f64::MAX];
    let near = parameters.iter().flat_map(|&p| [p, p.next_up(), p.next_down()]);
    for x in sizes.into_iter().flat_map(|s| [s, -s]).chain(near) {
        let args = with(x, parameters);
        check_extreme(density, &args, start).map_err(|complaint| format!("at {x}: {complaint}"))?;
    }
    for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        if density.contains(&with(x, parameters)) {
            return Err(format!("the support contains {x}"));
        }
    }
    Ok(())
}

fn check_extreme(density: &dyn Density, args: &[f64], start: usize) -> Result<(), String> {
    let value = density.ln_density(args);
    let contained = density.contains(args);
    if value.is_nan() || (contained && value == f64::INFINITY) {
        return Err(format!("the log density is {value}; it must be finite or -inf"));
    }
    if !contained && !is_edge(density, args) && value != f64::NEG_INFINITY {
        return Err(format!("outside the support, but the log density is {value}; it must be -inf"));
    }
    let moderate = args[0] == 0.0 || (1e-60..1e60).contains(&args[0].abs());
    let derivatives_matter = moderate && (value.is_finite() || !contained) && !is_edge(density, args);
    for i in start..args.len() {
        let (first, second) = (density.first(args, [i, usize::MAX]), density.second(args, [i, usize::MAX]));
        if [first.value, second.value].iter().any(|v| v.to_bits() != value.to_bits()) {
            return Err(format!("the log density is {value} with f64, but {first:?} and {second:?} with duals"));
        }
        let derivatives = [first.first[0], second.first[0], second.second[0]];
        if derivatives_matter && derivatives.iter().any(|d| d.is_nan()) {
            return Err(format!("the log density is {value}, its derivatives by argument {i} are {derivatives:?}"));
        }
        if derivatives_matter && !contained && derivatives.iter().any(|d| *d != 0.0) {
            return Err(format!("outside the support, but the derivatives by argument {i} are {derivatives:?}, not 0"));
        }
    }
    Ok(())
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

/// Kolmogorov-Smirnov: the largest distance of the draws' distribution function from `cdf`, which gives P(X < x) and
/// P(X <= x). By Massart's inequality a right sampler fails with probability below 1e-6 (an atom only lowers it).
fn check_sampler(density: &dyn Density, parameters: &[f64], cdf: impl Fn(f64) -> (f64, f64)) -> Result<(), String> {
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
        let (below, up_to) = cdf(group[0]);
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

/// The density of a coordinate, on nodes u = centre + scale sinh(pi/2 sinh t) around its highest point.
struct Grid {
    centre: f64,
    scale: f64,
    u: Vec<f64>,
    /// Integral up to each node.
    cumulated: Vec<f64>,
}

impl Grid {
    fn new(ln_density: impl Fn(f64) -> f64) -> Self {
        let (centre, scale) = highest(&ln_density);
        let step = 2e-4;
        let (mut u, mut cumulated, mut sum) = (vec![], vec![], 0.0);
        for k in -30_000..=30_000 {
            let t = step * f64::from(k);
            let inner = std::f64::consts::FRAC_PI_2 * t.sinh();
            let weight = step * scale * std::f64::consts::FRAC_PI_2 * t.cosh() * inner.cosh();
            let at = centre + scale * inner.sinh();
            let share = ln_density(at).exp() * weight;
            if share > 0.0 {
                sum += share;
                u.push(at);
                cumulated.push(sum - 0.5 * share);
            }
        }
        Self { centre, scale, u, cumulated }
    }

    fn total(&self) -> f64 {
        self.cumulated.last().copied().unwrap_or(0.0)
    }

    /// A bound on what lies beyond the outermost nodes, where points round to an end of the support: what lies within
    /// three scales of them. All but 0 unless the density is singular at that end.
    fn beyond(&self) -> f64 {
        let (Some(first), Some(last)) = (self.u.first(), self.u.last()) else { return 0.0 };
        let width = 3.0 * self.scale;
        self.below(first + width) + self.total() - self.below(last - width)
    }

    /// Integral up to `u`.
    fn below(&self, u: f64) -> f64 {
        let at = self.u.partition_point(|&node| node < u);
        if at == 0 {
            return 0.0;
        }
        if at == self.u.len() {
            return self.total();
        }
        let share = (u - self.u[at - 1]) / (self.u[at] - self.u[at - 1]);
        self.cumulated[at - 1] + share * (self.cumulated[at] - self.cumulated[at - 1])
    }
}

/// Where the density is highest, and how far from there it has fallen by a factor e.
fn highest(ln_density: &impl Fn(f64) -> f64) -> (f64, f64) {
    let mut centre = 0.0;
    let mut best = ln_density(centre);
    let mut consider = |u: f64, centre: &mut f64| {
        let value = ln_density(u);
        if value > best {
            (best, *centre) = (value, u);
            return true;
        }
        false
    };
    for k in -4_000..=4_000 {
        consider((0.004 * f64::from(k)).sinh(), &mut centre);
    }
    let mut step = 1.0 + centre.abs();
    while step > 1e-9 * (1.0 + centre.abs()) {
        let moved = consider(centre + step, &mut centre) || consider(centre - step, &mut centre);
        step *= if moved { 1.5 } else { 0.5 };
    }
    let mut scale = 1e-9 * (1.0 + centre.abs());
    let fallen = |s: f64| ln_density(centre + s) < best - 1.0 || ln_density(centre - s) < best - 1.0;
    while !fallen(scale) && scale < 1e9 {
        scale *= 1.2;
    }
    (centre, scale)
}

#[cfg(test)]
mod tests;

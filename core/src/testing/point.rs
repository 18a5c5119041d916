//! The log density at a point: value and derivatives inside the support, what it must be outside and at extremes.

use crate::testing::erased::Density;
use crate::testing::pair::{PairCheck, pairs};

/// The point `x`, then the parameters: the arguments of a density.
pub(super) fn with(x: f64, parameters: &[f64]) -> Vec<f64> {
    [&[x], parameters].concat()
}

/// Whether the point is not in the support, but next to a point of it.
pub(super) fn is_edge(density: &dyn Density, args: &[f64]) -> bool {
    [args[0].next_up(), args[0].next_down()].iter().any(|&x| density.contains(&with(x, &args[1..])))
}

/// Value and derivatives at a point of the support; arguments from `start` on vary.
pub(super) fn check(density: &dyn Density, args: &[f64], start: usize) -> Result<(), String> {
    if density.ln_density(args) == f64::NEG_INFINITY {
        return Ok(());
    }
    let everything = pairs(start, args.len());
    for &pair in everything.iter().filter(|pair| pair[0] < args.len()) {
        let ln_density = PairCheck {
            what: "the log density",
            plain: &|a| density.ln_density(a),
            first: &|a, pair| density.first(a, pair),
        };
        ln_density.check(args, pair, &density.second(args, pair))?;
    }
    for i in start.max(1)..args.len() {
        let (one, two) = (density.second(args, [i, usize::MAX]), density.squared(args, [i, usize::MAX]));
        let twice = |one: f64, two: f64| (2.0 * one - two).abs() <= 1e-12 * (1.0 + one.abs());
        if !(twice(one.first[0], two.first[0]) && twice(one.second[0], two.second[0])) {
            return Err(format!("by argument {i} the log density is {one:?}, that of a product of two {two:?}"));
        }
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

/// At extreme values of the point, and next to every parameter; arguments from `start` on vary.
pub(super) fn check_extremes(density: &dyn Density, parameters: &[f64], start: usize) -> Result<(), String> {
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

/// At a point that may lie outside the support: no NaN, -inf and no slope outside, the bits of plain numbers.
fn check_extreme(density: &dyn Density, args: &[f64], start: usize) -> Result<(), String> {
    let value = density.ln_density(args);
    let contained = density.contains(args);
    if value.is_nan() || (contained && value == f64::INFINITY) {
        return Err(format!("the log density is {value}; it must be finite or -inf"));
    }
    let squared = density.squared(args, [usize::MAX; 2]).value;
    let twice = 2.0 * value;
    if squared.is_finite() != twice.is_finite() || (squared - twice).abs() > 1e-11 * (1.0 + value.abs()) {
        return Err(format!("the log density is {value}, that of a product of two {squared}"));
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

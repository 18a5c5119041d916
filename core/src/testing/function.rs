//! Derivatives of a function of duals against differences.

use crate::numbers::Taped;
use crate::numbers::dual::{Dual, Dual2, Lanes};
use crate::numbers::tape::Mark;
use crate::numbers::{Number, Real};
use crate::testing::difference::compare;

/// A function of several numbers, generic over their algebra. The macro
/// [`check_gradient!`](crate::check_gradient) implements it.
pub trait Function {
    /// The function at `x`.
    fn call<N: Number>(&self, x: &[Real<N>]) -> Real<N>;
}

/// Checks the first and second derivatives of `f` at `at` against differences, in each coordinate and in one oblique
/// direction, and that its value is the same bits in every algebra.
///
/// # Panics
///
/// If a check fails, with a sentence that has `name` and the point.
#[track_caller]
pub fn check_gradient<F: Function>(name: &str, f: &F, at: &[f64]) {
    if let Err(complaint) = check(f, at) {
        panic!("{name} at {at:?}: {complaint}");
    }
}

fn check<F: Function>(f: &F, at: &[f64]) -> Result<(), String> {
    let value = plain(f, at);
    for i in 0..at.len() {
        let mut axis = vec![0.0; at.len()];
        axis[i] = 1.0;
        check_along(f, at, &axis, value, &format!("along argument {i}"))?;
    }
    let oblique: Vec<f64> = (0..at.len()).map(|i| (1.7 * i as f64 + 0.6).cos() + 0.1).collect();
    check_along(f, at, &oblique, value, &format!("along {oblique:?}"))
}

fn plain<F: Function>(f: &F, at: &[f64]) -> f64 {
    f.call(&at.iter().map(|&x| Real(x)).collect::<Vec<_>>()).value()
}

/// at + t direction, as numbers with the derivative by t.
fn line<N: Lanes>(at: &[f64], direction: &[f64], t: f64) -> Vec<Real<N>> {
    along_step(Real(N::variable(0.0, 0)), at, direction, t)
}

fn along_step<N: Number>(step: Real<N>, at: &[f64], direction: &[f64], t: f64) -> Vec<Real<N>> {
    at.iter().zip(direction).map(|(&x, &d)| step * d + (x + t * d)).collect()
}

/// Value and first two derivatives along a line by the tape.
fn taped<F: Function>(f: &F, at: &[f64], direction: &[f64]) -> [f64; 3] {
    let mut step = Vec::new();
    let mark = Mark::with_leaves::<2>([0.0], &mut step);
    let out: Real<Taped<2>> = f.call(&along_step(step[0], at, direction, 0.0));
    mark.sweep(out);
    let (mut first, mut second) = (0.0, [0.0]);
    mark.adjoints(1, |(_, a)| first = *a);
    mark.add_hessian(1, &mut second);
    [out.value(), first, second[0]]
}

fn check_along<F: Function>(f: &F, at: &[f64], direction: &[f64], value: f64, along: &str) -> Result<(), String> {
    let Real(first) = f.call::<Dual<1>>(&line(at, direction, 0.0));
    let Real(second) = f.call::<Dual2<1, 1>>(&line(at, direction, 0.0));
    let taped = taped(f, at, direction);
    for (found, algebra) in [(first.value(), "duals"), (second.value(), "duals"), (taped[0], "the tape")] {
        if found.to_bits() != value.to_bits() {
            return Err(format!("the value is {value} with f64, but {found} with {algebra}"));
        }
    }
    for (found, expected) in taped[1..].iter().zip([second.partials()[0], second.triangle()[0]]) {
        if (found - expected).abs() > 1e-9 * (1.0 + expected.abs()) {
            return Err(format!("the derivatives {along} of the tape and of Dual2 differ: {taped:?} and {second:?}"));
        }
    }
    if (first.partials()[0] - second.partials()[0]).abs() > 1e-12 * (1.0 + first.partials()[0].abs()) {
        return Err(format!("the derivatives {along} of Dual and Dual2 differ: {first:?} and {second:?}"));
    }
    let moved = |t: f64| plain(f, &at.iter().zip(direction).map(|(x, d)| x + t * d).collect::<Vec<_>>());
    compare(&format!("the first derivative {along}"), first.partials()[0], moved, 0.0)?;
    let slope = |t: f64| f.call::<Dual<1>>(&line(at, direction, t)).0.partials()[0];
    compare(&format!("the second derivative {along}"), second.triangle()[0], slope, 0.0)
}

#[cfg(test)]
mod tests {
    use crate::check_gradient;

    #[test]
    fn right_derivatives_pass() {
        check_gradient!(|x, y, z| (x * y).exp() / z + z.ln() * x.square(), [0.7, -1.2, 2.0]);
    }

    #[test]
    #[should_panic(expected = "the first derivative along argument 0 is")]
    fn a_wrong_first_derivative_is_found() {
        check_gradient!(|x| x.chain(x.value().sin(), x.value().sin(), -x.value().sin()), [0.7]);
    }

    #[test]
    #[should_panic(expected = "the second derivative along argument 0 is")]
    fn a_wrong_second_derivative_is_found() {
        check_gradient!(|x| x.chain(x.value().sin(), x.value().cos(), x.value().sin()), [0.7]);
    }
}

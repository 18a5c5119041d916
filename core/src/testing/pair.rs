//! First and second derivatives by pairs of arguments, against differences.

use crate::testing::difference::{compare, compare_where_possible};
use crate::testing::erased::Pair;

/// Pairs of different arguments, from `start` on; one with nothing in the second lane if there is only one.
pub(super) fn pairs(start: usize, end: usize) -> Vec<[usize; 2]> {
    if end == start + 1 {
        return vec![[start, usize::MAX]];
    }
    (start..end).flat_map(|i| (i + 1..end).map(move |j| [i, j])).collect()
}

/// A function under test, in plain numbers and with first derivatives.
pub(super) struct PairCheck<'a> {
    /// The function's name in a complaint.
    pub(super) what: &'a str,
    pub(super) plain: &'a dyn Fn(&[f64]) -> f64,
    pub(super) first: &'a dyn Fn(&[f64], [usize; 2]) -> Pair,
}

impl PairCheck<'_> {
    /// Compares value and derivatives at `args` with plain values and with differences; with those by the first argument
    /// where there are any, as its point may lie next to a singularity at an end of the support.
    pub(super) fn check(&self, args: &[f64], pair: [usize; 2], second: &Pair) -> Result<(), String> {
        let (what, value, first) = (self.what, (self.plain)(args), (self.first)(args, pair));
        for (found, algebra) in [(first.value, "Dual"), (second.value, "Dual2")] {
            if found.to_bits() != value.to_bits() {
                return Err(format!("{what} is {value} with f64, but {found} with {algebra}"));
            }
        }
        for lane in (0..2).filter(|&lane| pair[lane] != usize::MAX) {
            let (i, a, b) = (pair[lane], first.first[lane], second.first[lane]);
            if (a - b).abs() > 1e-12 * (1.0 + a.abs()) {
                return Err(format!("the derivative of {what} by argument {i} is {a} with Dual, but {b} with Dual2"));
            }
            let slope_of = format!("the derivative of {what} by argument {i}");
            compare_by(&slope_of, a, &|v| (self.plain)(&moved(args, i, v)), args, i)?;
            self.check_second(args, pair, lane, second)?;
        }
        Ok(())
    }

    /// Compares the second derivatives by the argument of `lane` and by each up to it.
    fn check_second(&self, args: &[f64], pair: [usize; 2], lane: usize, second: &Pair) -> Result<(), String> {
        for other in 0..=lane {
            let (i, j) = (pair[lane], pair[other]);
            let what = format!("the second derivative of {} by arguments {i} and {j}", self.what);
            // beyond the end of a support the slope is 0, which says nothing of the slope inside
            let slope = |v: f64| {
                let moved = moved(args, j, v);
                if (self.plain)(&moved).is_finite() { (self.first)(&moved, pair).first[lane] } else { f64::NAN }
            };
            compare_by(&what, second.second[lane + other], &slope, args, j)?;
        }
        Ok(())
    }
}

/// Compares a derivative by argument `j` with differences of `f`, a function of that argument.
fn compare_by(what: &str, derivative: f64, f: &dyn Fn(f64) -> f64, args: &[f64], j: usize) -> Result<(), String> {
    if j == 0 {
        compare_where_possible(what, derivative, f, args[j]).map(|_| ())
    } else {
        compare(what, derivative, f, args[j])
    }
}

/// The arguments, but `value` for argument `j`.
fn moved(args: &[f64], j: usize, value: f64) -> Vec<f64> {
    let mut moved = args.to_vec();
    moved[j] = value;
    moved
}

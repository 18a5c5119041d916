//! Derivatives by differences.

/// A derivative by differences, with its error: from extrapolation, and what the rounding of values makes of it.
struct Difference {
    slope: f64,
    error: f64,
    rounding: f64,
}

/// Central differences with ever smaller steps, extrapolated to step 0 (Ridders 1982).
/// `None` if the function is not finite around `at`.
fn derivative(f: impl Fn(f64) -> f64, at: f64) -> Option<Difference> {
    const SHRINK: f64 = 1.6;
    let mut step = 0.05 * if at == 0.0 { 1.0 } else { at.abs() };
    let slope = |step: f64| (f(at + step) - f(at - step)) / ((at + step) - (at - step));
    let wide = step;
    while !slope(step).is_finite() {
        step *= 0.5;
        if step < 1e-9 * wide {
            return None;
        }
    }
    // values are right to a few units in the last place
    let noise = 4.0 * f64::EPSILON * f(at).abs();
    let mut best = Difference { slope: slope(step), error: f64::INFINITY, rounding: noise / step };
    let mut previous = vec![best.slope];
    for _ in 0..20 {
        step /= SHRINK;
        let mut row = vec![slope(step)];
        let mut factor = 1.0;
        for k in 0..previous.len().min(6) {
            factor *= SHRINK * SHRINK;
            let extrapolated = (factor * row[k] - previous[k]) / (factor - 1.0);
            let (error, rounding) =
                ((extrapolated - row[k]).abs().max((extrapolated - previous[k]).abs()), noise / step);
            if error.max(rounding) < best.error.max(best.rounding) {
                best = Difference { slope: extrapolated, error, rounding };
            }
            row.push(extrapolated);
        }
        previous = row;
    }
    Some(best)
}

/// Compares a derivative with differences of `f`; the complaint, if they disagree or if there are none.
pub(super) fn compare(what: &str, derivative_is: f64, f: impl Fn(f64) -> f64, at: f64) -> Result<(), String> {
    if compare_where_possible(what, derivative_is, f, at)? {
        return Ok(());
    }
    Err(format!("{what}: not finite around the point, or lost in rounding, so no differences to compare with"))
}

/// Compares as [`compare`] does; whether there are differences that say anything: next to a singularity there may be none.
pub(super) fn compare_where_possible(
    what: &str,
    derivative_is: f64,
    f: impl Fn(f64) -> f64,
    at: f64,
) -> Result<bool, String> {
    let Some(Difference { slope: expected, error, rounding }) = derivative(f, at) else { return Ok(false) };
    let size = 1.0 + expected.abs();
    if rounding > 1e-3 * size {
        return Ok(false);
    }
    let tolerance = 1e-6 * size + 4.0 * error.max(rounding).min(1e-3 * size);
    if (derivative_is - expected).abs() <= tolerance {
        return Ok(true);
    }
    Err(format!("{what} is {derivative_is}, but differences give {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_find_what_is_wrong() {
        compare("sin", 0.3_f64.cos(), f64::sin, 0.3).expect("right");
        compare("sin", 0.3_f64.cos() + 1e-5, f64::sin, 0.3).expect_err("wrong");
        compare("ln", 1e12, f64::ln, 1e-12).expect("right");
        compare("ln", 1.001e12, f64::ln, 1e-12).expect_err("wrong");
    }

    #[test]
    fn where_there_are_none_is_said() {
        let singular = |x: f64| if (x - 1.0).abs() < f64::EPSILON { 0.0 } else { f64::NAN };
        assert_eq!(compare_where_possible("a point", 0.0, singular, 1.0), Ok(false));
        // 1e9 + x has no digits of x = 1e-9
        assert_eq!(compare_where_possible("a sum", 1.0, |x| 1e9 + x, 1e-9), Ok(false));
        compare("a sum", 1.0, |x| 1e9 + x, 1e-9).expect_err("no differences");
    }
}

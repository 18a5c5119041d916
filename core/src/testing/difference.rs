//! Derivatives by differences.

/// Central differences with ever smaller steps, extrapolated to step 0 (Ridders 1982); the estimate and its error.
/// `None` if the function is not finite around `at`.
pub(super) fn derivative(f: impl Fn(f64) -> f64, at: f64) -> Option<(f64, f64)> {
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
    let mut best = (slope(step), f64::INFINITY);
    let mut previous = vec![best.0];
    for _ in 0..20 {
        step /= SHRINK;
        let mut row = vec![slope(step)];
        let mut factor = 1.0;
        for k in 0..previous.len().min(6) {
            factor *= SHRINK * SHRINK;
            let extrapolated = (factor * row[k] - previous[k]) / (factor - 1.0);
            let error = (extrapolated - row[k]).abs().max((extrapolated - previous[k]).abs());
            if error < best.1 {
                best = (extrapolated, error);
            }
            row.push(extrapolated);
        }
        previous = row;
    }
    Some(best)
}

/// Compares a derivative with differences of `f`; the complaint, if they disagree.
pub(super) fn compare(what: &str, derivative_is: f64, f: impl Fn(f64) -> f64, at: f64) -> Result<(), String> {
    let Some((expected, error)) = derivative(f, at) else {
        return Err(format!("{what}: not finite around the point, so no differences to compare with"));
    };
    let size = 1.0 + expected.abs();
    let tolerance = 1e-6 * size + 4.0 * error.min(1e-3 * size);
    if (derivative_is - expected).abs() <= tolerance {
        return Ok(());
    }
    Err(format!("{what} is {derivative_is}, but differences give {expected}"))
}

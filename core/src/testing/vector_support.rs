//! Vector supports: the maps invert each other, and the log-Jacobian is that of the entries that determine a point.

use crate::numbers::dual::{Dual, Lanes};
use crate::numbers::{Number, Real};
use crate::support::VectorSupport;
use crate::testing::difference::compare;
use nalgebra::DMatrix;

/// Checks `support` at points drawn from a fixed seed; the complaint, if it fails.
pub(super) fn check<S: VectorSupport>(support: &S) -> Result<(), String> {
    let n = support.num_coordinates();
    if support.describe().is_empty() || support.is_empty() != (support.len() == 0) {
        return Err("describe() is empty, or is_empty() disagrees with len()".into());
    }
    if support.len() > 0 && support.contains(&vec![f64::NAN; support.len()]) {
        return Err("contains() is true for NaN".into());
    }
    for k in 0..6 {
        let u: Vec<f64> = (0..n).map(|i| 2.5 * (1.3 * (i + 1) as f64 + 2.1 * f64::from(k)).sin()).collect();
        check_at(support, &u).map_err(|complaint| format!("support, at coordinates {u:?}: {complaint}"))?;
    }
    Ok(())
}

fn check_at<S: VectorSupport>(support: &S, u: &[f64]) -> Result<(), String> {
    let (x, ln_jacobian) = constrain_plain(support, u);
    if x.len() != support.len() {
        return Err(format!("constrain() gives {} entries, len() is {}", x.len(), support.len()));
    }
    if !support.contains(&x) {
        return Err(format!("constrain() gives {x:?}, which contains() refuses"));
    }
    let mut back = vec![];
    support.unconstrain(&x, &mut back);
    let same = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-7 * (1.0 + a.abs());
    if back.len() != u.len() || !u.iter().zip(&back).all(same) {
        return Err(format!("unconstrain(constrain(u)) is {back:?}"));
    }
    let mut columns = vec![];
    for lane in 0..u.len() {
        columns.push(column(support, u, lane, &x, ln_jacobian)?);
    }
    let expected = ln_determinant(&columns);
    if (ln_jacobian - expected).abs() > 1e-8 * (1.0 + expected.abs()) {
        return Err(format!("the log-Jacobian is {ln_jacobian}, but ln |det dx/du| is {expected}"));
    }
    Ok(())
}

fn constrain_plain<S: VectorSupport>(support: &S, u: &[f64]) -> (Vec<f64>, f64) {
    let u: Vec<_> = u.iter().map(|&u| Real(u)).collect();
    let mut x = vec![];
    let ln_jacobian = support.constrain(&u, &mut x);
    (x.iter().map(|x| x.value()).collect(), ln_jacobian.value())
}

/// dx / du\[lane\], after checks of its bits and against differences.
fn column<S: VectorSupport>(
    support: &S,
    u: &[f64],
    lane: usize,
    plain: &[f64],
    plain_ln_jacobian: f64,
) -> Result<Vec<f64>, String> {
    let duals: Vec<Real<Dual<1>>> =
        (0..u.len()).map(|i| Real(if i == lane { Dual::variable(u[i], 0) } else { Dual::constant(u[i]) })).collect();
    let mut x = vec![];
    let ln_jacobian = support.constrain(&duals, &mut x);
    let with = |value: f64| {
        let mut moved = u.to_vec();
        moved[lane] = value;
        constrain_plain(support, &moved)
    };
    let all = x.iter().chain([&ln_jacobian]).zip(plain.iter().chain([&plain_ln_jacobian]));
    for (k, (dual, plain)) in all.enumerate() {
        if dual.value().to_bits() != plain.to_bits() {
            return Err(format!("output {k} of constrain() is {plain} with f64, but {} with duals", dual.value()));
        }
        let output = |value| {
            let (x, ln_jacobian) = with(value);
            x.get(k).copied().unwrap_or(ln_jacobian)
        };
        let what = format!("the derivative of output {k} of constrain() by coordinate {lane}");
        compare(&what, dual.0.partials()[0], output, u[lane])?;
    }
    Ok(x.iter().map(|x| x.0.partials()[0]).collect())
}

/// ln |det| of the first rows of the Jacobian that are independent: the entries that determine the point.
fn ln_determinant(columns: &[Vec<f64>]) -> f64 {
    let n = columns.len();
    let entries = columns.first().map_or(0, Vec::len);
    let (mut rows, mut basis): (Vec<Vec<f64>>, Vec<Vec<f64>>) = (vec![], vec![]);
    for i in 0..entries {
        let row: Vec<f64> = columns.iter().map(|c| c[i]).collect();
        let mut rest = row.clone();
        for _twice in 0..2 {
            for b in &basis {
                let along: f64 = b.iter().zip(&rest).map(|(b, r)| b * r).sum();
                rest.iter_mut().zip(b).for_each(|(r, b)| *r -= along * b);
            }
        }
        let norm = |v: &[f64]| v.iter().map(|v| v * v).sum::<f64>().sqrt();
        if rows.len() < n && norm(&rest) > 1e-9 * norm(&row) {
            let length = norm(&rest);
            basis.push(rest.iter().map(|r| r / length).collect());
            rows.push(row);
        }
    }
    if rows.len() < n {
        return f64::NEG_INFINITY;
    }
    DMatrix::from_fn(n, n, |i, j| rows[i][j]).determinant().abs().ln()
}

//! Closed-form expectations against Gauss-Hermite quadrature, for arguments of every structure a model can give them.

use crate::numbers::Number;
use crate::numbers::form::{Affine, ClosedForm, Form};
use crate::testing::erased::Density;

/// How an argument depends on the coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Dependence {
    Constant,
    /// Its own coordinate.
    Own,
    /// Its own coordinate and a share of the previous argument's.
    Shared,
    /// exp of its own coordinate.
    Exp,
    /// exp of its own coordinate and a share of the previous argument's.
    ExpShared,
    /// Its own coordinate, times exp of a share of the previous argument's.
    Scaled,
}
use Dependence::{Constant, Exp, ExpShared, Own, Scaled, Shared};

const DEPENDENCES: [Dependence; 6] = [Constant, Own, Shared, Exp, ExpShared, Scaled];

/// What the distribution's value is: one that varies, or a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    Latent,
    Datum,
}

/// Checks `closed_form` around `args`, the value first. The complaint, if it fails.
pub(super) fn check(density: &dyn Density, args: &[f64], value: Outcome) -> Result<(), String> {
    if args.len() > 4 {
        return Ok(());
    }
    let kinds = DEPENDENCES.len();
    let combinations = args.iter().fold(1, |product, _| product * kinds);
    for code in 0..combinations {
        let mut rest = code;
        let dependences: Vec<_> = args
            .iter()
            .map(|_| {
                let dependence = DEPENDENCES[rest % kinds];
                rest /= kinds;
                dependence
            })
            .collect();
        let positive = |i: usize| args[i] > 0.0 || !matches!(dependences[i], Exp | ExpShared);
        let has_previous = !matches!(dependences[0], Shared | ExpShared | Scaled);
        if (value == Outcome::Latent || dependences[0] == Constant) && has_previous && (0..args.len()).all(positive) {
            check_structure(density, args, &dependences)?;
        }
    }
    Ok(())
}

fn check_structure(density: &dyn Density, args: &[f64], dependences: &[Dependence]) -> Result<(), String> {
    let means: Vec<f64> = (0..args.len())
        .map(|i| if matches!(dependences[i], Exp | ExpShared) { args[i].ln() } else { args[i] })
        .collect();
    let sds: Vec<f64> = (0..args.len())
        .map(|i| match dependences[i] {
            Exp | ExpShared => 0.2 + 0.05 * i as f64,
            _ => 0.08 * if args[i] == 0.0 { 1.0 } else { args[i].abs() },
        })
        .collect();
    let share = |i: usize| match (i, dependences[i]) {
        (0, _) => 0.0,
        (_, Scaled) => 0.1 / sds[i - 1],
        _ => 0.5 * sds[i] / sds[i - 1],
    };
    let shares: Vec<f64> = (0..args.len()).map(share).collect();
    let point = Point { dependences, means: &means, sds: &sds, shares: &shares };
    let forms: Vec<Form> = (0..args.len()).map(|i| point.form(i)).collect();
    let Some(closed) = density.closed_form(&forms) else { return Ok(()) };
    let found = expectation(&closed, &means, &sds)?;
    let mut moments = Quadrature::default();
    integrate(density, &point, &mut vec![], 1.0, &mut moments);
    let expected = moments.mean;
    if (found - expected).abs() <= 1e-6 * (1.0 + moments.mean_abs) {
        return Ok(());
    }
    Err(format!(
        "closed_form() with value and parameters {dependences:?} of coordinates has the expectation {found}, \
         but quadrature gives {expected}"
    ))
}

/// The guide, and how each argument depends on its coordinates.
struct Point<'a> {
    dependences: &'a [Dependence],
    means: &'a [f64],
    sds: &'a [f64],
    /// What a shared argument takes of the previous coordinate.
    shares: &'a [f64],
}

impl Point<'_> {
    fn form(&self, i: usize) -> Form {
        let own = Form::coordinate(i, self.means[i]);
        let share = |i: usize| {
            let previous = Form::coordinate(i - 1, self.means[i - 1]);
            previous.scale(self.shares[i]).shift(-self.shares[i] * self.means[i - 1])
        };
        let shared = |i: usize| own.add(share(i));
        match self.dependences[i] {
            Constant => Form::constant(self.means[i]),
            Own => own,
            Shared => shared(i),
            Exp => own.exp(),
            ExpShared => shared(i).exp(),
            Scaled => share(i).exp().mul(own),
        }
    }

    fn argument(&self, i: usize, u: &[f64]) -> f64 {
        let share = || self.shares[i] * (u[i - 1] - self.means[i - 1]);
        let shared = || u[i] + share();
        match self.dependences[i] {
            Constant => self.means[i],
            Own => u[i],
            Shared => shared(),
            Exp => u[i].exp(),
            ExpShared => shared().exp(),
            Scaled => share().exp() * u[i],
        }
    }
}

/// E of affine + factor exp(exponent) square^2 under independent normals: with the square's products exp(e) b, that of
/// every pair of them is E exp(exponent + e + e') E\[b b'\].
fn expectation(closed: &ClosedForm, means: &[f64], sds: &[f64]) -> Result<f64, String> {
    let mean = |a: &Affine| a.constant + a.terms().iter().map(|&(k, c)| c * means[k]).sum::<f64>();
    let covariance = |a: &Affine, b: &Affine| -> f64 {
        let of_b = |j: usize| b.terms().iter().filter(|term| term.0 == j).map(|term| term.1).sum::<f64>();
        a.terms().iter().map(|&(j, c)| c * of_b(j) * sds[j] * sds[j]).sum()
    };
    let Some(term) = closed.exponential else { return Ok(mean(&closed.affine)) };
    if !term.square.is_known_under(&term.exponent) {
        return Err("closed_form() has an exponent and a square that share a coordinate".into());
    }
    let mut parts = vec![(Affine::constant(0.0), term.square.affine)];
    parts.extend(term.square.products().iter().map(|product| (product.exponent, product.factor)));
    let mut square = 0.0;
    for (e, b) in &parts {
        for (other_e, other_b) in &parts {
            let exponent = term.exponent.plus(1.0, e).plus(1.0, other_e);
            let exponential = (mean(&exponent) + 0.5 * covariance(&exponent, &exponent)).exp();
            square += exponential * (mean(b) * mean(other_b) + covariance(b, other_b));
        }
    }
    Ok(mean(&closed.affine) + term.factor * square)
}

/// The means of a log density and of its absolute value.
#[derive(Default)]
struct Quadrature {
    mean: f64,
    mean_abs: f64,
}

/// Nodes and weights of the 10-point rule for E f(z), z standard normal: Abramowitz & Stegun, table 25.10,
/// nodes times sqrt(2), weights over sqrt(pi).
const RULE: [(f64, f64); 5] = [
    (0.342_901_327_223_704_6 * std::f64::consts::SQRT_2, 0.610_862_633_735_325_8),
    (1.036_610_829_789_513_7 * std::f64::consts::SQRT_2, 0.240_138_611_082_314_69),
    (1.756_683_649_299_881_8 * std::f64::consts::SQRT_2, 0.033_874_394_455_481_06),
    (2.532_731_674_232_79 * std::f64::consts::SQRT_2, 0.001_343_645_746_781_232_7),
    (3.436_159_118_837_738 * std::f64::consts::SQRT_2, 7.640_432_855_232_62e-6),
];
const SQRT_PI: f64 = 1.772_453_850_905_516;

/// Adds `weight` times the means over the coordinates that follow `u` to `moments`.
fn integrate(density: &dyn Density, point: &Point, u: &mut Vec<f64>, weight: f64, moments: &mut Quadrature) {
    let i = u.len();
    if i == point.dependences.len() {
        let args: Vec<f64> = (0..i).map(|k| point.argument(k, u)).collect();
        let ln_density = density.ln_density(&args);
        moments.mean += weight * ln_density;
        moments.mean_abs += weight * ln_density.abs();
        return;
    }
    let is_shared = matches!(point.dependences.get(i + 1), Some(Shared | ExpShared | Scaled));
    if point.dependences[i] == Constant && !is_shared {
        u.push(point.means[i]);
        integrate(density, point, u, weight, moments);
        u.pop();
        return;
    }
    for (node, w) in RULE {
        for z in [-node, node] {
            u.push(point.means[i] + point.sds[i] * z);
            integrate(density, point, u, weight * w / SQRT_PI, moments);
            u.pop();
        }
    }
}

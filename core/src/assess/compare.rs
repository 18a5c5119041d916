//! Models compared by what they predict.

use crate::assess::accumulate::error_of_sum;
use crate::assess::elpd::{By, Elpd, Method};
use crate::error::Error;
use std::fmt;

/// Models from the best to the worst. `{comparison}` prints a table.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// One a model, the best first.
    pub rows: Vec<Compared>,
}

/// A model among others.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The name it was given.
    pub name: String,
    /// Its expected log predictive density, in nats, as all below.
    pub elpd: f64,
    /// Standard error of `elpd`.
    pub standard_error: f64,
    /// `elpd` less that of the best model: 0 or below.
    pub difference: f64,
    /// Standard error of `difference`, from the differences point by point (Vehtari, Gelman & Gabry 2017, equation 24). What
    /// models find hard alike does not count, so that it is smaller than the errors of the two suggest.
    pub difference_error: f64,
    /// Points whose estimate is not to be trusted.
    pub doubtful: usize,
}

/// Compares models of the same data by their expected log predictive densities, each under a name.
///
/// The data must be the same, left out by the same unit, and visited in the same order: point k of all models is the same
/// task or observation.
///
/// ```
/// use hierarch::assess::{By, compare};
/// use hierarch::prelude::*;
/// # fn main() -> Result<(), hierarch::Error> {
/// model! {
///     Hierarchy(groups: &[Vec<f64>]) {
///         mu ~ Normal(0.0, 5.0);
///         tau ~ HalfNormal(2.0);
///         for ys in groups {
///             theta ~ Normal(mu, tau);
///             for y in ys {
///                 y ~ Normal(theta, 1.0);
///             }
///         }
///     }
/// }
/// model! {
///     Pooled(groups: &[Vec<f64>]) {
///         mu ~ Normal(0.0, 5.0);
///         for ys in groups {
///             for y in ys {
///                 y ~ Normal(mu, 1.0);
///             }
///         }
///     }
/// }
/// let groups = [vec![3.1, 2.7, 2.9], vec![-0.4, 0.6], vec![1.2, 1.0, 0.4]];
/// let hierarchy = Hierarchy::new(&groups).fit()?.loo(By::Observation)?;
/// let pooled = Pooled::new(&groups).fit()?.loo(By::Observation)?;
/// let comparison = compare(&[("pooled", &pooled), ("hierarchy", &hierarchy)])?;
/// println!("{comparison}");
/// assert_eq!(comparison.rows[0].name, "hierarchy");
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// No model; models that leave out something else, or another number of points.
pub fn compare(models: &[(&str, &Elpd)]) -> Result<Comparison, Error> {
    let is_better = |a: &&(&str, &Elpd), b: &&(&str, &Elpd)| a.1.elpd.total_cmp(&b.1.elpd);
    let Some((_, best)) = models.iter().max_by(is_better) else {
        return Err(Error::Unusable("`compare` of no models".to_owned()));
    };
    let described = |of: &Elpd| (of.by, of.method, of.points.len());
    if let Some((name, other)) = models.iter().find(|(_, of)| described(of) != described(best)) {
        let [one, two] = [*other, *best].map(|of| {
            let (by, method, points) = described(of);
            format!("{} of {points} {}", said(method), units(by))
        });
        return Err(Error::Unusable(format!("`compare` of what is not alike: `{name}` is {one}, another model {two}")));
    }
    let compared = |(name, of): &(&str, &Elpd)| {
        let differences: Vec<f64> = of.points.iter().zip(&best.points).map(|(a, b)| a.elpd - b.elpd).collect();
        Compared {
            name: (*name).to_owned(),
            elpd: of.elpd,
            standard_error: of.standard_error,
            difference: of.elpd - best.elpd,
            difference_error: error_of_sum(&differences),
            doubtful: of.doubtful().count(),
        }
    };
    let mut rows: Vec<Compared> = models.iter().map(compared).collect();
    rows.sort_by(|a, b| b.elpd.total_cmp(&a.elpd));
    Ok(Comparison { rows })
}

fn said(method: Method) -> &'static str {
    match method {
        Method::LeaveOneOut => "leave-one-out",
        Method::Waic => "WAIC",
    }
}

fn units(by: By) -> &'static str {
    match by {
        By::Task => "tasks",
        By::Observation => "observations",
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).fold(5, usize::max);
        write!(
            f,
            "{:width$}  {:>10}  {:>8}  {:>10}  {:>8}  {:>8}",
            "model", "elpd", "error", "difference", "error", "doubtful"
        )?;
        for Compared { name, elpd, standard_error, difference, difference_error, doubtful } in &self.rows {
            write!(
                f,
                "\n{name:width$}  {elpd:>10.2}  {standard_error:>8.2}  {difference:>10.2}  {difference_error:>8.2}  {doubtful:>8}"
            )?;
        }
        Ok(())
    }
}

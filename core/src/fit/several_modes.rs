//! What is said of a posterior with several modes.

use crate::fit::imprecise::Naming;
use crate::guide::MeanField;
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::optimize::modes::{Copied, OtherModes, Symmetry, Values};
use crate::optimize::summit::Summit;
use crate::posterior::draws::WeightedDraws;

/// Draws tell the share of a mode up to such a factor, where they tell it.
const LEAST_SEEN: f64 = 0.1;
/// Another maximum is within a guide up to so many of its standard deviations from the mean.
const WITHIN: f64 = 2.0;

/// The modes that climbs have found, and the answer.
pub(super) struct SeveralModes<'a> {
    pub(super) best: &'a Summit,
    pub(super) others: &'a OtherModes,
    /// The answer, if it is more than a Gaussian around the best.
    pub(super) draws: Option<&'a WeightedDraws>,
    /// ln p(D) in nats, where importance weights tell it.
    pub(super) ln_evidence: Option<f64>,
    pub(super) naming: Naming<'a>,
}

/// What there is to doubt, and what to know.
#[derive(Default)]
pub(super) struct SaidOfModes {
    pub(super) doubt: Option<String>,
    pub(super) remarks: Vec<String>,
}

impl SeveralModes<'_> {
    pub(super) fn said(&self) -> SaidOfModes {
        let copy = self.others.copy.as_ref().map(|copy| self.copied(copy));
        let mut said = SaidOfModes { doubt: None, remarks: copy.into_iter().collect() };
        let modes = self.modes();
        if modes.len() < 2 {
            return said;
        }
        let shares = self.draws.map_or_else(|| of_best_alone(modes.len()), |draws| shares(&modes, draws));
        let text = self.apart(&modes, &shares);
        let is_missed = |(share, least): (&f64, f64)| *share < LEAST_SEEN * least;
        if shares.iter().zip(self.least_shares(&modes)).any(is_missed) {
            said.doubt = Some(format!("{text}, less of one than a climb found there"));
        } else {
            said.remarks.push(format!(
                "{text}: where one alone is meant a prior should say which, of kinds an `Ordered` vector"
            ));
        }
        said
    }

    /// The maxima, but for those of a guide that is wide enough for another, which are the bound's alone.
    fn modes(&self) -> Vec<&Summit> {
        let all = || std::iter::once(self.best).chain(&self.others.apart);
        let is_within = |guide: &MeanField, other: &MeanField| {
            let widths = guide.ln_scale.iter().map(|ln_s| WITHIN * ln_s.exp());
            guide.loc.iter().zip(&other.loc).zip(widths).all(|((a, b), width)| (a - b).abs() < width)
        };
        let is_wide = |mode: &Summit| {
            // itself, and another
            all().filter(|other| is_within(&mode.guide.global, &other.guide.global)).count() > 1
        };
        all().filter(|mode| !is_wide(mode)).collect()
    }

    /// What every mode has at least, as its ELBO is a bound of its part of the evidence: exp(ELBO) / p(D).
    fn least_shares(&self, modes: &[&Summit]) -> Vec<f64> {
        let elbos = || modes.iter().map(|mode| mode.elbo.total());
        let ln_evidence =
            self.ln_evidence.unwrap_or_else(|| log_sum_exp(elbos().map(Real).collect::<Vec<_>>()).value());
        elbos().map(|elbo| (elbo - ln_evidence).exp().min(1.0)).collect()
    }

    /// What is the same for another order or other signs, and where it is then.
    fn copied(&self, Copied { theta, by }: &Copied) -> String {
        let [here, there] = [&self.best.guide.global, theta].map(|theta| Values::at(self.naming.program, theta));
        let number = most_different(&here, &there);
        let (what, remedy) = match by {
            Symmetry::Order => ("names can trade places", "an `Ordered` vector tells them apart"),
            Symmetry::Signs => ("signs can change together", "a prior on one side of 0 decides for one of them"),
        };
        format!(
            "{what}: this is one mode of several that are alike ({} is {:.2} here, {:.2} in another), and {remedy}",
            self.naming.of_global(number),
            here.values[number],
            there.values[number],
        )
    }

    /// The shares of the modes, and the number in which the first two differ most.
    fn apart(&self, modes: &[&Summit], shares: &[f64]) -> String {
        let place = |mode: &&Summit| Values::at(self.naming.program, &mode.guide.global);
        let places: Vec<Values> = modes.iter().map(place).collect();
        let number = most_different(&places[0], &places[1]);
        let name = self.naming.of_global(number);
        let of_mode = |(share, place): (&f64, &Values)| {
            format!("{:.0}% around {name} = {:.2}", 100.0 * share, place.values[number])
        };
        let each: Vec<String> = shares.iter().zip(&places).map(of_mode).collect();
        format!("the posterior has {} modes, and of this answer {}", places.len(), each.join(", "))
    }
}

/// How much of the draws is nearest to each mode.
fn shares(modes: &[&Summit], draws: &WeightedDraws) -> Vec<f64> {
    let mut shares = vec![0.0; modes.len()];
    for (s, weight) in draws.weights.iter().enumerate() {
        let away: Vec<f64> = modes.iter().map(|mode| distance(&mode.guide.global, draws.theta(s))).collect();
        let nearest = (0..away.len()).min_by(|&a, &b| away[a].total_cmp(&away[b])).unwrap_or(0);
        shares[nearest] += weight;
    }
    shares
}

/// A Gaussian around the best has nothing of the others.
fn of_best_alone(modes: usize) -> Vec<f64> {
    (0..modes).map(|mode| if mode == 0 { 1.0 } else { 0.0 }).collect()
}

/// sum_j ((u_j - m_j) / s_j)^2 + 2 ln s_j
fn distance(mode: &MeanField, theta: &[f64]) -> f64 {
    let of = |((u, m), ln_s): ((&f64, &f64), &f64)| ((u - m) / ln_s.exp()).powi(2) + 2.0 * ln_s;
    theta.iter().zip(&mode.loc).zip(&mode.ln_scale).map(of).sum()
}

/// The number in which two places differ most, by their widths.
fn most_different(a: &Values, b: &Values) -> usize {
    let away = |&j: &usize| (a.values[j] - b.values[j]).abs() / a.widths[j].max(b.widths[j]);
    (0..a.values.len()).max_by(|i, j| away(i).total_cmp(&away(j))).unwrap_or(0)
}

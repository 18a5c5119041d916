//! What theta is proposed from: mixtures of heavy-tailed relatives of Gaussians.

use crate::linalg::gaussian::Gaussian;
use crate::numbers::number::Real;
use crate::numbers::real::log_sum_exp;
use crate::sampling::elliptical::Reference;
use crate::sampling::heavy::HeavyTailed;
use crate::sampling::lattice::points_ln_density;
use nalgebra::{DMatrix, DVector};

/// How much wider lookouts are, for what a Gaussian misses.
const LOOKOUT: f64 = 4.0;
/// One of so many draws is a lookout's.
const LOOKOUTS: usize = 3;
/// Of more coordinates each alone is not looked at.
pub(crate) const MOST_LOOKED_AT: usize = 12;

/// A component of a proposal, with the inverse of its root.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) heavy: HeavyTailed,
    inverse: DMatrix<f64>,
}

impl Part {
    /// `None` where the covariance is not positive definite.
    pub(crate) fn new(gaussian: Gaussian) -> Option<Self> {
        let heavy = HeavyTailed::new(gaussian);
        Some(Self { inverse: heavy.inverse()?, heavy })
    }

    /// How many coordinates it has.
    pub(crate) fn dimensions(&self) -> usize {
        self.heavy.wide.mean.len()
    }

    /// R^-1 (u - m).
    pub(crate) fn standardised(&self, u: &[f64]) -> DVector<f64> {
        &self.inverse * (DVector::from_column_slice(u) - &self.heavy.wide.mean)
    }

    /// R^-1 C R^-T
    pub(crate) fn whitened(&self, covariance: &DMatrix<f64>) -> DMatrix<f64> {
        &self.inverse * covariance * self.inverse.transpose()
    }

    /// The part of a Gaussian in [`standardised`](Self::standardised) coordinates; `None` where that is singular.
    pub(crate) fn of_standardised(&self, here: &Gaussian) -> Option<Self> {
        let wide = &self.heavy.wide;
        let covariance = &wide.root * here.covariance() * wide.root.transpose();
        Self::new(Gaussian { mean: wide.at(&here.mean), root: covariance.cholesky()?.unpack() })
    }

    /// A part that is wider in every direction.
    fn widened(&self) -> Self {
        let HeavyTailed { wide, ln_det } = self.heavy.clone();
        let ln_det = ln_det + wide.mean.len() as f64 * LOOKOUT.ln();
        let heavy = HeavyTailed { wide: wide.widened(LOOKOUT), ln_det };
        Self { heavy, inverse: &self.inverse / LOOKOUT }
    }

    /// Wider in one coordinate, which the others follow by regression: with c = C e_j the covariance is
    /// C + (k^2 - 1) c c' / C_jj. Tails of scales, and of clusters that merge, lie there.
    fn stretched(&self, j: usize) -> Option<Self> {
        let wide = &self.heavy.wide;
        let covariance = wide.covariance();
        let along = covariance.column(j) / covariance[(j, j)].sqrt();
        let covariance = &covariance + (LOOKOUT * LOOKOUT - 1.0) * &along * along.transpose();
        Self::new(Gaussian { mean: wide.mean.clone(), root: covariance.cholesky()?.unpack() })
    }

    /// The mixture with lookouts, in case the posterior reaches where the Gaussian does not: a wide one, and of few coordinates
    /// one stretched along each.
    pub(crate) fn with_lookouts(self) -> Proposal {
        let n = self.dimensions();
        let along = if n <= MOST_LOOKED_AT { 0..n } else { 0..0 };
        let lookouts: Vec<Self> =
            std::iter::once(self.widened()).chain(along.filter_map(|j| self.stretched(j))).collect();
        let most = (LOOKOUTS - 1) * lookouts.len();
        Proposal::mixed(std::iter::once((self, most)).chain(lookouts.into_iter().map(|part| (part, 1))))
    }
}

/// A mixture that theta is proposed from.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    parts: Vec<Part>,
    /// The part of each draw, over and over.
    order: Vec<usize>,
    /// By part, ln of its share in the draws.
    ln_shares: Vec<f64>,
}

impl Proposal {
    /// A part alone.
    pub(crate) fn of(part: Part) -> Self {
        Self::mixed([(part, 1)])
    }

    /// Every part as often as it says, as evenly in turn as can be.
    pub(crate) fn mixed(parts: impl IntoIterator<Item = (Part, usize)>) -> Self {
        let (parts, times): (Vec<Part>, Vec<usize>) = parts.into_iter().filter(|(_, times)| *times > 0).unzip();
        let total: usize = times.iter().sum();
        let mut turns: Vec<(f64, usize)> = Vec::with_capacity(total);
        for (part, &times) in times.iter().enumerate() {
            turns.extend((0..times).map(|k| ((k as f64 + 0.5) / times as f64, part)));
        }
        turns.sort_by(|a, b| a.0.total_cmp(&b.0));
        let ln_shares = times.iter().map(|&times| (times as f64 / total as f64).ln()).collect();
        Self { parts, order: turns.into_iter().map(|turn| turn.1).collect(), ln_shares }
    }

    /// Several of them, each as often.
    pub(crate) fn together(each: &[Self]) -> Self {
        let [first, others @ ..] = each else { unreachable!("there is a mode") };
        let length = others.iter().fold(first.order.len(), |length, other| lcm(length, other.order.len()));
        let parts_before = |mode: usize| each[..mode].iter().map(|of| of.parts.len()).sum::<usize>();
        let offsets: Vec<usize> = (0..each.len()).map(parts_before).collect();
        let turn = |k: usize| each.iter().zip(&offsets).map(move |(of, offset)| offset + of.order[k % of.order.len()]);
        let ln_share = -(each.len() as f64).ln();
        Self {
            parts: each.iter().flat_map(|of| of.parts.iter().cloned()).collect(),
            order: (0..length).flat_map(turn).collect(),
            ln_shares: each.iter().flat_map(|of| of.ln_shares.iter().map(|share| share + ln_share)).collect(),
        }
    }

    /// The first part, which the others go with.
    pub(crate) fn main(&self) -> &Part {
        &self.parts[0]
    }

    /// What chains take ellipses from that look at what this proposes; `None` where it is singular.
    pub(crate) fn reference(&self) -> Option<Reference> {
        Reference::new(self.main().heavy.wide.clone())
    }

    /// The part that a draw of a round is made of.
    pub(crate) fn of_draw(&self, number: usize) -> &Part {
        &self.parts[self.order[number % self.order.len()]]
    }

    /// ln sum_c share_c q_c(u)
    pub(crate) fn ln_density(&self, u: &[f64]) -> f64 {
        let mut away = DVector::zeros(u.len());
        let mut of = |part: &Part| part.heavy.ln_density(&part.inverse, u, &mut away, points_ln_density);
        let terms = self.parts.iter().zip(&self.ln_shares).map(|(part, ln_share)| Real(ln_share + of(part)));
        log_sum_exp(terms.collect::<Vec<_>>()).value()
    }
}

/// The least common multiple.
fn lcm(a: usize, b: usize) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    a / gcd(a, b) * b
}

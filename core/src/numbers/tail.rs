//! Tails of a distribution by their logarithms, and how they vary with the point where they end.
//!
//! With a density f, and S either F(x) = P(X <= x) or 1 - F(x), and r = f / S or -f / S:
//!
//! ```text
//! d ln S / d x = r,  d2 ln S / d x2 = r (d ln f / d x - r),  d2 ln S / d x d p = r (d ln f / d p - d ln S / d p)
//! ```

use crate::numbers::dual::Lanes;
use crate::numbers::jet::Jet;
use crate::numbers::number::{Number, Real};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tail {
    /// P(X <= x).
    Lower,
    /// P(X > x).
    Upper,
}

impl Tail {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Lower => Self::Upper,
            Self::Upper => Self::Lower,
        }
    }

    /// The logarithm of this tail, given that of `known`; -inf for what is nothing but for rounding.
    pub(crate) fn from<N: Number>(self, known: Self, ln_share: Real<N>) -> Real<N> {
        if self == known {
            return ln_share;
        }
        if ln_share.value() < 0.0 { ln_share.ln_1m_exp() } else { Real::constant(f64::NEG_INFINITY) }
    }

    /// The jet of ln S in the parameters, whose lanes ln S and ln f have, and in the point, which comes last; `slope` is
    /// d ln f / d x.
    pub(crate) fn jet<const A: usize>(self, ln_share: &impl Lanes, ln_density: &impl Lanes, slope: f64) -> Jet<A> {
        let ratio = (ln_density.value() - ln_share.value()).exp();
        let ratio = if self == Self::Lower { ratio } else { -ratio };
        let mut jet = Jet { value: ln_share.value(), first: [0.0; A], second: [[0.0; A]; A] };
        let mut packed = ln_share.triangle().iter();
        for p in 0..A - 1 {
            jet.first[p] = ln_share.partials()[p];
            jet.second[A - 1][p] = ratio * (ln_density.partials()[p] - ln_share.partials()[p]);
            jet.second[p].iter_mut().zip(packed.by_ref().take(p + 1)).for_each(|(to, from)| *to = *from);
        }
        jet.first[A - 1] = ratio;
        jet.second[A - 1][A - 1] = ratio * (slope - ratio);
        jet
    }
}

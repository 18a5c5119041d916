//! Functions of [`Real<N>`]: what a model body may do with a latent beyond arithmetic.

use crate::numbers::jet::{Args, Jet};
use crate::numbers::number::{Elementary, Number, Real};
use crate::special;
use std::f64::consts::FRAC_2_SQRT_PI;

impl<N: Number> Real<N> {
    /// A number that does not vary.
    #[inline(always)]
    pub fn constant(value: f64) -> Self {
        Self(N::constant(value))
    }

    /// The value alone. A model that branches on it is not differentiable there.
    #[inline(always)]
    pub fn value(self) -> f64 {
        self.0.value()
    }

    /// `f(self)` for a function the crate does not have, from its value and two derivatives at `self.value()`.
    ///
    /// ```
    /// use hierarch::prelude::*;
    /// fn gaussian_bump<N: Number>(x: Real<N>) -> Real<N> {
    ///     let v = x.value();
    ///     let e = (-v * v).exp();
    ///     x.chain(e, -2.0 * v * e, (4.0 * v * v - 2.0) * e)
    /// }
    /// assert_eq!(gaussian_bump(Real(0.0)).value(), 1.0);
    /// ```
    #[inline(always)]
    pub fn chain(self, f: f64, first: f64, second: f64) -> Self {
        Self(self.0.chain(f, first, second))
    }

    /// e to the power of `self`.
    #[inline(always)]
    pub fn exp(self) -> Self {
        Self(self.0.exp())
    }

    /// Natural logarithm.
    #[inline(always)]
    pub fn ln(self) -> Self {
        Self(self.0.ln())
    }

    /// `self` to a constant power.
    #[inline(always)]
    pub fn powf(self, power: f64) -> Self {
        Self(self.0.powf(power))
    }

    /// `self` to a whole power; any sign of `self`.
    #[inline(always)]
    pub fn powi(self, power: i32) -> Self {
        Self(self.0.elementary(Elementary::Powi(power)))
    }

    /// `self` to a power that varies; `self` must be positive.
    #[inline(always)]
    pub fn pow(self, power: Self) -> Self {
        (power * self.ln()).exp()
    }

    /// Square root.
    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self(self.0.sqrt())
    }

    /// `1 / self`.
    #[inline(always)]
    pub fn recip(self) -> Self {
        Self(self.0.recip())
    }

    /// `self * self`.
    #[inline(always)]
    pub fn square(self) -> Self {
        self * self
    }

    /// Absolute value; its derivative at 0 is taken as 0.
    #[inline(always)]
    pub fn abs(self) -> Self {
        let v = self.value();
        let sign = if v == 0.0 { 0.0 } else { v.signum() };
        self.chain(v.abs(), sign, 0.0)
    }

    /// Sine, of radians.
    #[inline(always)]
    pub fn sin(self) -> Self {
        let (s, c) = self.value().sin_cos();
        self.chain(s, c, -s)
    }

    /// Cosine, of radians.
    #[inline(always)]
    pub fn cos(self) -> Self {
        let (s, c) = self.value().sin_cos();
        self.chain(c, -s, -c)
    }

    /// Tangent, of radians.
    #[inline(always)]
    pub fn tan(self) -> Self {
        let t = self.value().tan();
        let first = 1.0 + t * t;
        self.chain(t, first, 2.0 * t * first)
    }

    /// Inverse tangent, in radians.
    #[inline(always)]
    pub fn atan(self) -> Self {
        let v = self.value();
        let first = (1.0 + v * v).recip();
        self.chain(v.atan(), first, -2.0 * v * first * first)
    }

    /// Hyperbolic tangent.
    #[inline(always)]
    pub fn tanh(self) -> Self {
        Self(self.0.elementary(Elementary::Tanh))
    }

    /// Logistic function 1 / (1 + exp(-self)), the inverse of the logit.
    #[inline(always)]
    pub fn sigmoid(self) -> Self {
        Self(self.0.elementary(Elementary::Sigmoid))
    }

    /// ln(self / (1 - self)).
    #[inline(always)]
    pub fn logit(self) -> Self {
        let p = self.value();
        let first = (p * (1.0 - p)).recip();
        self.chain(p.ln() - (-p).ln_1p(), first, (2.0 * p - 1.0) * first * first)
    }

    /// ln(1 + self), accurate near 0.
    #[inline(always)]
    pub fn ln_1p(self) -> Self {
        Self(self.0.elementary(Elementary::Ln1p))
    }

    /// exp(self) - 1, accurate near 0.
    #[inline(always)]
    pub fn exp_m1(self) -> Self {
        Self(self.0.elementary(Elementary::ExpM1))
    }

    /// ln(1 + exp(self)), stable in both tails ("softplus").
    #[inline(always)]
    pub fn ln_1p_exp(self) -> Self {
        Self(self.0.elementary(Elementary::Ln1pExp))
    }

    /// ln(1 - exp(self)) for negative `self`, accurate near 0 and far from it.
    #[inline(always)]
    pub fn ln_1m_exp(self) -> Self {
        Self(self.0.elementary(Elementary::Ln1mExp))
    }

    /// Logarithm of the gamma function.
    #[inline(always)]
    pub fn ln_gamma(self) -> Self {
        let x = self.value();
        let first = if N::ORDER >= 1 { special::digamma(x) } else { 0.0 };
        let second = if N::ORDER >= 2 { special::trigamma(x) } else { 0.0 };
        self.chain(special::ln_gamma(x), first, second)
    }

    /// Derivative of [`ln_gamma`](Self::ln_gamma).
    #[inline(always)]
    pub fn digamma(self) -> Self {
        let x = self.value();
        let first = if N::ORDER >= 1 { special::trigamma(x) } else { 0.0 };
        let second = if N::ORDER >= 2 { special::tetragamma(x) } else { 0.0 };
        self.chain(special::digamma(x), first, second)
    }

    /// ln B(self, other), the logarithm of the beta function; both must be positive.
    pub fn ln_beta(self, other: Self) -> Self {
        let (a, b) = (self.value(), other.value());
        let mut jet = Jet { value: special::ln_beta(a, b), first: [0.0; 2], second: [[0.0; 2]; 2] };
        if N::ORDER >= 1 {
            let sum = special::digamma(a + b);
            jet.first = [special::digamma(a) - sum, special::digamma(b) - sum];
        }
        if N::ORDER >= 2 {
            let sum = special::trigamma(a + b);
            jet.second = [[special::trigamma(a) - sum, 0.0], [-sum, special::trigamma(b) - sum]];
        }
        (self, other).join(&jet)
    }

    /// Error function.
    #[inline(always)]
    pub fn erf(self) -> Self {
        let x = self.value();
        let first = FRAC_2_SQRT_PI * (-x * x).exp();
        self.chain(special::erf(x), first, -2.0 * x * first)
    }

    /// 1 - erf(self), accurate in the upper tail.
    #[inline(always)]
    pub fn erfc(self) -> Self {
        let x = self.value();
        let first = -FRAC_2_SQRT_PI * (-x * x).exp();
        self.chain(special::erfc(x), first, -2.0 * x * first)
    }

    /// Probability that a standard normal variable is below `self`: the inverse of the probit.
    #[inline(always)]
    pub fn normal_cdf(self) -> Self {
        Self(self.0.elementary(Elementary::NormalCdf))
    }

    /// Logarithm of [`normal_cdf`](Self::normal_cdf), accurate in both tails.
    #[inline(always)]
    pub fn ln_normal_cdf(self) -> Self {
        Self(self.0.elementary(Elementary::LnNormalCdf))
    }

    /// ln(exp(self) + exp(other)), stable.
    #[inline(always)]
    pub fn ln_add_exp(self, other: Self) -> Self {
        if self.value() == f64::NEG_INFINITY {
            return other;
        }
        if other.value() == f64::NEG_INFINITY {
            return self;
        }
        self + (other - self).ln_1p_exp()
    }
}

/// ln of the sum of exponentials, stable for any magnitudes; -inf for no terms.
pub fn log_sum_exp<N: Number>(terms: impl IntoIterator<Item = Real<N>>) -> Real<N> {
    terms.into_iter().fold(Real::constant(f64::NEG_INFINITY), Real::ln_add_exp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check_gradient;

    #[test]
    fn derivatives_agree_with_differences() {
        for v in [0.05, 0.3, 0.9, 1.6, 4.0, 30.0] {
            check_gradient!(|x| x.exp(), [v]);
            check_gradient!(|x| x.ln(), [v]);
            check_gradient!(|x| x.powf(-1.7), [v]);
            check_gradient!(|x| x.sqrt(), [v]);
            check_gradient!(|x| x.recip(), [v]);
            check_gradient!(|x| x.ln_gamma(), [v]);
            check_gradient!(|x| x.digamma(), [v]);
            check_gradient!(|x| (x * 0.03).logit(), [v]);
            check_gradient!(|x| x.ln_1p(), [v]);
            check_gradient!(|x| (-x).ln_1m_exp(), [v]);
            check_gradient!(|x, y| x.ln_beta(y), [v, 0.7]);
            check_gradient!(|x, y| y.ln_beta(x), [v, 12.0]);
            check_gradient!(|x, y| x.pow(y), [v, -1.3]);
        }
        for v in [-12.0, -3.0, -0.4, 0.2, 1.1, 5.0] {
            check_gradient!(|x| x.abs(), [v]);
            check_gradient!(|x| x.square(), [v]);
            check_gradient!(|x| x.powi(3), [v]);
            check_gradient!(|x| x.powi(-2), [v]);
            check_gradient!(|x| x.powi(1), [v]);
            check_gradient!(|x| x.powi(0), [v]);
            check_gradient!(|x| x.sin(), [v]);
            check_gradient!(|x| x.cos(), [v]);
            check_gradient!(|x| x.tan(), [v]);
            check_gradient!(|x| x.atan(), [v]);
            check_gradient!(|x| x.tanh(), [v]);
            check_gradient!(|x| x.sigmoid(), [v]);
            check_gradient!(|x| x.exp_m1(), [v]);
            check_gradient!(|x| x.ln_1p_exp(), [v]);
            check_gradient!(|x| x.erf(), [v]);
            check_gradient!(|x| x.erfc(), [v]);
            check_gradient!(|x| x.normal_cdf(), [v]);
            check_gradient!(|x| x.ln_normal_cdf(), [v]);
            check_gradient!(|x, y| x.ln_add_exp(y), [v, 0.3]);
            check_gradient!(|x, y, z| log_sum_exp([x, y, z]), [v, 0.3, -700.0]);
            check_gradient!(|x, y| (x + y) * (x - y) / (2.0 + y) - 3.0 / (x * 2.0 - 0.5) + y / 4.0 - x, [v, 0.3]);
        }
    }

    #[test]
    fn the_sum_of_no_exponentials_is_zero() {
        assert_eq!(log_sum_exp::<f64>([]), Real(f64::NEG_INFINITY));
        assert_eq!(log_sum_exp([Real(-800.0), Real(-800.0)]), Real(-800.0 + std::f64::consts::LN_2));
        assert_eq!(log_sum_exp([Real(f64::NEG_INFINITY), Real(3.0)]), Real(3.0));
    }
}

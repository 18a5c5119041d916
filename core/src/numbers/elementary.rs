//! Functions of one number that an algebra can evaluate wherever it wants to.

use crate::special;

/// A function of one number, with its first two derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elementary {
    /// e to the power.
    Exp,
    /// Natural logarithm.
    Ln,
    /// 1 / x.
    Recip,
    /// A constant power.
    Powf(f64),
    /// A whole power.
    Powi(i32),
    /// The logistic function.
    Sigmoid,
    /// ln(1 + exp x).
    Ln1pExp,
    /// ln(1 - exp x).
    Ln1mExp,
    /// ln(1 + x).
    Ln1p,
    /// exp(x) - 1.
    ExpM1,
    /// Hyperbolic tangent.
    Tanh,
    /// The normal integral.
    NormalCdf,
    /// The logarithm of the normal integral.
    LnNormalCdf,
}

impl Elementary {
    /// The function and its first two derivatives at `x`.
    #[inline(always)]
    #[expect(clippy::too_many_lines, reason = "a table")]
    pub fn at(self, x: f64) -> [f64; 3] {
        match self {
            Self::Exp => [x.exp(); 3],
            Self::Ln => {
                let recip = x.recip();
                [x.ln(), recip, -recip * recip]
            }
            Self::Recip => {
                let r = x.recip();
                [r, -r * r, 2.0 * r * r * r]
            }
            Self::Powf(power) => {
                [x.powf(power), power * x.powf(power - 1.0), power * (power - 1.0) * x.powf(power - 2.0)]
            }
            Self::Powi(power) => {
                let p = f64::from(power);
                let first = if power == 0 { 0.0 } else { p * x.powi(power - 1) };
                let second = if power == 0 || power == 1 { 0.0 } else { p * (p - 1.0) * x.powi(power - 2) };
                [x.powi(power), first, second]
            }
            Self::Sigmoid => {
                let (p, q) = (special::sigmoid(x), special::sigmoid(-x));
                [p, p * q, p * q * (q - p)]
            }
            Self::Ln1pExp => {
                let (p, q) = (special::sigmoid(x), special::sigmoid(-x));
                [special::ln_1p_exp(x), p, p * q]
            }
            Self::Ln1mExp => {
                let first = -(-x).exp_m1().recip();
                [special::ln_1m_exp(x), first, first * (1.0 - first)]
            }
            Self::Ln1p => {
                let first = (1.0 + x).recip();
                [x.ln_1p(), first, -first * first]
            }
            Self::ExpM1 => {
                let e = x.exp();
                [x.exp_m1(), e, e]
            }
            Self::Tanh => {
                let t = x.tanh();
                let first = 1.0 - t * t;
                [t, first, -2.0 * t * first]
            }
            Self::NormalCdf => {
                let density = special::normal_density(x);
                [special::normal_cdf(x), density, -x * density]
            }
            Self::LnNormalCdf => special::ln_normal_cdf_partials(x),
        }
    }
}

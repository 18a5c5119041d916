//! A density of the first n - 1 entries:
//!
//! ```text
//! ln p(x | a) = ln gamma(sum a) - sum ln gamma(a_i) + sum (a_i - 1) ln x_i
//! ```

use crate::dist::check::{check_len, check_positive};
use crate::dist::{VectorDistribution, draw};
use crate::error::Invalid;
use crate::numbers::param_vec::ParamVec;
use crate::numbers::{Number, Param, Real};
use crate::special::{digamma, ln_gamma, trigamma};
use crate::support::Simplex;
use rand::{Rng, RngExt};

/// Dirichlet distribution over vectors of n positive numbers that sum to 1: `Dirichlet(concentration)`, n positive
/// numbers. `Dirichlet(Repeat(1.0, n))` is uniform.
///
/// ```
/// use hierarch::prelude::*;
/// let ln_p: Real<f64> = Dirichlet([1.0, 1.0, 1.0]).ln_density(&[0.2, 0.5, 0.3]);
/// assert!((ln_p.value() - 2f64.ln()).abs() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dirichlet<C>(pub C);

impl<N: Number, C: ParamVec<N> + Clone> VectorDistribution<N> for Dirichlet<C> {
    type Support = Simplex;

    fn support(&self) -> Simplex {
        Simplex(self.0.len())
    }

    fn ln_density<X: Param<N>>(&self, x: &[X]) -> Real<N> {
        let mut out = N::constant(0.0);
        let mut total = N::constant(0.0);
        let mut value = 0.0;
        for (i, &x) in x.iter().enumerate() {
            let concentration = self.0.entry(i);
            let (a, ln_x) = (concentration.value(), x.value().ln());
            // No 0 * ln 0 where the density does not depend on x.
            value += if a - 1.0 == 0.0 { 0.0 } else { (a - 1.0) * ln_x } - ln_gamma(a);
            total = total.add(concentration.real().0);
            add_entry(&mut out, concentration, ln_x);
            if let Some(x) = x.varying() {
                out.add_partial(x, (a - 1.0) / x.value());
                out.add_square(x, (1.0 - a) / x.value().powi(2));
                if let Some(concentration) = concentration.varying() {
                    out.add_cross(x, concentration, x.value().recip());
                }
            }
        }
        let of_total = if self.0.varies() { [digamma(total.value()), trigamma(total.value())] } else { [0.0; 2] };
        let normalizer = total.chain(ln_gamma(total.value()), of_total[0], of_total[1]);
        Real(out.shift(value).add(normalizer))
    }

    fn check(&self) -> Result<(), Invalid> {
        if self.0.is_empty() {
            check_len("Dirichlet", "concentration.len()", 0, 1, "at least 1")?;
        }
        check_positive::<N>("Dirichlet", "concentration", &self.0)
    }

    /// `Gamma(a_i, 1)` draws divided by their sum; on the log scale, for a small `a_i` has draws below any `f64`:
    /// `Gamma(a, 1) = Gamma(a + 1, 1) uniform^(1 / a)`.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R, x: &mut Vec<f64>) -> Option<()> {
        let start = x.len();
        for i in 0..self.0.len() {
            let a = self.0.entry(i).value();
            let uniform: f64 = rng.sample(rand_distr::Open01);
            x.push(draw::gamma(rng, a + 1.0, 1.0)?.ln() + uniform.ln() / a);
        }
        let x = &mut x[start..];
        let largest = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = x.iter().map(|x| (x - largest).exp()).sum();
        for x in x {
            *x = ((*x - largest).exp() / sum).max(f64::MIN_POSITIVE);
        }
        Some(())
    }
}

/// The derivatives with respect to one concentration a: of a ln x - ln gamma(a).
#[inline(always)]
fn add_entry<N: Number>(out: &mut N, concentration: impl Param<N>, ln_x: f64) {
    if N::ORDER == 0 {
        return;
    }
    if let Some(number) = concentration.varying() {
        out.add_partial(number, ln_x - digamma(number.value()));
        if N::ORDER >= 2 {
            out.add_square(number, -trigamma(number.value()));
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "limits are exact")]
mod tests {
    use super::*;
    use crate::check_vector_distribution;
    use crate::numbers::param_vec::Repeat;
    use crate::support::VectorSupport;
    use crate::testing::{Function, check_gradient};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    const X: [f64; 3] = [0.2, 0.5, 0.3];
    const CONCENTRATION: [f64; 3] = [1.5, 0.7, 4.0];

    /// `scipy.stats.dirichlet.logpdf([0.2, 0.5, 0.3], [1.5, 0.7, 4.0])`, scipy 1.17.1
    #[test]
    fn agrees_with_scipy() {
        let ln_density: Real<f64> = Dirichlet(CONCENTRATION).ln_density(&X);
        assert!((ln_density.value() + 1.008_238_905_314_056_1).abs() < 1e-13);
    }

    /// Arguments: x (3) and, unless they are constants, concentrations (3).
    struct Varying;
    struct Constant;

    impl Function for Varying {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            Dirichlet(&v[3..]).ln_density(&v[..3])
        }
    }
    impl Function for Constant {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            Dirichlet(CONCENTRATION).ln_density(v)
        }
    }

    #[test]
    fn derivatives_agree_with_differences() {
        check_gradient("varying", &Varying, &[X, CONCENTRATION].concat());
        check_gradient("constant", &Constant, &X);
    }

    #[test]
    fn satisfies_the_laws_of_a_distribution() {
        check_vector_distribution!(|a, b, c| Dirichlet([a, b, c]), CONCENTRATION);
        check_vector_distribution!(|a| Dirichlet(Repeat(a, 3)), [2.5]);
    }

    #[test]
    fn is_never_nan_at_the_boundary() {
        let ln_density: Real<f64> = Dirichlet(Repeat(1.0, 2)).ln_density(&[0.0, 1.0]);
        assert_eq!(ln_density.value(), 0.0);
        let ln_density: Real<f64> = Dirichlet(Repeat(2.0, 2)).ln_density(&[0.0, 1.0]);
        assert_eq!(ln_density.value(), f64::NEG_INFINITY);
    }

    /// Means `a_i / sum a` and variances of 100,000 draws, each within 5 standard errors (below 1e-5 for all).
    #[test]
    fn draws_have_the_mean_and_the_variance() {
        let (n, mut rng, mut x) = (100_000, ChaCha8Rng::seed_from_u64(2), Vec::new());
        for _ in 0..n {
            VectorDistribution::<f64>::sample(&Dirichlet(CONCENTRATION), &mut rng, &mut x).expect("has a sampler");
        }
        let total: f64 = CONCENTRATION.iter().sum();
        for (i, a) in CONCENTRATION.iter().enumerate() {
            let mean = a / total;
            let variance = mean * (1.0 - mean) / (total + 1.0);
            let deviations = || x.iter().skip(i).step_by(3).map(|x| x - mean);
            assert!(deviations().sum::<f64>().abs() < 5.0 * (variance * f64::from(n)).sqrt());
            let fourth: f64 = deviations().map(|d| (d * d - variance).powi(2)).sum();
            assert!(deviations().map(|d| d * d - variance).sum::<f64>().abs() < 5.0 * fourth.sqrt());
        }
    }

    #[test]
    fn draws_of_tiny_concentrations_stay_inside() {
        let (mut rng, mut x) = (ChaCha8Rng::seed_from_u64(3), Vec::new());
        for _ in 0..1000 {
            x.clear();
            VectorDistribution::<f64>::sample(&Dirichlet(Repeat(1e-4, 3)), &mut rng, &mut x).expect("has a sampler");
            assert!(Simplex(3).contains(&x), "{x:?}");
        }
    }

    #[test]
    fn only_positive_concentrations_are_valid() {
        assert!(VectorDistribution::<f64>::check(&Dirichlet(CONCENTRATION)).is_ok());
        assert!(VectorDistribution::<f64>::check(&Dirichlet([1.0, 0.0])).is_err());
        assert!(VectorDistribution::<f64>::check(&Dirichlet(Vec::<f64>::new())).is_err());
    }
}

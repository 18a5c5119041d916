//! Draws of standard distributions by `rand_distr`, behind a generator without a type: compiled once, not once a model.
//!
//! A draw is `None` if the parameters are invalid.

use crate::dist::mass::is_count;
use rand::{Rng, RngExt};

macro_rules! draws {
    ($($(#[$doc:meta])* $name:ident($rng:ident $(, $parameter:ident)*) -> $out:ty = $draw:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $name<R: Rng + ?Sized>(mut rng: &mut R $(, $parameter: f64)*) -> $out {
            fn draw($rng: &mut dyn Rng $(, $parameter: f64)*) -> $out {
                $draw
            }
            draw(&mut rng $(, $parameter)*)
        }
    )*};
}
draws! {
    /// A draw of the normal distribution of mean 0 and standard deviation 1.
    normal(rng) -> f64 = rng.sample(rand_distr::StandardNormal);
    /// A draw of the exponential distribution of mean 1.
    exponential(rng) -> f64 = rng.sample(rand_distr::Exp1);
    /// A draw of the gamma distribution of mean `shape * scale`.
    gamma(rng, shape, scale) -> Option<f64> = Some(rng.sample(rand_distr::Gamma::new(shape, scale).ok()?));
    /// A draw of the beta distribution of mean a / (a + b).
    beta(rng, a, b) -> Option<f64> = Some(rng.sample(rand_distr::Beta::new(a, b).ok()?));
    /// A draw of the t distribution with `df` degrees of freedom, of location 0 and scale 1.
    student_t(rng, df) -> Option<f64> = Some(rng.sample(rand_distr::StudentT::new(df).ok()?));
    /// A count of successes in `n` trials that succeed with probability p each.
    binomial(rng, n, p) -> Option<f64> = Some(rng.sample(rand_distr::Binomial::new(trials(n)?, p).ok()?) as f64);
    /// A count of failures before the first success.
    geometric(rng, p) -> Option<f64> = Some(rng.sample(rand_distr::Geometric::new(p).ok()?) as f64);
    /// A Poisson count of mean `rate`, which may be 0.
    poisson(rng, rate) -> Option<f64> = {
        if rate == 0.0 { Some(0.0) } else { Some(rng.sample(rand_distr::Poisson::new(rate).ok()?)) }
    };
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count below 2^53 is exact")]
fn trials(n: f64) -> Option<u64> {
    is_count(n).then_some(n as u64)
}

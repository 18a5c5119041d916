//! Draws of latents and data, by `rand_distr` and not by the crate that is tested.

use crate::trial::{Quantity, Trial, trial};
use hierarch::{Draw, Fittable};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Binomial, Cauchy, Distribution, Gamma, Poisson, StandardNormal, StudentT, Weibull};

/// What draws the truth and the data of one replication.
pub(crate) struct Nature {
    rng: ChaCha8Rng,
    replication: u64,
}

impl Nature {
    /// The generator of a replication; those of different numbers, and of different models, share nothing.
    pub(crate) fn new(model: usize, replication: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(replication);
        rng.set_stream(model as u64);
        Self { rng, replication }
    }

    /// The trial of this replication. The fit has a seed of its own, or all replications would share their Monte Carlo errors.
    pub(crate) fn trial<M: Fittable>(&self, model: M, truth: &Draw<M>, quantities: &[Quantity<'_, M>]) -> Trial {
        trial(self.replication, model, truth, quantities)
    }

    /// As many as `count` of what `draw` draws.
    pub(crate) fn list<T>(&mut self, count: usize, mut draw: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..count).map(|_| draw(self)).collect()
    }

    pub(crate) fn normal(&mut self, loc: f64, scale: f64) -> f64 {
        loc + scale * self.rng.sample::<f64, _>(StandardNormal)
    }

    pub(crate) fn half_normal(&mut self, scale: f64) -> f64 {
        self.normal(0.0, scale).abs()
    }

    pub(crate) fn half_cauchy(&mut self, scale: f64) -> f64 {
        Cauchy::new(0.0, scale).expect("a positive scale").sample(&mut self.rng).abs()
    }

    pub(crate) fn log_normal(&mut self, loc: f64, scale: f64) -> f64 {
        self.normal(loc, scale).exp()
    }

    pub(crate) fn student_t(&mut self, df: f64, loc: f64, scale: f64) -> f64 {
        loc + scale * StudentT::new(df).expect("positive degrees of freedom").sample(&mut self.rng)
    }

    pub(crate) fn gamma(&mut self, shape: f64, rate: f64) -> f64 {
        Gamma::new(shape, rate.recip()).expect("positive parameters").sample(&mut self.rng)
    }

    pub(crate) fn beta(&mut self, a: f64, b: f64) -> f64 {
        Beta::new(a, b).expect("positive parameters").sample(&mut self.rng)
    }

    pub(crate) fn weibull(&mut self, shape: f64, scale: f64) -> f64 {
        Weibull::new(scale, shape).expect("positive parameters").sample(&mut self.rng)
    }

    pub(crate) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        self.rng.random_range(low..high)
    }

    pub(crate) fn logistic(&mut self, loc: f64) -> f64 {
        let p = self.uniform(0.0, 1.0);
        loc + (p / (1.0 - p)).ln()
    }

    pub(crate) fn yes(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// From 0 to `most`.
    pub(crate) fn up_to(&mut self, most: u32) -> u32 {
        self.rng.random_range(0..=most)
    }

    pub(crate) fn binomial(&mut self, n: u32, p: f64) -> u32 {
        let drawn = Binomial::new(u64::from(n), p).expect("a probability").sample(&mut self.rng);
        u32::try_from(drawn).expect("at most n")
    }

    /// A count of that mean, of at most 4 billion.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a larger one is the largest")]
    pub(crate) fn poisson(&mut self, rate: f64) -> u32 {
        if rate == 0.0 {
            return 0;
        }
        Poisson::new(rate).map_or(u32::MAX, |poisson| poisson.sample(&mut self.rng) as u32)
    }

    /// A count of that mean and of variance `mean + mean^2 / dispersion`.
    pub(crate) fn negative_binomial(&mut self, mean: f64, dispersion: f64) -> u32 {
        let rate = self.gamma(dispersion, dispersion / mean);
        self.poisson(rate)
    }
}

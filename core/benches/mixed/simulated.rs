//! Data sets of one grouping factor, whose truth is drawn from the prior that [`families`](crate::families) states.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution, Poisson, StandardNormal};
use std::ops::RangeInclusive;

/// Data sets have at most so many rows.
const MOST_ROWS: usize = 2339;
/// Rows of each group that no fit sees.
const HELD_OUT: usize = 2;

/// How large data sets are: each number is uniform over its range.
pub(crate) struct Size {
    pub(crate) name: &'static str,
    groups: RangeInclusive<usize>,
    /// Of each group.
    rows: RangeInclusive<usize>,
    fixed: RangeInclusive<usize>,
    /// As many as there are fixed ones at most.
    random: RangeInclusive<usize>,
}

pub(crate) const SIZES: [Size; 3] = [
    Size { name: "small", groups: 5..=15, rows: 4..=16, fixed: 1..=4, random: 1..=2 },
    Size { name: "mid", groups: 10..=50, rows: 4..=24, fixed: 2..=8, random: 1..=3 },
    Size { name: "medium", groups: 20..=137, rows: 4..=30, fixed: 4..=16, random: 1..=5 },
];

/// Scales of the priors of a family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prior {
    /// Fixed effects are Normal(0, fixed).
    pub(crate) fixed: f64,
    /// Standard deviations of random effects are HalfNormal(random).
    pub(crate) random: f64,
    /// Their correlations are LKJ(concentration).
    pub(crate) concentration: f64,
    /// Where there is noise, its standard deviation is HalfNormal(noise).
    pub(crate) noise: Option<f64>,
}

/// An observation: covariates of the fixed terms, of the random ones, and what was seen.
#[derive(Clone, Debug)]
pub(crate) struct Row<Y> {
    pub(crate) x: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) y: Y,
}

/// All latents of a data set.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) fixed: Vec<f64>,
    /// Of random effects, then of the noise where there is one.
    pub(crate) scales: Vec<f64>,
    /// Below the diagonal, row by row.
    pub(crate) correlations: Vec<f64>,
    /// Deviations, group by group.
    pub(crate) effects: Vec<f64>,
}

impl Numbers {
    /// The linear predictor of a row of a group.
    pub(crate) fn predictor<Y>(&self, group: usize, row: &Row<Y>) -> f64 {
        let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        dot(&self.fixed, &row.x) + dot(&self.effects[group * row.z.len()..], &row.z)
    }
}

/// Which data set: those of different numbers, and of different streams, share nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Which {
    pub(crate) stream: u64,
    pub(crate) number: u64,
}

/// A data set and the truth behind it.
pub(crate) struct Set<Y> {
    pub(crate) number: u64,
    pub(crate) groups: Vec<Vec<Row<Y>>>,
    /// More rows of the same groups.
    pub(crate) held_out: Vec<Vec<Row<Y>>>,
    pub(crate) truth: Numbers,
}

impl<Y> Set<Y> {
    /// `seen` draws what is seen from a linear predictor and the truth.
    pub(crate) fn new(
        which: Which,
        size: &Size,
        prior: Prior,
        mut seen: impl FnMut(&mut Nature, f64, &Numbers) -> Y,
    ) -> Self {
        let mut nature = Nature::new(which);
        let (groups, fixed) = (nature.between(&size.groups), nature.between(&size.fixed));
        let random = nature.between(&size.random).min(fixed);
        let truth = nature.truth(groups, [fixed, random], &prior);
        let most = (*size.rows.end()).min(MOST_ROWS / groups);
        let of_group = |group| {
            let count = nature.between(&(*size.rows.start()..=most)) + HELD_OUT;
            let row = |_| {
                let x = nature.covariates(fixed);
                let row = Row { z: x[..random].to_vec(), x, y: () };
                let y = seen(&mut nature, truth.predictor(group, &row), &truth);
                Row { x: row.x, z: row.z, y }
            };
            (0..count).map(row).collect()
        };
        let mut groups: Vec<Vec<Row<Y>>> = (0..groups).map(of_group).collect();
        let held_out = groups.iter_mut().map(|rows| rows.split_off(rows.len() - HELD_OUT)).collect();
        Self { number: which.number, groups, held_out, truth }
    }

    pub(crate) fn num_rows(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    pub(crate) fn num_random(&self) -> usize {
        self.truth.effects.len() / self.groups.len()
    }
}

/// What draws truths and data, by `rand_distr` and not by the crate that is measured.
pub(crate) struct Nature {
    rng: ChaCha8Rng,
}

impl Nature {
    fn new(Which { stream, number }: Which) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        rng.set_stream(stream);
        Self { rng }
    }

    fn between(&mut self, range: &RangeInclusive<usize>) -> usize {
        self.rng.random_range(range.clone())
    }

    pub(crate) fn normal(&mut self, scale: f64) -> f64 {
        scale * self.rng.sample::<f64, _>(StandardNormal)
    }

    pub(crate) fn yes(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    /// A count of that mean, of at most 4 billion.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a larger one is the largest")]
    pub(crate) fn count(&mut self, rate: f64) -> u32 {
        if rate == 0.0 {
            0
        } else {
            Poisson::new(rate).map_or(u32::MAX, |poisson| poisson.sample(&mut self.rng) as u32)
        }
    }

    /// 1, then by turns a standard normal one and one of -1 or 1.
    fn covariates(&mut self, count: usize) -> Vec<f64> {
        let covariate = |k| match k {
            0 => 1.0,
            k if k % 2 == 1 => self.normal(1.0),
            _ => 2.0 * f64::from(u8::from(self.yes(0.5))) - 1.0,
        };
        (0..count).map(covariate).collect()
    }

    fn truth(&mut self, groups: usize, [fixed, random]: [usize; 2], prior: &Prior) -> Numbers {
        let fixed = (0..fixed).map(|_| self.normal(prior.fixed)).collect();
        let deviations: Vec<f64> = (0..random).map(|_| self.normal(prior.random).abs()).collect();
        let noise = prior.noise.map(|scale| self.normal(scale).abs());
        let tril = self.correlation_tril(random, prior.concentration);
        let of_group = |_| {
            let z: Vec<f64> = (0..random).map(|_| self.normal(1.0)).collect();
            let effect = |i: usize| deviations[i] * tril[i].iter().zip(&z).map(|(l, z)| l * z).sum::<f64>();
            (0..random).map(effect).collect::<Vec<_>>()
        };
        let effects = (0..groups).flat_map(of_group).collect();
        let scales = deviations.iter().copied().chain(noise).collect();
        Numbers { fixed, scales, correlations: correlations(&tril), effects }
    }

    /// The Cholesky factor of a matrix of LKJ density: partial correlations of column j, counted from 0, are 2 Beta(b, b) - 1,
    /// b = concentration + (dim - 2 - j) / 2 (Lewandowski, Kurowicka & Joe 2009).
    fn correlation_tril(&mut self, dim: usize, concentration: f64) -> Vec<Vec<f64>> {
        let mut row = |i: usize| {
            let mut left: f64 = 1.0;
            let mut row: Vec<f64> = (0..i)
                .map(|j| {
                    let b = concentration + 0.5 * (dim - 2 - j) as f64;
                    let partial = 2.0 * Beta::new(b, b).expect("a positive shape").sample(&mut self.rng) - 1.0;
                    let entry = partial * left.sqrt();
                    left -= entry * entry;
                    entry
                })
                .collect();
            row.push(left.sqrt());
            row
        };
        (0..dim).map(&mut row).collect()
    }
}

/// Those below the diagonal of L L^T, row by row.
pub(crate) fn correlations(tril: &[Vec<f64>]) -> Vec<f64> {
    let of = |i: usize, j: usize| tril[i].iter().zip(&tril[j]).map(|(a, b)| a * b).sum();
    (1..tril.len()).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| of(i, j)).collect()
}

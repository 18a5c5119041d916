//! Rewards that step once as the radius grows.

use hierarch::prelude::*;

/// Number, sum and sum of squares of some rewards.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    y: f64,
    yy: f64,
}

impl Sums {
    fn plus(self, y: f64, times: f64) -> Self {
        Self { n: self.n + times, y: self.y + times * y, yy: self.yy + times * y * y }
    }
}

/// One way to part the rewards of a wheel by a step in radius.
pub(crate) struct Split {
    /// The probability that a step uniform in (0, 1) falls here, between two radii.
    ln_room: f64,
    inside: Sums,
    outside: Sums,
}

impl Split {
    /// All ways to part pairs of radius and reward.
    pub(crate) fn all(mut data: Vec<(f64, f64)>) -> Vec<Self> {
        data.sort_by(|a, b| a.0.total_cmp(&b.0));
        let outside = data.iter().fold(Sums::default(), |sums, &(_, y)| sums.plus(y, 1.0));
        let radii: Vec<f64> = [0.0].into_iter().chain(data.iter().map(|d| d.0)).chain([1.0]).collect();
        let ln_room = |k: usize| (radii[k + 1] - radii[k]).max(f64::MIN_POSITIVE).ln();
        let mut splits = vec![Self { ln_room: ln_room(0), inside: Sums::default(), outside }];
        for (k, &(_, y)) in data.iter().enumerate() {
            let (inside, outside) = (splits[k].inside.plus(y, 1.0), splits[k].outside.plus(y, -1.0));
            splits.push(Self { ln_room: ln_room(k + 1), inside, outside });
        }
        splits
    }
}

/// ln p(rewards | levels, noise), the radius of the step being summed out: each split is as likely as it has room.
pub(crate) fn ln_stepwise<N: Number>(splits: &[Split], inner: Real<N>, outer: Real<N>, noise: Real<N>) -> Real<N> {
    let (inner_squared, outer_squared, half_precision) = (inner.square(), outer.square(), 0.5 * noise.powi(-2));
    let term = |Split { ln_room, inside, outside }: &Split| {
        let squares = (inner_squared * inside.n - inner * (2.0 * inside.y) + inside.yy)
            + (outer_squared * outside.n - outer * (2.0 * outside.y) + outside.yy);
        -squares * half_precision + *ln_room
    };
    log_sum_exp(splits.iter().map(term)) - noise.ln() * splits[0].outside.n
}

//! Simulated rows whose data are measured on a line.

use super::answer::{Expected, compared, job, kept};
use super::simulation::{Seen, Simulator, lines};
use super::{Row, of_data, on_file};
use hierarch::prelude::*;
use regression::Regression;
use std::f64::consts::PI;

#[path = "../../../core/benches/shared/regression.rs"]
pub mod regression;

compared!(Slopes: mean scale corr sigma; w);
compared!(SkewNormals: mu tau s alpha; u);
compared!(Crossed: mu tau item_scale sigma item; u);
compared!(Regression: mu_a mu_b tau_a tau_b sigma; a b);

model! {
    /// Intercepts and slopes that go together.
    pub Slopes(tasks: &[Seen<f64>]) {
        mean[_ in 0..2] ~ Normal(0.0, 5.0);
        scale[_ in 0..2] ~ HalfNormal(2.0);
        corr ~ LkjCholesky(2, 2.0);
        sigma ~ HalfNormal(2.0);
        for task in tasks {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            for &(x, y) in task {
                y ~ Normal(w[0] + w[1] * x, sigma);
            }
        }
    }
}

pub const SLOPES: Row = Row {
    data: Some(|| lines(&slopes())),
    ..of_data(
        "slopes with LKJ prior",
        || {
            let tasks = kept(slopes());
            job(|| Slopes::new(tasks))
        },
        on_file!("slopes.ref"),
    )
};

/// 18 tasks of 10; means 1 and -0.5, scales 0.8 and 0.5, correlation 0.4, noise 0.7.
fn slopes() -> Vec<Seen<f64>> {
    let mut rng = Simulator::new(5);
    let task = |_| {
        let (z, own) = (rng.normal(0.0, 1.0), rng.normal(0.0, 1.0));
        let (a, b) = (1.0 + 0.8 * z, -0.5 + 0.5 * (0.4 * z + 0.84_f64.sqrt() * own));
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            (x, rng.normal(a + b * x, 0.7))
        };
        (0..10).map(&mut point).collect()
    };
    (0..18).map(task).collect()
}

/// p(x) = 2 / scale phi(z) Phi(alpha z), z = (x - loc) / scale (Azzalini 1985).
#[derive(Clone)]
struct SkewNormal<L, S, A>(L, S, A);

impl<N: Number, L: Param<N>, S: Param<N>, A: Param<N>> Distribution<N> for SkewNormal<L, S, A> {
    type Support = RealLine;
    fn support(&self) -> RealLine {
        RealLine
    }
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let z = (x.real() - self.0.real()) / self.1.real();
        0.5 * (2.0 / PI).ln() - self.1.real().ln() - 0.5 * z.square() + (self.2.real() * z).ln_normal_cdf()
    }
}

model! {
    /// Groups whose noise leans to one side, by how much is learned.
    pub SkewNormals(tasks: &[Seen<()>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        s ~ HalfNormal(2.0);
        alpha ~ Normal(0.0, 4.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &((), y) in task {
                y ~ SkewNormal(u, s, alpha);
            }
        }
    }
}

pub const SKEW_NORMAL: Row = Row {
    data: Some(|| lines(&skewed())),
    ..of_data(
        "skew normal of one's own",
        || {
            let tasks = kept(skewed());
            job(|| SkewNormals::new(tasks))
        },
        on_file!("skew_normal.ref"),
    )
};

/// 10 tasks of 15; mu 1, tau 0.8, scale 1.5, alpha 4. A skew normal is d |z| + sqrt(1 - d^2) z' with
/// d = alpha / sqrt(1 + alpha^2).
fn skewed() -> Vec<Seen<()>> {
    let mut rng = Simulator::new(11);
    let (d, rest) = (4.0 / 17.0_f64.sqrt(), 1.0 / 17.0_f64.sqrt());
    let task = |_| {
        let u = rng.normal(1.0, 0.8);
        let mut point = |_| {
            let folded = rng.normal(0.0, 1.0).abs();
            ((), u + 1.5 * (d * folded + rest * rng.normal(0.0, 1.0)))
        };
        (0..15).map(&mut point).collect()
    };
    (0..10).map(task).collect()
}

/// The levels of the factor that is crossed with the tasks.
const ITEMS: usize = 20;

model! {
    /// Two crossed factors: the longer is the tasks, the other a vector.
    pub Crossed(tasks: &[Seen<usize>]) {
        mu ~ Normal(0.0, 10.0);
        tau ~ HalfNormal(2.0);
        item_scale ~ HalfNormal(2.0);
        sigma ~ HalfNormal(2.0);
        item[_ in 0..ITEMS] ~ Normal(0.0, item_scale);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(j, y) in task {
                y ~ Normal(u + item[j], sigma);
            }
        }
    }
}

pub const CROSSED: Row = Row {
    data: Some(|| lines(&crossed())),
    ..of_data(
        "crossed 150 x 20",
        || {
            let tasks = kept(crossed());
            job(|| Crossed::new(tasks))
        },
        on_file!("crossed.ref"),
    )
};

/// 3,400 observations of 150 x 20; mu 3, tau 0.5, items 0.4, noise 1.2.
fn crossed() -> Vec<Seen<usize>> {
    let mut rng = Simulator::new(18);
    let effects: Vec<f64> = (0..150).map(|_| rng.normal(3.0, 0.5)).collect();
    let items: Vec<f64> = (0..ITEMS).map(|_| rng.normal(0.0, 0.4)).collect();
    let mut tasks = vec![Vec::new(); effects.len()];
    for _ in 0..3400 {
        let (i, j) = (rng.below(effects.len()), rng.below(ITEMS));
        tasks[i].push((j, rng.normal(effects[i] + items[j], 1.2)));
    }
    tasks
}

pub const LINES: Row = of_data(
    "lines 100,000 x 10",
    || {
        let tasks = kept(straight(100_000));
        job(|| Regression::new(tasks))
    },
    Vec::<Expected>::new,
);

/// Tasks of 10; intercepts 1 +- 0.7, slopes -0.5 +- 0.4, noise 0.6.
fn straight(count: usize) -> Vec<Seen<f64>> {
    let mut rng = Simulator::new(19);
    let task = |_| {
        let (a, b) = (rng.normal(1.0, 0.7), rng.normal(-0.5, 0.4));
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            (x, rng.normal(a + b * x, 0.6))
        };
        (0..10).map(&mut point).collect()
    };
    (0..count).map(task).collect()
}

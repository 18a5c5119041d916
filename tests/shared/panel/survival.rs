//! Rows of times: until something happens, or until nobody looks any more.

use super::answer::{Job, compared, job, kept};
use super::simulation::{Seen, Simulator, lines};
use super::trials::{groups, table};
use super::{Row, of_data, on_file};
use hierarch::prelude::*;

compared!(Survival: shape mu beta tau; u);
compared!(Shifted: m tau s; u shift);

/// A covariate, and 1 where the time was cut short.
pub type Watched = [f64; 2];

model! {
    /// Times of which some are only known to be longer.
    pub Survival(tasks: &[Seen<Watched>]) {
        shape ~ LogNormal(0.0, 0.5);
        mu ~ Normal(0.0, 5.0);
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &([x, is_cut], time) in task {
                let cut = if is_cut > 0.0 { time } else { f64::INFINITY };
                time ~ Censored(Weibull(shape, (u + beta * x).exp()), Lower(cut));
            }
        }
    }
}

pub const WEIBULL: Row = Row {
    data: Some(|| lines(&times())),
    ..of_data(
        "Weibull, censored",
        || {
            let tasks = kept(times());
            job(|| Survival::new(tasks))
        },
        on_file!("weibull.ref"),
    )
};

/// 12 tasks of 25; shape 1.5, mu 1, beta -0.5, tau 0.4, watched for 1 to 6.
fn times() -> Vec<Seen<Watched>> {
    let mut rng = Simulator::new(10);
    let task = |_| {
        let u = rng.normal(1.0, 0.4);
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            let (lifetime, watched) = (rng.weibull(1.5, (u - 0.5 * x).exp()), rng.uniform(1.0, 6.0));
            ([x, f64::from(u8::from(lifetime > watched))], lifetime.min(watched))
        };
        (0..25).map(&mut point).collect()
    };
    (0..12).map(task).collect()
}

/// Response times of a person, and the shortest.
pub struct Responses {
    pub times: Vec<f64>,
    pub shortest: f64,
}

model! {
    /// Log-normal response times, with the time that nobody is faster than.
    pub Shifted(persons: &[Responses]) {
        m ~ Normal(-1.0, 1.0);
        tau ~ HalfNormal(0.5);
        s ~ HalfNormal(1.0);
        for person in persons {
            u ~ Normal(m, tau);
            shift ~ Uniform(0.0, person.shortest);
            for &time in &person.times {
                time ~ Shifted(LogNormal(u, s), shift);
            }
        }
    }
}

pub fn shifted() -> Job {
    let person = |group: Vec<[f64; 2]>| {
        let times: Vec<f64> = group.into_iter().map(|[_, time]| time).collect();
        Responses { shortest: times.iter().copied().fold(f64::INFINITY, f64::min), times }
    };
    let persons = groups(&table(include_str!("../../data/shifted.csv")));
    let persons = kept(persons.into_iter().map(person).collect());
    job(|| Shifted::new(persons))
}

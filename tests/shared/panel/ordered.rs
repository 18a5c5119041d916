//! Rows of grades.

use super::answer::{Job, compared, job, kept};
use super::simulation::{Seen, Simulator, lines};
use super::trials::{groups, table};
use super::{Row, of_data, on_file};
use hierarch::prelude::*;

compared!(Ordinal: cuts beta tau; u);
compared!(Judges: c sp sj up; uj);

/// ln of normal densities around 0, up to a constant.
fn ln_shrinkage<N: Number>(cuts: &[Real<N>], sd: f64) -> Real<N> {
    cuts.iter().map(|cut| -0.5 * (*cut / sd).square()).sum()
}

model! {
    /// Grades from 0 to 4.
    pub Ordinal(tasks: &[Seen<f64, usize>]) {
        cuts ~ Flat(Ordered(4));
        factor(ln_shrinkage(cuts, 5.0));
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(2.0);
        for task in tasks {
            u ~ Normal(0.0, tau);
            for &(x, grade) in task {
                grade ~ OrderedLogistic(u + beta * x, cuts);
            }
        }
    }
}

pub const ORDINAL: Row = Row {
    data: Some(|| lines(&grades())),
    ..of_data(
        "ordinal",
        || {
            let tasks = kept(grades());
            job(|| Ordinal::new(tasks))
        },
        on_file!("ordinal.ref"),
    )
};

/// 15 tasks of 12; cuts -2, -0.5, 0.7 and 2, beta 1, tau 0.8.
fn grades() -> Vec<Seen<f64, usize>> {
    let mut rng = Simulator::new(9);
    let task = |_| {
        let u = rng.normal(0.0, 0.8);
        let mut point = |_| {
            let x = rng.normal(0.0, 1.0);
            let latent = rng.logistic(u + x);
            (x, [-2.0, -0.5, 0.7, 2.0].iter().filter(|cut| latent > **cut).count())
        };
        (0..12).map(&mut point).collect()
    };
    (0..15).map(task).collect()
}

/// Which project a judge looked at, and the grade.
pub type Judged = Vec<(usize, usize)>;

model! {
    /// Seven projects, each looked at by all judges.
    pub Judges(judges: &[Judged]) {
        c ~ Flat(Ordered(2));
        factor(ln_shrinkage(c, 3.0));
        sp ~ HalfNormal(2.0);
        sj ~ HalfNormal(2.0);
        up[_ in 0..7] ~ Normal(0.0, sp);
        for judge in judges {
            uj ~ Normal(0.0, sj);
            for &(project, grade) in judge {
                grade ~ OrderedLogistic(up[project] + uj, c);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts in a file")]
pub fn judges() -> Job {
    let groups = groups(&table(include_str!("../../data/judges.csv")));
    let judge = |group: Vec<[f64; 3]>| {
        group.into_iter().map(|[_, project, grade]| (project as usize, grade as usize)).collect()
    };
    let judges = kept(groups.into_iter().map(judge).collect());
    job(|| Judges::new(judges))
}

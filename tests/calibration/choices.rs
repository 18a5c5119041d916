//! Models of yes or no, and of grades.

use crate::nature::Nature;
use crate::trial::Trial;
use hierarch::Draw;
use hierarch::prelude::*;
use hierarch::special::{ln_1p_exp, sigmoid};

/// What explains an answer, and the answer.
pub(crate) type Answers = Vec<(f64, bool)>;

model! {
    /// Few answers a task: one latent each that little is known of.
    pub(crate) YesOrNo(tasks: &[Answers]) {
        mu ~ Normal(0.0, 1.5);
        beta ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        for task in tasks {
            u ~ Normal(mu, tau);
            for &(x, y) in task {
                y ~ BernoulliLogit(u + beta * x);
            }
        }
    }
}

pub(crate) fn yes_or_no(nature: &mut Nature) -> Trial {
    let (mu, beta, tau) = (nature.normal(0.0, 1.5), nature.normal(0.0, 1.0), nature.half_normal(1.0));
    let us = nature.list(15, |nature| nature.normal(mu, tau));
    let mut answer = |u: f64| {
        let x = nature.normal(0.0, 1.0);
        (x, nature.yes(sigmoid(u + beta * x)))
    };
    let tasks: Vec<Answers> = us.iter().map(|&u| (0..4).map(|_| answer(u)).collect()).collect();
    let local = us.into_iter().map(|u| YesOrNoLocal { u }).collect();
    let ln_likelihood = |d: &Draw<YesOrNo<'_>>| {
        let of = |(task, local): (&Answers, &YesOrNoLocal<f64>)| -> f64 {
            let eta = |x: f64| local.u + d.global.beta * x;
            task.iter().map(|&(x, y)| if y { -ln_1p_exp(-eta(x)) } else { -ln_1p_exp(eta(x)) }).sum()
        };
        tasks.iter().zip(&d.local).map(of).sum()
    };
    nature.trial(
        YesOrNo::new(&tasks),
        &Draw { global: YesOrNoGlobal { mu, beta, tau }, local },
        &[
            ("mu", &|d| d.global.mu),
            ("beta", &|d| d.global.beta),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 14", &|d| d.local[14].u),
            ("ln likelihood", &ln_likelihood),
        ],
    )
}

/// What explains a grade, and the grade.
pub(crate) type Grades = Vec<(f64, usize)>;

model! {
    /// Grades from 0 to 3. The cuts are three normal numbers in order.
    pub(crate) Ordinal(tasks: &[Grades]) {
        cuts ~ Flat(Ordered(3));
        factor(cuts.iter().map(|cut| -0.5 * (cut / 2.0).square()).sum::<Real<_>>());
        beta ~ Normal(0.0, 1.0);
        tau ~ HalfNormal(1.0);
        for task in tasks {
            u ~ Normal(0.0, tau);
            for &(x, grade) in task {
                grade ~ OrderedLogistic(u + beta * x, cuts);
            }
        }
    }
}

pub(crate) fn ordinal(nature: &mut Nature) -> Trial {
    let mut cuts = nature.list(3, |nature| nature.normal(0.0, 2.0));
    cuts.sort_by(f64::total_cmp);
    let (beta, tau) = (nature.normal(0.0, 1.0), nature.half_normal(1.0));
    let us = nature.list(8, |nature| nature.normal(0.0, tau));
    let mut grade = |u: f64| {
        let x = nature.normal(0.0, 1.0);
        let latent = nature.logistic(u + beta * x);
        (x, cuts.iter().filter(|cut| latent > **cut).count())
    };
    let tasks: Vec<Grades> = us.iter().map(|&u| (0..8).map(|_| grade(u)).collect()).collect();
    let local = us.into_iter().map(|u| OrdinalLocal { u }).collect();
    nature.trial(
        Ordinal::new(&tasks),
        &Draw { global: OrdinalGlobal { cuts, beta, tau }, local },
        &[
            ("cut 0", &|d| d.global.cuts[0]),
            ("cut 1", &|d| d.global.cuts[1]),
            ("cut 2", &|d| d.global.cuts[2]),
            ("beta", &|d| d.global.beta),
            ("tau", &|d| d.global.tau),
            ("u 0", &|d| d.local[0].u),
            ("u 7", &|d| d.local[7].u),
        ],
    )
}

//! Rows of small inputs that are hard for their size.

use super::answer::{Job, compared, job, kept};
use hierarch::prelude::*;

compared!(Catheters: mu s delta tau; a e);
compared!(Clusters: c w tau s; u);
compared!(ThreeGroups: a b tau s; u);
compared!(Many: mu sigma; u);

/// The numbers of a table with a heading, line by line.
pub fn table<const K: usize>(text: &str) -> Vec<[f64; K]> {
    let line = |line: &str| {
        let mut words = line.split(',').map(|word| word.trim().parse().expect("a number"));
        std::array::from_fn(|_| words.next().expect("a number a column"))
    };
    text.lines().skip(1).map(line).collect()
}

/// Lines with equal numbers in the first column together, in order; those numbers count from 0.
pub fn groups<const K: usize>(table: &[[f64; K]]) -> Vec<Vec<[f64; K]>> {
    table.chunk_by(|a, b| a[0].total_cmp(&b[0]).is_eq()).map(<[_]>::to_vec).collect()
}

/// Infections of catheters: so many of how many, coated and not.
pub struct Arms {
    pub infected: [f64; 2],
    pub of: [f64; 2],
}

model! {
    /// Control arms differ, and so do effects (BUGS-style meta-analysis of two arms).
    pub Catheters(studies: &[Arms]) {
        mu ~ Normal(0.0, 5.0);
        s ~ HalfNormal(2.0);
        delta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for study in studies {
            a ~ Normal(mu, s);
            e ~ Normal(delta, tau);
            study.infected[0] ~ BinomialLogit(study.of[0], a);
            study.infected[1] ~ BinomialLogit(study.of[1], a + e);
        }
    }
}

pub fn catheters() -> Job {
    let study = |[c, n2, a, n1]: [f64; 4]| Arms { infected: [c, a], of: [n2, n1] };
    let studies = kept(table(include_str!("../../data/catheters.csv")).into_iter().map(study).collect());
    job(|| Catheters::new(studies))
}

model! {
    /// Groups of two kinds.
    pub Clusters(groups: &[Vec<[f64; 2]>]) {
        c ~ Flat(Ordered(2));
        factor(-0.5 * ((c[0] / 5.0).square() + (c[1] / 5.0).square()));
        w ~ Beta(2.0, 2.0);
        tau ~ HalfNormal(1.0);
        s ~ HalfNormal(2.0);
        for group in groups {
            u ~ Mixture([w, 1.0 - w], [Normal(c[0], tau), Normal(c[1], tau)]);
            for &[_, y] in group {
                y ~ Normal(u, s);
            }
        }
    }
}

pub fn clusters() -> Job {
    let groups = kept(groups(&table(include_str!("../../data/clusters.csv"))));
    job(|| Clusters::new(groups))
}

model! {
    /// A line, and hardly anything that groups add to it.
    pub ThreeGroups(groups: &[Vec<(f64, Option<f64>)>]) {
        a ~ Normal(0.0, 10.0);
        b ~ Normal(0.0, 10.0);
        tau ~ HalfCauchy(1.0);
        s ~ HalfCauchy(1.0);
        for group in groups {
            u ~ Normal(0.0, tau);
            for &(x, y) in group {
                y ~ Normal(a + b * x + u, s);
            }
        }
    }
}

/// The three groups, one of which all answers are missing, and one without rows.
pub fn three_groups() -> Job {
    let seen = groups(&table(include_str!("../../data/threegroups.csv")));
    let seen = seen.into_iter().map(|group| group.into_iter().map(|[_, x, y]| (x, Some(y))).collect());
    let groups = kept(seen.chain([vec![(0.3, None); 5], Vec::new()]).collect());
    job(|| ThreeGroups::new(groups))
}

model! {
    /// Ten thousand groups of a few trials each.
    pub Many(groups: &[[f64; 2]]) {
        mu ~ Normal(0.0, 2.0);
        sigma ~ HalfNormal(2.0);
        for &[n, k] in groups {
            u ~ Normal(mu, sigma);
            k ~ BinomialLogit(n, u);
        }
    }
}

pub fn many() -> Job {
    let groups = kept(table(include_str!("../../data/many.csv")));
    job(|| Many::new(groups))
}

//! What the replications of one model say together.

use crate::roster::ROSTER;
use crate::trial::{Ranked, Trial, Trusted};
use crate::uniform::{LEVELS, Uniformity};
use hierarch::Error;
use std::time::Duration;

/// All replications of one model.
#[derive(Default)]
pub(crate) struct Tally {
    names: Vec<&'static str>,
    ranked: Vec<(u64, Ranked)>,
    pub(crate) refused: Vec<(u64, Error)>,
    took: Vec<Duration>,
}

/// A quantity and what its shares say, where the fits call themselves reliable.
pub(crate) struct Judged {
    /// Model and quantity.
    pub(crate) name: String,
    /// Whether it is of all models together.
    pub(crate) is_of_all: bool,
    pub(crate) uniformity: Uniformity,
    /// Replications whose truth is in the outermost hundredth, at either end.
    pub(crate) outermost: Vec<u64>,
}

/// Every quantity of every model; then one quantity of each fit, of all models together.
pub(crate) fn judged(tallies: &[(usize, Tally)]) -> Vec<Judged> {
    let of_model = |(at, tally): &(usize, Tally)| tally.judged(ROSTER[*at].name);
    let mut judged: Vec<Judged> = tallies.iter().flat_map(of_model).collect();
    for (at, which) in [(0, "first"), (1, "second"), (-1, "last")] {
        let shares: Vec<f64> = tallies.iter().flat_map(|(_, tally)| tally.shares(at)).collect();
        if !shares.is_empty() {
            let (name, uniformity) = (format!("all models: {which}"), Uniformity::of(&shares));
            judged.push(Judged { name, is_of_all: true, uniformity, outermost: Vec::new() });
        }
    }
    judged
}

impl Tally {
    pub(crate) fn add(&mut self, replication: u64, trial: Trial) {
        let Trial { names, answer, took, report: _ } = trial;
        self.names = names;
        self.took.push(took);
        match answer {
            Ok(ranked) => self.ranked.push((replication, ranked)),
            Err(error) => self.refused.push((replication, error)),
        }
    }

    pub(crate) fn replications(&self) -> usize {
        self.took.len()
    }

    /// How many fits say that of themselves.
    pub(crate) fn count(&self, trusted: Trusted) -> usize {
        self.ranked.iter().filter(|(_, ranked)| ranked.trusted == trusted).count()
    }

    /// The median time of a fit.
    pub(crate) fn median(&self) -> Duration {
        let mut took = self.took.clone();
        took.sort();
        took[took.len() / 2]
    }

    fn reliable(&self) -> impl Iterator<Item = &(u64, Ranked)> {
        self.ranked.iter().filter(|(_, ranked)| ranked.trusted == Trusted::Reliable)
    }

    /// What the reliable fits say of each quantity.
    fn judged(&self, model: &str) -> Vec<Judged> {
        if self.count(Trusted::Reliable) == 0 {
            return Vec::new();
        }
        let judge = |(k, name): (usize, &&'static str)| {
            let shares: Vec<f64> = self.reliable().map(|(_, ranked)| ranked.shares[k]).collect();
            let is_outermost = |share: f64| (share - 0.5).abs() > 0.495;
            let outermost = self.reliable().filter(|(_, r)| is_outermost(r.shares[k])).map(|(number, _)| *number);
            let uniformity = Uniformity::of(&shares);
            Judged { name: format!("{model}: {name}"), is_of_all: false, uniformity, outermost: outermost.collect() }
        };
        self.names.iter().enumerate().map(judge).collect()
    }

    /// Of each reliable fit the share of the quantity of that place, counted from the last if it is negative.
    fn shares(&self, at: isize) -> impl Iterator<Item = f64> {
        self.reliable()
            .map(move |(_, Ranked { shares, .. })| shares[at.rem_euclid(shares.len().cast_signed()).cast_unsigned()])
    }

    /// The share of truths, of all quantities together, in the central interval of each level, where the fits call
    /// themselves reliable or where they do not; `None` of none.
    pub(crate) fn coverage(&self, is_reliable: bool) -> Option<[f64; LEVELS.len()]> {
        let counts = |ranked: &&(u64, Ranked)| (ranked.1.trusted == Trusted::Reliable) == is_reliable;
        let shares: Vec<f64> = self.ranked.iter().filter(counts).flat_map(|(_, r)| r.shares.iter().copied()).collect();
        (!shares.is_empty()).then(|| Uniformity::of(&shares).coverage())
    }
}

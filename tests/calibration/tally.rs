//! What the replications of one model say together.

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
    pub(crate) name: &'static str,
    pub(crate) uniformity: Uniformity,
    /// Replications whose truth is in the outermost hundredth, at either end.
    pub(crate) outermost: Vec<u64>,
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

    /// What the reliable fits say of each quantity.
    pub(crate) fn judged(&self) -> Vec<Judged> {
        let reliable = || self.ranked.iter().filter(|(_, ranked)| ranked.trusted == Trusted::Reliable);
        if reliable().next().is_none() {
            return Vec::new();
        }
        let judge = |(k, name): (usize, &&'static str)| {
            let shares: Vec<f64> = reliable().map(|(_, ranked)| ranked.shares[k]).collect();
            let is_outermost = |share: f64| (share - 0.5).abs() > 0.495;
            let outermost = reliable().filter(|(_, r)| is_outermost(r.shares[k])).map(|(number, _)| *number);
            Judged { name, uniformity: Uniformity::of(&shares), outermost: outermost.collect() }
        };
        self.names.iter().enumerate().map(judge).collect()
    }

    /// The share of truths, of all quantities together, in the central interval of each level, where the fits call
    /// themselves reliable or where they do not; `None` of none.
    pub(crate) fn coverage(&self, is_reliable: bool) -> Option<[f64; LEVELS.len()]> {
        let counts = |ranked: &&(u64, Ranked)| (ranked.1.trusted == Trusted::Reliable) == is_reliable;
        let shares: Vec<f64> = self.ranked.iter().filter(counts).flat_map(|(_, r)| r.shares.iter().copied()).collect();
        (!shares.is_empty()).then(|| Uniformity::of(&shares).coverage())
    }
}

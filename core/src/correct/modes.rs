//! What theta is proposed from where its posterior may have several modes: a proposal for each, every one as often.

use crate::correct::proposal::{Part, Proposal};
use crate::correct::reproposal::{Preparation, Reproposal, reproposed};

/// A proposal for each mode, and the mixture of them.
#[derive(Clone)]
pub(crate) struct ProposalOfModes {
    each: Vec<Proposal>,
    pub(crate) together: Proposal,
}

impl ProposalOfModes {
    /// Around these parts, with lookouts.
    pub(crate) fn around(parts: Vec<Part>) -> Self {
        Self::of(parts.into_iter().map(Part::with_lookouts).collect())
    }

    pub(crate) fn of(each: Vec<Proposal>) -> Self {
        Self { together: Proposal::together(&each), each }
    }

    pub(crate) fn are_several(&self) -> bool {
        self.each.len() > 1
    }

    /// The proposal that weighted rows of theta make, each mode by the rows that are its own, and the largest kurtosis of any; `None`
    /// where no mode has enough of them.
    pub(crate) fn reproposed(&self, rows: &[&[f64]], weights: &[f64], how: Preparation) -> Option<Reproposed> {
        let mut of_mode = vec![(Vec::new(), Vec::new()); self.each.len()];
        for (&row, &weight) in rows.iter().zip(weights) {
            let (rows, weights) = &mut of_mode[self.nearest(row)];
            rows.push(row);
            weights.push(weight);
        }
        let found: Vec<Option<Reproposal>> = self
            .each
            .iter()
            .zip(&of_mode)
            .map(|(before, (rows, weights))| reproposed(rows, weights, how, before.main()))
            .collect();
        let kurtosis = found.iter().flatten().map(|found| found.kurtosis).reduce(f64::max)?;
        let each = found.into_iter().zip(&self.each);
        let each = each.map(|(found, before)| found.map_or_else(|| before.clone(), |found| found.proposal));
        Some(Reproposed { proposal: Self::of(each.collect()), kurtosis })
    }

    /// The mode whose proposal a row is likeliest of.
    fn nearest(&self, row: &[f64]) -> usize {
        if !self.are_several() {
            return 0;
        }
        let ln_density = |mode: &usize| self.each[*mode].ln_density(row);
        (0..self.each.len()).max_by(|a, b| ln_density(a).total_cmp(&ln_density(b))).unwrap_or(0)
    }
}

/// What draws so far make of the next round.
pub(crate) struct Reproposed {
    pub(crate) proposal: ProposalOfModes,
    /// Mardia's kurtosis of theta, that of a Gaussian being 1.
    pub(crate) kurtosis: f64,
}

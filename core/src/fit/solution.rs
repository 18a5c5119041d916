//! What a fit found, as plain data.

use crate::density::shape::Shape;
use crate::fit::{Certificate, Chains, Evidence, Trust};
use crate::interpret::discover::Start;
use crate::optimize::summit::Summit;
use crate::options::Options;
use crate::posterior::columns::Source;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::sampling::resample::resample;
use crate::sampling::stream::{Question, Stream};
use std::time::Duration;

/// What a fit found: everything but the model.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    pub(crate) options: Options,
    /// Not in files: that of the model which is to be this fit's again.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) shape: Shape,
    /// Where the fit began.
    pub(crate) start: Start,
    pub(crate) climbed: Summit,
    /// The posterior before it was corrected.
    pub(crate) gaussian: GaussianHierarchy,
    pub(crate) draws: WeightedDraws,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) trust: Trust,
    /// What a second method says of it.
    pub(crate) certificate: Option<Certificate>,
    pub(crate) chains: Option<Chains>,
    pub(crate) times: Times,
    /// How many tasks were absorbed since.
    pub(crate) absorbed: usize,
}

impl Solution {
    pub(crate) fn source(&self) -> Source<'_> {
        Source { guide: &self.climbed.guide, gaussian: &self.gaussian, draws: &self.draws }
    }

    /// So many draws for a table, in proportion to their weights.
    pub(crate) fn picked(&self, n: usize) -> Vec<usize> {
        let mut rng = Stream::Question(Question::Table).of(self.options.seed);
        resample(&self.draws.weights, n, &mut rng)
    }

    /// Learns from a new task, which gives the draws these weights.
    pub(crate) fn absorb(&mut self, learned: &Evidence, weights: Vec<f64>) {
        self.draws.weights = weights;
        self.absorbed += 1;
        self.trust.learn(learned, self.absorbed);
        if let Some(evidence) = &mut self.evidence {
            evidence.learn(learned);
        }
    }

    /// Draws of a Gaussian hierarchy around the guide's means.
    pub(crate) fn draws_of(&self, gaussian: &GaussianHierarchy) -> WeightedDraws {
        self.climbed.draws_of(gaussian, &self.options)
    }
}

/// How long the parts of a fit took.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, Default)]
pub struct Times {
    /// Reading the data and maximising the ELBO, covariances included.
    pub climb: Duration,
    /// The importance correction.
    pub correction: Duration,
}

//! What a second method says of a fit.

use crate::correct::certificate::Compared;
use crate::correct::reweighting::Reweighting;
use crate::correct::scores::Scores;
use crate::fit::imprecise::Naming;
use std::fmt;

/// What chains, a second method, say of the globals of a fit.
///
/// The chains are of generalised elliptical slices on theta, with ln p(D_i | theta) of each task as the correction has it; they
/// start from draws of the guide, and know nothing of the importance weights. Differences are those of means and of standard
/// deviations, by ranks, so that heavy tails count no more than they should.
///
/// Printed as `two methods agree: largest difference 0.09 sd of tau (noise 0.08); 0.3 nats from the proposal`.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// The largest difference of a global's mean or standard deviation, in standard deviations, and which global it is.
    pub difference: f64,
    /// The Monte Carlo error of that difference.
    pub noise: f64,
    /// The global's name and entry.
    pub of: String,
    /// The largest difference that Monte Carlo errors do not explain, if there is one: in words.
    pub refuted: Option<String>,
    /// States of all chains that the comparison is made of.
    pub states: usize,
    /// KL(posterior | proposal) in nats: how far the answer was from what its draws were proposed from. Large where weights
    /// had much to correct.
    pub nats: f64,
    /// The largest shift of a mean, in standard deviations, that the score identities E d ln p / d theta = 0 ask for, and its
    /// Monte Carlo error; `None` where the draws tell too little of it.
    pub score: Option<(f64, f64)>,
}

impl Certificate {
    /// Whether the two methods agree.
    pub fn agrees(&self) -> bool {
        self.refuted.is_none()
    }

    pub(crate) fn of(compared: &Compared, scores: Option<&Scores>, naming: &Naming<'_>) -> Self {
        let Compared { largest, refuted, states, nats, .. } = *compared;
        Self {
            difference: largest.sds,
            noise: largest.noise,
            of: naming.of_global(largest.number),
            refuted: refuted.map(|d| d.said_of(&naming.of_global(d.number))),
            states,
            nats,
            score: scores.and_then(|s| s.largest).map(|d| (d.sds, d.noise)),
        }
    }

    /// That of a correction.
    pub(crate) fn of_weights(corrected: &Reweighting, naming: &Naming<'_>) -> Option<Self> {
        corrected.compared.as_ref().map(|compared| Self::of(compared, corrected.scores.as_ref(), naming))
    }
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { difference, noise, of, refuted, nats, score, .. } = self;
        match refuted {
            None => write!(f, "two methods agree: largest difference {difference:.2} sd of {of} (noise {noise:.2})")?,
            Some(refuted) => write!(f, "TWO METHODS DISAGREE about {refuted}")?,
        }
        write!(f, "; {nats:.1} nats from the proposal")?;
        score.map_or(Ok(()), |(shift, noise)| write!(f, "; scores within {shift:.2} sd (noise {noise:.2})"))
    }
}

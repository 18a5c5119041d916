//! What random numbers are for: every use has a stream of its own of a counter-based generator, all of a seed's apart from
//! each other.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The generator of one (seed, step, task).
pub(crate) fn keyed(seed: u64, step: u64, task: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&step.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(task);
    rng
}

/// A use of random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Where a random start, of that number in place of the seed, puts a coordinate of theta or of a task. Numbers of starts
    /// and seeds are not told apart: who starts fits at random with a seed of the same number shares bits with its noise.
    Start { coordinate: u64, task: Option<u64> },
    /// Where another climb starts, of that number.
    OtherStart { number: u64 },
    /// Theta's draws in a step; those that are fixed are of step 0.
    Theta { step: u64 },
    /// A task's draws in a step.
    Task { step: u64, task: u64 },
    /// Which tasks a step sees.
    Batch { step: u64 },
    /// Where a climb looks for curvature first.
    Curvature { iteration: u64 },
    /// Draws of a task's phi given theta, of a posterior that is Gaussian.
    Given { task: u64 },
    /// Proposals of theta.
    Proposals,
    /// Proposals of a task's phi.
    ProposalsOf { task: u64 },
    /// The steps of a chain of theta.
    Chain { number: u64 },
    /// The steps of a chain of a sampler that is not of this crate.
    #[cfg(feature = "nuts")]
    OtherChain { number: u64 },
    /// What is Gaussian given the states of chains, and where they start.
    Chains,
    /// Which draws are asked for their gradients.
    Scores,
    /// Draws of a task's phi picked by their weights.
    Resampling { task: u64 },
    /// What a task that is left out says of theta.
    LeaveOut { task: u64 },
    /// The first weights of an encoder.
    Encoder,
    /// What is asked of a fit later.
    Question(Question),
}

/// What is asked of a fit later: predictions, adaptations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Draws of a new task's phi.
    Adapt,
    /// The few draws of theta that new tasks are adapted with.
    Thetas,
    /// The latents of a task of which nothing is known.
    Unseen,
    /// What a task teaches of theta.
    Absorb,
    /// Predictions for a task that the fit has seen.
    Predict { task: u64 },
    /// Predictions for a new task.
    PredictNew,
    /// Data in place of all that the fit has seen.
    Check,
    /// Which draws stand in a table.
    Table,
    /// Data in place of all that the fit has seen, for ArviZ.
    #[cfg(feature = "arviz")]
    Predictive,
    /// Draws of the posterior in a picture.
    #[cfg(feature = "plots")]
    Picture,
    /// Draws of the prior in a picture.
    #[cfg(feature = "plots")]
    PictureOfPrior,
}

/// Stands for theta where a task's number is asked for.
const THETA: u64 = u64::MAX;

impl Stream {
    /// A seed whose fixed draws are apart from those of this one: for the draws of a posterior.
    pub(crate) fn apart(seed: u64) -> u64 {
        seed ^ (u64::MAX - 1)
    }

    /// The stream's generator of a seed.
    pub(crate) fn of(self, seed: u64) -> ChaCha8Rng {
        let (step, task) = match self {
            Self::Start { coordinate, task } => (coordinate, task.unwrap_or(THETA)),
            Self::OtherStart { number } => (number, u64::MAX - 9),
            Self::Theta { step } => (step, THETA),
            Self::Task { step, task } => (step, task),
            Self::Batch { step } => (step, u64::MAX - 4),
            Self::Curvature { iteration } => (iteration, u64::MAX - 5),
            Self::Given { task } => (u64::MAX - 1, task),
            Self::Proposals => (u64::MAX - 2, THETA),
            Self::ProposalsOf { task } => (u64::MAX - 2, task),
            Self::Question(question) => (u64::MAX - 3, question.number()),
            Self::Chain { number } => (u64::MAX - 6, number),
            Self::Chains => (u64::MAX - 6, THETA),
            #[cfg(feature = "nuts")]
            Self::OtherChain { number } => (u64::MAX - 8, number),
            Self::Scores => (u64::MAX - 7, THETA),
            Self::Resampling { task } => (u64::MAX - 4, task),
            Self::LeaveOut { task } => (u64::MAX - 7, task),
            Self::Encoder => (u64::MAX - 5, 0),
        };
        keyed(seed, step, task)
    }
}

impl Question {
    fn number(self) -> u64 {
        match self {
            Self::Adapt => 0,
            Self::Thetas => 1,
            Self::Unseen => 2,
            Self::Absorb => 3,
            Self::Predict { task } => 4 + task,
            Self::PredictNew => u64::MAX,
            Self::Check => u64::MAX - 1,
            Self::Table => u64::MAX - 2,
            #[cfg(feature = "arviz")]
            Self::Predictive => u64::MAX - 3,
            #[cfg(feature = "plots")]
            Self::Picture => u64::MAX - 4,
            #[cfg(feature = "plots")]
            Self::PictureOfPrior => u64::MAX - 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn no_two_streams_are_the_same() {
        let questions = [
            Question::Adapt,
            Question::Thetas,
            Question::Unseen,
            Question::Absorb,
            Question::PredictNew,
            Question::Check,
            Question::Table,
        ];
        let mut streams: Vec<Stream> = questions.map(Stream::Question).to_vec();
        #[cfg(feature = "arviz")]
        streams.push(Stream::Question(Question::Predictive));
        #[cfg(feature = "plots")]
        streams.extend([Question::Picture, Question::PictureOfPrior].map(Stream::Question));
        #[cfg(feature = "nuts")]
        streams.extend((0..3).map(|number| Stream::OtherChain { number }));
        streams.extend([Stream::Proposals, Stream::Encoder, Stream::Chains]);
        for n in 0..3 {
            let question = Stream::Question(Question::Predict { task: n });
            streams.extend([Stream::Theta { step: n }, Stream::Batch { step: n }, Stream::Curvature { iteration: n }]);
            streams.extend([
                Stream::Given { task: n },
                Stream::ProposalsOf { task: n },
                Stream::Resampling { task: n },
                Stream::Chain { number: n },
                Stream::LeaveOut { task: n },
                Stream::OtherStart { number: n },
            ]);
            streams.extend([Stream::Task { step: 0, task: n }, Stream::Task { step: 1, task: n }, question]);
        }
        let mut first: Vec<u64> = streams.iter().map(|stream| stream.of(7).next_u64()).collect();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), streams.len());
    }
}

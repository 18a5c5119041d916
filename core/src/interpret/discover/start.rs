//! Where a fit starts.

use crate::sampling::stream::Stream;
use rand::RngExt;

/// Where a fit starts: every unconstrained coordinate at 0, or at a random place between -1 and 1.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Everything at 0.
    Zero,
    /// The random start of that number.
    Random(u64),
}

impl Start {
    /// The coordinate `at` of a task, or of the globals.
    pub fn coordinate(&self, task: Option<usize>, at: usize) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Random(number) => {
                let stream = Stream::Start { coordinate: at as u64, task: task.map(|i| i as u64) };
                stream.of(*number).random_range(-1.0..1.0)
            }
        }
    }
}

//! Has the optimiser converged, and if not, why and what to try.

use std::fmt;

/// Whether the optimiser ended at a maximum of the ELBO.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The optimiser ended at a maximum.
    Converged,
    /// The optimiser ended elsewhere.
    NotConverged {
        /// Why it is no maximum.
        reason: String,
        /// What to try next.
        try_next: String,
    },
}

impl Verdict {
    /// Whether it is [`Verdict::Converged`].
    pub fn is_converged(&self) -> bool {
        *self == Self::Converged
    }

    /// The reason and what to try, to go behind what happened; empty if it converged.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Converged => String::new(),
            Self::NotConverged { reason, try_next } => format!(": {reason}; try {try_next}"),
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converged => f.write_str("converged"),
            Self::NotConverged { .. } => write!(f, "NOT CONVERGED{}", self.advice()),
        }
    }
}

//! Is the answer to be believed: the trust report of a fit.

use crate::fit::Evidence;
use crate::options::Correction;
use crate::sampling::psis::{RELIABLE, reliable_below};

/// Whether to believe the posterior that a fit reports.
///
/// Reliable, doubtful, or neither: not checked. Linear response says nothing of its own errors, so that without
/// importance weights or chains, because they were not asked for or would have cost too much, nothing speaks against the answer and
/// nothing for it.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    /// Where means, standard deviations and draws come from: `Importance`, `Chains`, `LinearResponse` or `MeanField`.
    pub method: Correction,
    /// Whether the answer was checked and nothing found to doubt: its importance weights are reliable, enough draws count, no
    /// mean has a Monte Carlo error above a tenth of a standard deviation, so are those of every task that matter, and neither
    /// chains nor score identities contradict it; or the chains that it comes from agree with each other (R-hat below 1.03, 100
    /// effective draws, next to no trajectory off its path); or it needs no check, as theta is a point that was converged to
    /// and the locals are exact given it. Where a guide stopped that weights or chains correct does not matter, as long as its
    /// gradient is finite.
    pub is_reliable: bool,
    /// Whether the report found something to doubt.
    pub is_doubtful: bool,
    /// Tasks whose own importance weights are not reliable.
    pub doubtful_tasks: Vec<usize>,
    /// The reasons, for a person: what there is to doubt, then why nothing was checked.
    pub notes: Vec<String>,
}

impl Trust {
    /// The trust that the posterior of a task deserves that the fit was adapted to.
    pub(crate) fn of_task(fit: &Self, evidence: &Evidence) -> Self {
        let mut notes = doubts(evidence);
        notes.extend(fit.is_doubtful.then(|| "the fit itself is doubtful".to_owned()));
        let is_doubtful = !notes.is_empty();
        notes.extend((!fit.is_reliable && !fit.is_doubtful).then(|| "the fit itself was not checked".to_owned()));
        let is_reliable = notes.is_empty();
        Self { method: Correction::Importance, is_reliable, is_doubtful, doubtful_tasks: Vec::new(), notes }
    }

    /// Becomes the trust in a fit that has absorbed its nth task.
    pub(crate) fn learn(&mut self, learned: &Evidence, absorbed: usize) {
        let doubts = doubts(learned);
        self.is_reliable &= doubts.is_empty();
        self.is_doubtful |= !doubts.is_empty();
        for doubt in &doubts {
            self.note_of_absorbed(absorbed, doubt);
        }
    }

    /// Keeps one note of each kind about absorbed tasks: that of the last one.
    fn note_of_absorbed(&mut self, absorbed: usize, doubt: &str) {
        const OF: &str = "of absorbed task ";
        // the numbers of a doubt are in brackets
        let kind = doubt.split(" (").next().unwrap_or(doubt);
        self.notes.retain(|note| !(note.starts_with(OF) && note.contains(kind)));
        self.notes.push(format!("{OF}{absorbed}: {doubt}"));
    }

    pub(crate) fn is_corrected(&self) -> bool {
        self.method == Correction::Importance
    }
}

/// What a new task's weights leave in doubt.
fn doubts(evidence: &Evidence) -> Vec<String> {
    const FEWEST: f64 = 10.0;
    let Evidence { k_hat, draws, effective_sample_size: effective, task_k_hat, .. } = evidence;
    let mut doubts = Vec::new();
    // k-hat of a few dozen draws is a rough guess: weights that are even enough need none
    let is_uneven = *effective < 0.5 * *draws as f64 && *k_hat >= reliable_below(*draws);
    if is_uneven || *effective < FEWEST {
        doubts.push(format!(
            "it says more of theta than the draws can tell (k-hat {k_hat:.2}, {effective:.1} effective draws of {draws})"
        ));
    }
    if let Some(inner) = task_k_hat.iter().find(|k| **k >= RELIABLE) {
        doubts.push(format!("the proposals of its latents are poor (k-hat {inner:.2})"));
    }
    doubts
}

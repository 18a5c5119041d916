//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. phi_i is drawn given theta, in proportion to the weights that give Z_i.
//!
//! Where there is but one theta, a point or none at all, tasks are independent altogether: Z_i is the mean of its
//! estimates, and a draw of phi_i counts as much as the estimate that it comes with.

use crate::conditional::Conditionals;
use crate::correct::certify::opinion;
use crate::correct::chains::ByChains;
use crate::correct::effort::{Effort, FEWEST_DRAWS};
use crate::correct::inquiry::{Inquiry, RoundPlan};
use crate::correct::one_theta::at_one_theta;
use crate::correct::pool::Pool;
use crate::correct::precision::Drawn;
use crate::correct::reweighting::{Basis, Reweighting};
use crate::correct::rounds::{over_thetas, refined};
use crate::correct::scores::scores;
use crate::correct::walked::by_walk;
use crate::density::Density;
use crate::progress::Progress;
use std::time::Duration;

/// How an importance correction went.
pub(crate) enum Attempt {
    /// The correction was not asked for.
    NotAsked,
    /// The correction would have taken more than it may: about so long.
    TooCostly(Duration),
    /// The draws of all locals would have been too many to keep.
    TooLarge,
    /// No draw of theta had a finite weight.
    NoWeight,
    Ran(Box<Reweighting>),
    /// Chains took the place of weights, which failed if there is a reason.
    Chained {
        found: Box<ByChains>,
        since: Option<String>,
    },
}

impl Attempt {
    pub(crate) fn chains(&self) -> Option<&ByChains> {
        match self {
            Self::Chained { found, .. } => Some(found),
            _ => None,
        }
    }

    pub(crate) fn ran(&self) -> Option<&Reweighting> {
        match self {
            Self::Ran(corrected) => Some(corrected),
            _ => None,
        }
    }
}

/// Corrects the Gaussian of a density written centred; with the draws of chains of theta, where they should take the place of
/// weights.
pub(crate) fn corrected(
    density: &Density<'_>,
    basis: &Basis<'_>,
    effort: Effort,
    progress: &Progress,
) -> (Attempt, Option<ByChains>) {
    // given one theta, more draws serve as well as more proposals for each
    let most_grown = if basis.is_fixed() { 0 } else { effort.most_grown };
    let conditionals = Conditionals::new(density).growing_to(most_grown);
    let mut inquiry = Inquiry::new(&conditionals, basis, effort, progress);
    let mut pool = Pool::new(basis.guide.global.len(), basis.guide.num_tasks());
    let mut walked = None;
    let found = if basis.is_fixed() {
        inquiry.round(RoundPlan { proposal: None, draws: effort.draws, number: 0 }, &mut pool);
        Some(pool)
            .filter(|pool| !pool.is_cut || pool.len() >= FEWEST_DRAWS)
            .and_then(|pool| at_one_theta(pool, effort.seed))
            .map(|found| Reweighting { precision: Drawn::of(&found.posterior).precision(density), ..found })
    } else {
        let first = inquiry.first_proposal().map(|first| inquiry.searched(first));
        let others = inquiry.other_proposals();
        let effort = effort.within(inquiry.clock.affordable()).around(1 + others.len());
        let modes = first.map(|first| [vec![first], others].concat());
        modes.and_then(|modes| refined(modes, effort, &mut inquiry, pool)).map(|found| {
            let compared = opinion(&found, &effort, &mut inquiry, &*density.program);
            let precision = found.pool.drawn(&found.smoothed.weights).precision(density);
            let is_refuted = compared.is_some_and(|compared| compared.refuted.is_some());
            if effort.may_turn_to_chains() && (is_refuted || found.is_poor()) {
                walked = by_walk(&found, &effort, &mut inquiry, density);
            }
            Reweighting { precision, compared, ..over_thetas(found) }
        })
    };
    let attempt = match found {
        Some(mut corrected) => {
            corrected.posterior.non_centred = vec![false; density.open.tasks.non_centred.len()];
            corrected.posterior.are_values = density.layout.are_values();
            let is_asked = effort.walks && !basis.is_fixed();
            corrected.scores = is_asked.then(|| scores(density, &corrected.posterior, effort.seed)).flatten();
            Attempt::Ran(Box::new(corrected))
        }
        None if inquiry.clock.is_up() || inquiry.clock.excess(2 * FEWEST_DRAWS).is_some() => {
            Attempt::TooCostly(inquiry.clock.needed(effort.usual()))
        }
        None => Attempt::NoWeight,
    };
    (attempt, walked)
}

#[cfg(test)]
mod tests {
    use crate::fit::Fittable;
    use crate::options::{Correction, Options};
    use crate::prelude::*;

    model! {
        /// Tails that no Gaussian is near, in forty directions.
        Heavy(scale: f64) {
            x[_ in 0..40] ~ Cauchy(0.0, scale);
        }
    }

    #[test]
    fn a_hopeless_correction_stops_early_and_says_so() {
        // chains would take the place of weights, if there is time enough
        let by_weights = Options { correction: Correction::Importance, ..Options::default() };
        let fit = Heavy::new(3.0).fit_with(&by_weights).expect("no data");
        let evidence = fit.evidence().expect("it was tried");
        assert!(evidence.k_hat >= 1.0 || evidence.effective_sample_size < 10.0, "{fit}");
        let trust = fit.trust();
        assert!(trust.method != Correction::Importance && !trust.is_reliable, "{fit}");
        // no more draws than each round that prepares has for forty coordinates
        let said = "effective draws of 640)";
        assert!(
            trust.notes.iter().any(|note| note.contains("importance weights failed") && note.contains(said)),
            "{fit}"
        );
    }

    model! {
        /// LocalDraws that are not Gaussian given theta, some of two modes.
        Waves(waves: &[Vec<(f64, f64)>]) {
            scale ~ LogNormal(0.0, 1.0);
            for wave in waves {
                amplitude ~ HalfNormal(scale);
                phase ~ Normal(0.0, 2.0);
                for &(x, y) in wave {
                    y ~ Normal(amplitude * (phase + x).sin(), 0.3);
                }
            }
        }
    }

    #[test]
    fn the_correction_is_the_same_for_any_number_of_threads() {
        let wave = |i: u32| (0..i + 2).map(|k| (f64::from(k), f64::from(k * (i + 3) % 5) - 2.0)).collect();
        let waves: Vec<_> = (0..7).map(wave).collect();
        let [one, three] = [1, 3].map(|threads| {
            let options = Options { threads: Some(threads), posterior_draws: 400, ..Options::default() };
            Waves::new(&waves).fit_with(&options).expect("valid")
        });
        assert_eq!(one.evidence(), three.evidence());
        assert_eq!(one.evidence().map(|e| e.ln_evidence.to_bits()), three.evidence().map(|e| e.ln_evidence.to_bits()));
        for i in 0..waves.len() {
            assert_eq!(one.local(i).phase, three.local(i).phase);
        }
    }
}

//! The hierarchical importance correction.
//!
//! Given theta the tasks are independent, so the weight of a draw of theta factorises,
//!     w(theta) = p(theta) p(D_outside | theta) / q(theta) * prod_i Z_i(theta),   Z_i(theta) = p(D_i | theta),
//! and every factor is low-dimensional. phi_i is drawn given theta, in proportion to the weights that give Z_i.
//!
//! Where there is but one theta, a point or none at all, tasks are independent altogether: Z_i is the mean of its
//! estimates, and a draw of phi_i counts as much as the estimate that it comes with.

use crate::conditional::Conditionals;
use crate::conditional::memory::TaskMemory;
use crate::correct::one_theta::at_one_theta;
use crate::correct::proposal::{HeavyTailed, Proposal};
use crate::correct::round::{Basis, Corrected, Effort, round};
use crate::correct::rounds::{MOST_PREPARING, over_thetas, refined};
use crate::density::Density;
use crate::linalg::gaussian::Gaussian;
use nalgebra::DVector;

/// How it went.
pub(crate) enum Attempt {
    /// Nobody wanted it.
    NotAsked,
    /// It would have cost more than it may.
    TooCostly,
    /// No draw of theta had a finite weight.
    NoWeight,
    Ran(Box<Corrected>),
}

impl Attempt {
    pub(crate) fn ran(&self) -> Option<&Corrected> {
        match self {
            Self::Ran(corrected) => Some(corrected),
            _ => None,
        }
    }
}

/// Corrects the Gaussian of a density written centred.
pub(crate) fn corrected(density: &Density<'_>, basis: &Basis<'_>, effort: Effort) -> Attempt {
    let guide = basis.guide;
    // given one theta, more draws serve as well as more proposals for each
    let most_grown = if basis.is_fixed() { 0 } else { effort.most_grown };
    let conditionals = Conditionals::new(density).growing_to(most_grown);
    let mut memories: Vec<TaskMemory> = (0..guide.num_tasks()).map(|_| TaskMemory::default()).collect();
    let mut run = |proposal: &Proposal, draws: usize, number: usize| {
        let effort = Effort { draws, seed: effort.seed.wrapping_add(number as u64), ..effort };
        round(&conditionals, &mut memories, basis, proposal, effort)
    };
    let found = if basis.is_fixed() {
        at_one_theta(run(&Vec::new(), effort.draws, MOST_PREPARING), effort)
    } else {
        let mean = DVector::from_column_slice(&guide.global.loc);
        let first = HeavyTailed::new(Gaussian { mean, root: basis.gaussian.global.root() });
        first.and_then(|first| refined(first.with_lookout(), effort, &mut run)).map(over_thetas)
    };
    match found {
        Some(mut corrected) => {
            corrected.posterior.non_centred = vec![false; density.open.tasks.non_centred.len()];
            Attempt::Ran(Box::new(corrected))
        }
        None => Attempt::NoWeight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::round::{OfTask, Round};
    use crate::correct::rounds::Weighted;
    use crate::fit::Fittable;
    use crate::options::{Correction, Options};
    use crate::posterior::draws::LocalDraws;
    use crate::prelude::*;
    use nalgebra::DMatrix;

    /// A round about one coordinate, with these log weights.
    fn told(ln_weights: Vec<f64>) -> Round {
        let theta = (0..ln_weights.len()).map(|s| (s as f64).sin()).collect();
        Round { theta, ln_outside: ln_weights, tasks: Vec::new() }
    }

    /// Log weights of which few count; of which all do, more or less.
    fn uneven(n: usize) -> Vec<f64> {
        (0..n).map(|s| -(s as f64)).collect()
    }

    fn even(n: usize) -> Vec<f64> {
        (0..n).map(|s| (s as f64).cos()).collect()
    }

    /// The first round, those that prepare after it, and the last: what they tell, and with how many draws from what.
    fn refine(rounds: [fn(usize) -> Vec<f64>; 3]) -> (Option<Weighted>, Vec<(usize, f64)>) {
        let mut asked = Vec::new();
        let first = vec![
            HeavyTailed::new(Gaussian { mean: DVector::zeros(1), root: DMatrix::identity(1, 1) }).expect("regular"),
        ];
        let effort = Effort { draws: 400, most_draws: 400, most_inner: 64, most_grown: 64, seed: 0 };
        let found = refined(first, effort, &mut |proposal, draws, number| {
            asked.push((draws, proposal[0].wide.root[(0, 0)]));
            let round = usize::from(number > 0) + usize::from(number >= MOST_PREPARING);
            told(rounds[round](draws))
        });
        (found, asked)
    }

    #[test]
    fn a_round_that_is_useless_does_not_replace_one_that_is_not() {
        // half of the draws: not prepared yet
        let half = |n: usize| (0..n).map(|s| if s % 4 == 0 { 0.1 * (s as f64).cos() } else { -50.0 }).collect();
        // the second round is wasted: the last one proposes as the first did
        let (found, asked) = refine([half, uneven, even]);
        assert_eq!(asked.iter().map(|a| a.0).collect::<Vec<_>>(), [100, 100, 400]);
        assert!(asked[1].1.to_bits() != asked[0].1.to_bits() && asked[2].1.to_bits() == asked[0].1.to_bits());
        assert!(found.is_some_and(|found| found.smoothed.weights.len() == 400 && !found.smoothed.is_useless()));
        // the last round is wasted, or has no weight at all: the first stays
        let nothing = |n: usize| vec![f64::NAN; n];
        for last in [uneven, nothing] {
            let (found, _) = refine([half, last, last]);
            let found = found.expect("the first has weights").smoothed;
            assert!(found.weights.len() == 100 && !found.is_useless(), "{found:?}");
        }
        // nothing is any good: no more effort than rounds that prepare
        let (found, asked) = refine([uneven, uneven, even]);
        assert!(found.is_some_and(|found| found.smoothed.is_useless()) && asked.len() == MOST_PREPARING);
        assert!(refine([nothing, even, even]).0.is_none());
    }

    /// Two tasks at one theta: one exact, one whose estimates of Z are 1 in one half and 3 in the other, with phi of -1 and 1.
    #[test]
    fn at_one_theta_draws_count_as_much_as_their_estimates() {
        let draws = 1000;
        let halves = |a: f64, b: f64| (0..draws).map(|s| if 2 * s < draws { a } else { b }).collect::<Vec<f64>>();
        let task = |ln_z| OfTask { ln_z, phi: halves(-1.0, 1.0), k_hat: 0.0, is_reliable: true };
        let tasks = vec![task(vec![-2.0; draws]), task(halves(0.0, 3.0_f64.ln()))];
        let round = Round { theta: Vec::new(), ln_outside: vec![-5.0; draws], tasks };
        let found = at_one_theta(round, Effort { draws, most_draws: draws, most_inner: 64, most_grown: 64, seed: 0 })
            .expect("finite");
        // Z = 2 with a relative variance of 1 / 4 a draw
        assert!((found.ln_evidence - (-7.0 + 2.0_f64.ln())).abs() < 1e-12, "{found:?}");
        assert!((found.ln_evidence_error - (0.25 / draws as f64).sqrt()).abs() < 1e-12, "{found:?}");
        assert!((found.effective - draws as f64 / 1.25).abs() < 1e-6, "{found:?}");
        let LocalDraws::Drawn(tables) = &found.posterior.locals else { panic!("drawn") };
        let mean = |i: usize| tables[i].iter().sum::<f64>() / draws as f64;
        assert!(mean(0).abs() < 1e-12 && (mean(1) - 0.5).abs() < 2e-3, "{} and {}", mean(0), mean(1));
        assert!(found.posterior.weights.iter().all(|w| (w * draws as f64 - 1.0).abs() < 1e-12));
    }

    model! {
        /// Tails that no Gaussian is near, in forty directions.
        Heavy(scale: f64) {
            x[_ in 0..40] ~ Cauchy(0.0, scale);
        }
    }

    #[test]
    fn a_hopeless_correction_stops_early_and_says_so() {
        let fit = Heavy::new(3.0).fit().expect("no data");
        let evidence = fit.evidence().expect("it was tried");
        assert!(evidence.k_hat >= 1.0 || evidence.effective_sample_size < 10.0, "{fit}");
        let trust = fit.trust();
        assert!(trust.method != Correction::Importance && !trust.is_reliable, "{fit}");
        let quarter = Options::default().posterior_draws / 4;
        let said = format!("effective draws of {quarter})");
        assert!(
            trust.notes.iter().any(|note| note.contains("importance weights failed") && note.contains(&said)),
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

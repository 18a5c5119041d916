//! Crossed effects of data that are not normal, one of the factors so wide that second derivatives are out of reach.

use hierarch::prelude::*;
use hierarch::{Correction, Options};
use std::time::Duration;

model! {
    /// Persons answer some of many items.
    Answers(persons: &[Vec<(usize, bool)>], items: usize) {
        intercept ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        item_scale ~ HalfNormal(1.0);
        item[_ in 0..items] ~ Normal(0.0, item_scale);
        for person in persons {
            u ~ Normal(intercept, tau);
            for &(j, answer) in person {
                answer ~ BernoulliLogit(u + item[j]);
            }
        }
    }
}

/// Lehmer's generator, so that other programs can make the same data.
struct Lehmer(u64);

impl Lehmer {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        self.0 as f64 / 2_147_483_647.0
    }

    /// Nearly.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

const ITEMS: usize = 260;

fn answers() -> Vec<Vec<(usize, bool)>> {
    let mut rng = Lehmer(1);
    let items: Vec<f64> = (0..ITEMS).map(|_| 0.9 * rng.normal()).collect();
    let mut person = || {
        let u = 0.3 + 0.7 * rng.normal();
        let mut answer = || {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below the number of items")]
            let j = (rng.uniform() * ITEMS as f64) as usize;
            (j, rng.uniform() < (1.0 + (-u - items[j]).exp()).recip())
        };
        (0..25).map(|_| answer()).collect()
    };
    (0..60).map(|_| person()).collect()
}

/// Against NUTS (NumPyro 0.22, non-centred, 2 chains of 5,000, 3,640 effective draws and more): a mean-field guide, which is all
/// that there is without, has standard deviations of the scales of 62% and 37%.
#[test]
fn a_wide_factor_of_binary_data_is_told_by_weights() {
    let persons = answers();
    let correction_budget = Duration::from_secs(120);
    let fit = Answers::new(&persons, ITEMS)
        .fit_with(&Options { posterior_draws: 200, correction_budget, ..Options::default() })
        .expect("valid");
    let evidence = fit.evidence().expect("weights");
    assert!(fit.trust().method == Correction::Importance && evidence.effective_sample_size > 300.0, "{fit}");
    let global = fit.global();
    let first = persons[0][0].0;
    assert_eq!(first, 101);
    let expected = [
        (global.intercept, 0.5081, 0.1219),
        (global.tau, 0.6749, 0.0991),
        (global.item_scale, 0.9395, 0.1073),
        (global.item[first], 0.1121, 0.7718),
        (fit.local(0).u, 0.1914, 0.3800),
    ];
    // of 400 effective draws: an error of 0.05 sd of a mean, and of 4% of an sd
    for (found, mean, sd) in expected {
        assert!((found.mean - mean).abs() < 0.15 * sd, "{found} is not {mean}");
        assert!((found.sd / sd).ln().abs() < 0.12, "{found} has not the sd {sd}");
    }
}

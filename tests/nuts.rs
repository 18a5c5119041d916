//! A second opinion from `nuts-rs`, beside closed forms and beside the fit's own posterior.

use crate::models::{Conjugate, EightSchools, Group, SCHOOLS};
use hierarch::nuts::NutsOptions;
use hierarch::prelude::*;
use hierarch::{Error, Joint};

#[test]
fn a_gaussian_hierarchy_has_its_closed_form() {
    // mu ~ Normal(1, 3), theta_i ~ Normal(mu, 2), y ~ Normal(theta_i, 1): means of groups are Normal(mu, 4 + 1 / n)
    let data: [&[f64]; 3] = [&[3.0, 4.0], &[-1.0], &[0.5, 0.0, 1.0, 0.5]];
    let groups = data.map(|ys| Group { ys: ys.iter().copied().map(Some).collect() });
    let model = Conjugate::new(&groups, 2.0, 1.0);
    let joint = Joint::new(&model).expect("valid");
    let drawn = joint.nuts(&NutsOptions::default()).expect("a density that is finite everywhere");
    let each = data.iter().map(|ys| {
        let n = ys.len() as f64;
        (ys.iter().sum::<f64>() / n, (4.0 + n.recip()).recip())
    });
    let (weighted, precision) = each.fold((1.0 / 9.0, 1.0 / 9.0), |(sum, all), (mean, w)| (sum + w * mean, all + w));
    let (mean, sd) = (weighted / precision, precision.sqrt().recip());
    let mu = drawn.posterior().global().mu;
    // of some thousand effective draws: four Monte Carlo errors
    assert!(
        drawn.effective_sample_size > 1000.0 && drawn.r_hat < 1.02,
        "{} {}",
        drawn.effective_sample_size,
        drawn.r_hat
    );
    assert!((mu.mean - mean).abs() < 4.0 * sd / 1000_f64.sqrt(), "{mu}, not {mean}");
    assert!((mu.sd / sd - 1.0).abs() < 4.0 / 2000_f64.sqrt(), "{mu}, not {sd}");
    assert_eq!((drawn.num_draws(), drawn.divergent), (4000, 0.0));
    // the same seed, the same bits
    let again = joint.nuts(&NutsOptions::default()).expect("as before");
    assert_eq!(again.posterior().global(), drawn.posterior().global());
}

#[test]
fn eight_schools_agree_with_the_fit() {
    let fit = EightSchools::new(&SCHOOLS).fit().expect("valid");
    let options = NutsOptions { target_accept: 0.95, ..NutsOptions::default() };
    let drawn = fit.joint().nuts(&options).expect("a density that is finite everywhere");
    assert!(drawn.r_hat < 1.03 && drawn.divergent < 0.01, "{} {}", drawn.r_hat, drawn.divergent);
    let (own, second) = (fit.posterior(), drawn.posterior());
    let pairs = [(own.global().mu, second.global().mu), (own.global().tau, second.global().tau)];
    for (own, second) in pairs.into_iter().chain((0..8).map(|i| (own.local(i).theta, second.local(i).theta))) {
        let error = own.mc_error.hypot(second.mc_error).max(0.05 * own.sd);
        assert!((own.mean - second.mean).abs() < 4.0 * error, "{own} and {second}");
        assert!((own.sd / second.sd).ln().abs() < 0.2, "{own} and {second}");
    }
    let difference = second.marginal(|d| d.local[0].theta - d.local[2].theta);
    let expected = second.local(0).theta.mean - second.local(2).theta.mean;
    assert!((difference.mean - expected).abs() < 1e-9);
}

#[test]
fn options_are_checked() {
    let model = EightSchools::new(&SCHOOLS);
    let joint = Joint::new(&model).expect("valid");
    let refused = [
        NutsOptions { chains: 1, ..NutsOptions::default() },
        NutsOptions { draws: 3, ..NutsOptions::default() },
        NutsOptions { target_accept: f64::NAN, ..NutsOptions::default() },
    ];
    for options in refused {
        assert!(matches!(joint.nuts(&options).err(), Some(Error::Option { .. })), "{options:?}");
    }
}

//! Every combination of what a fit can be told gives a sane answer, on a Gaussian hierarchy, a logit and a model with
//! vectors of globals.

use crate::inference::SURGICAL;
use crate::models::{HOSPITALS, Surgical};
use crate::panel_rows::answer::{Answer, Expected, Job, Named, compared, job, kept};
use crate::panel_rows::published;
use hierarch::prelude::*;
use hierarch::{
    AdamOptions, Correction, Error, Estimator, GlobalFactor, LocalFactor, Optimiser, Options, Parameterisation,
};
use nalgebra::{DMatrix, DVector};
use std::time::Duration;

compared!(Surgical: mu tau; theta);

/// Every combination, of little effort.
fn combinations() -> Vec<Options> {
    let adam = Optimiser::Adam(AdamOptions { batch: Some(5), ..AdamOptions::default() });
    let mut all = vec![Options {
        draws: 16,
        most_draws: 16,
        posterior_draws: 200,
        max_iterations: Some(60),
        correction_budget: Duration::from_secs(1),
        progress: false,
        ..Options::default()
    }];
    let mut each = |change: &dyn Fn(&Options) -> Vec<Options>| all = all.iter().flat_map(change).collect();
    each(&|o| [LocalFactor::MeanField, LocalFactor::Full].map(|locals| Options { locals, ..o.clone() }).into());
    each(&|o| [GlobalFactor::MeanField, GlobalFactor::Point].map(|global| Options { global, ..o.clone() }).into());
    each(&|o| {
        [Optimiser::Auto, Optimiser::Newton, Optimiser::Lbfgs, Optimiser::Em, adam.clone()]
            .map(|optimiser| Options { optimiser, ..o.clone() })
            .into()
    });
    each(&|o| {
        [
            Correction::Auto,
            Correction::Importance,
            Correction::Chains,
            Correction::LinearResponse,
            Correction::MeanField,
        ]
        .map(|correction| Options { correction, ..o.clone() })
        .into()
    });
    each(&|o| {
        [Estimator::ClosedForm, Estimator::ClosedKl, Estimator::Sampled]
            .map(|estimator| Options { estimator, ..o.clone() })
            .into()
    });
    each(&|o| {
        [Parameterisation::Auto, Parameterisation::Centred, Parameterisation::NonCentred]
            .map(|parameterisation| Options { parameterisation, ..o.clone() })
            .into()
    });
    all
}

/// How far an answer that is called reliable may be off: of the 200 draws it takes, 20 that count are enough for that.
struct Slack {
    /// In standard deviations of the reference.
    mean: f64,
    /// Least and most ratio of standard deviations.
    sd: [f64; 2],
}

impl Slack {
    fn of(options: &Options) -> Self {
        match options.global {
            GlobalFactor::MeanField => Self { mean: 0.8, sd: [0.5, 2.0] },
            // a point has no width, and is a mode where the reference is a mean
            GlobalFactor::Point => Self { mean: 1.5, sd: [0.0, 1.5] },
        }
    }

    /// What is too far off.
    fn of_reference(&self, found: &Named, expected: &Expected) -> Option<String> {
        let off = (found.summary.mean - expected.mean) / expected.sd;
        let ratio = found.summary.sd / expected.sd;
        let is_near = off.abs() <= self.mean && (self.sd[0]..=self.sd[1]).contains(&ratio);
        (!is_near).then(|| format!("{} is {off:.2} sd off, its sd {ratio:.2} times the reference", found.name))
    }
}

/// What is not sane about an answer.
fn complaints(answer: &dyn Answer, expected: &[Expected], options: &Options) -> Vec<String> {
    let latents = answer.latents();
    let is_finite = |named: &&Named| {
        let s = &named.summary;
        [s.mean, s.sd, s.q05, s.q50, s.q95, s.mc_error].iter().all(|x| x.is_finite()) && s.sd >= 0.0
    };
    let odd = latents.iter().filter(|named| !is_finite(named));
    let mut wrong: Vec<String> = odd.map(|named| format!("{} is {:?}", named.name, named.summary)).collect();
    if answer.trust().is_reliable {
        let slack = Slack::of(options);
        let found =
            |expected: &Expected| latents.iter().find(|named| named.name == expected.name).expect("it is a latent");
        wrong.extend(expected.iter().filter_map(|expected| slack.of_reference(found(expected), expected)));
    }
    wrong
}

/// Whether all latents have a distribution of their own.
fn is_free(options: &Options) -> bool {
    options.global == GlobalFactor::MeanField && options.locals == LocalFactor::MeanField
}

/// Fits in every way; says how many answers were called reliable.
fn all_ways(name: &str, job: &Job, expected: &[Expected]) -> usize {
    let started = std::time::Instant::now();
    let (mut reliable, mut wrong) = (0, Vec::new());
    for options in combinations() {
        let what = format!(
            "{name}: {:?} {:?} {:?} {:?} {:?} {:?}",
            options.locals,
            options.global,
            options.optimiser,
            options.correction,
            options.estimator,
            options.parameterisation
        );
        match job(&options) {
            Ok(answer) => {
                reliable += usize::from(answer.trust().is_reliable);
                let found = complaints(&*answer, expected, &options);
                wrong.extend(found.into_iter().map(|complaint| format!("{what}: {complaint}")));
            }
            // chains need a distribution of all latents to start from
            Err(Error::Option { option, .. }) if option == "Options::correction" && !is_free(&options) => {}
            Err(error) => wrong.push(format!("{what}: {error}")),
        }
    }
    println!("{name}: {reliable} reliable, {:?}", started.elapsed());
    assert!(wrong.is_empty(), "{} of {name}:\n{}", wrong.len(), wrong.join("\n"));
    reliable
}

#[test]
fn a_gaussian_hierarchy_is_fitted_in_every_way() {
    let reliable = all_ways("eight schools", &published::eight_schools(), &published::expected_of_eight_schools());
    assert!(reliable > 200, "{reliable}");
}

#[test]
fn a_logit_is_fitted_in_every_way() {
    let name = |k: usize| if k < 2 { ["mu", "tau"][k].to_owned() } else { format!("theta.{}", k - 2) };
    let by_quadrature = SURGICAL.iter().enumerate();
    let expected: Vec<_> = by_quadrature.map(|(k, &(mean, sd))| Expected::new(name(k), mean, sd)).collect();
    let reliable = all_ways("surgical", &job(|| Surgical::new(&HOSPITALS)), &expected);
    assert!(reliable > 200, "{reliable}");
}

/// Which item, and what was seen.
pub(crate) type Answers = Vec<(usize, f64)>;

/// Standard deviations of an effect of an item, of a group, and of noise.
const SD: [f64; 3] = [2.0, 0.7, 0.5];

model! {
    /// Items that all groups share, and groups.
    Items(groups: &[Answers]) {
        item[_ in 0..3] ~ Normal(0.0, SD[0]);
        for group in groups {
            u ~ Normal(0.0, SD[1]);
            for &(j, y) in group {
                y ~ Normal(u + item[j], SD[2]);
            }
        }
    }
}

compared!(Items: item; u);

const ANSWERS: [&[(usize, f64)]; 6] = [
    &[(0, 1.4), (1, -0.3), (2, 2.9)],
    &[(0, 0.2), (2, 1.1)],
    &[(1, -1.8), (1, -1.1)],
    &[],
    &[(0, 2.1), (1, 0.6), (2, 3.3), (2, 2.2)],
    &[(2, 2.0)],
];

/// The exact posterior: of effects x with y = A x + noise it is normal, of precision P = A' A / sd^2 + diag(1 / sd^2) and
/// mean P^-1 A' y / sd^2.
fn exact() -> Vec<Expected> {
    let (items, all) = (3, 3 + ANSWERS.len());
    let prior = |k: usize| if k < items { SD[0] } else { SD[1] };
    let mut precision = DMatrix::from_diagonal(&DVector::from_fn(all, |k, _| prior(k).powi(-2)));
    let mut seen = DVector::zeros(all);
    for (i, answers) in ANSWERS.iter().enumerate() {
        for &(j, y) in *answers {
            let mut row = DVector::zeros(all);
            row[j] = 1.0;
            row[items + i] = 1.0;
            precision += &row * row.transpose() / SD[2].powi(2);
            seen += row * y / SD[2].powi(2);
        }
    }
    let covariance = precision.try_inverse().expect("positive definite");
    let mean = &covariance * seen;
    let name = |k: usize| if k < items { format!("item.{k}") } else { format!("u.{}", k - items) };
    (0..all).map(|k| Expected::new(name(k), mean[k], covariance[(k, k)].sqrt())).collect()
}

#[test]
fn vectors_of_globals_are_fitted_in_every_way() {
    let groups = kept(ANSWERS.map(<[_]>::to_vec).to_vec());
    let reliable = all_ways("items", &job(|| Items::new(groups)), &exact());
    assert!(reliable > 200, "{reliable}");
}

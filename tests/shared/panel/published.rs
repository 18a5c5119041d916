//! Rows of published data: those of the examples, and a meta-analysis.

use super::answer::{Expected, Job, compared, job, kept};
use crate::models::{self, Batting, EightSchools, Radon, Rats, SCHOOLS};
use hierarch::prelude::*;

compared!(EightSchools: mu tau; theta);
compared!(Rats: mu_alpha mu_beta sigma_y sigma_alpha sigma_beta; alpha beta);
compared!(Radon: mu_alpha sigma_alpha beta_uranium beta_floor sigma_y; alpha);
compared!(Batting: phi kappa; theta);
compared!(MetaAnalysis: mu beta tau; effect);

pub fn eight_schools() -> Job {
    job(|| EightSchools::new(&SCHOOLS))
}

/// By quadrature.
pub fn expected_of_eight_schools() -> Vec<Expected> {
    let exact = models::eight_schools::exact().expect("the file is valid");
    let mut expected =
        vec![Expected::new("mu", exact.mu_mean, exact.mu_sd), Expected::new("tau", exact.tau_mean, exact.tau_sd)];
    expected.extend(Expected::of_tasks("theta", &exact.theta_mean, &exact.theta_sd));
    expected
}

pub fn rats() -> Job {
    let rats = kept(models::rats());
    job(|| Rats::new(rats))
}

/// By a long NUTS run.
pub fn expected_of_rats() -> Vec<Expected> {
    let models::rats::Reference { mean, sd } = models::rats::reference().expect("the file is valid");
    let mut expected = vec![
        Expected::new("mu_alpha", mean.mu_alpha, sd.mu_alpha),
        Expected::new("mu_beta", mean.mu_beta, sd.mu_beta),
        Expected::new("sigma_y", mean.sigma_y, sd.sigma_y),
        Expected::new("sigma_alpha", mean.sigma_alpha, sd.sigma_alpha),
        Expected::new("sigma_beta", mean.sigma_beta, sd.sigma_beta),
    ];
    expected.extend(Expected::of_tasks("alpha", &mean.alpha, &sd.alpha));
    expected.extend(Expected::of_tasks("beta", &mean.beta, &sd.beta));
    expected
}

pub fn radon() -> Job {
    let counties = kept(models::counties());
    job(|| Radon::new(counties))
}

/// By a long NUTS run.
pub fn expected_of_radon() -> Vec<Expected> {
    let models::radon::Reference { mean, sd } = models::radon::reference().expect("the file is valid");
    let mut expected = vec![
        Expected::new("mu_alpha", mean.mu_alpha, sd.mu_alpha),
        Expected::new("sigma_alpha", mean.sigma_alpha, sd.sigma_alpha),
        Expected::new("beta_uranium", mean.beta_uranium, sd.beta_uranium),
        Expected::new("beta_floor", mean.beta_floor, sd.beta_floor),
        Expected::new("sigma_y", mean.sigma_y, sd.sigma_y),
    ];
    expected.extend(Expected::of_tasks("alpha", &mean.alpha, &sd.alpha));
    expected
}

pub fn baseball() -> Job {
    let season = models::baseball::season().expect("the file is valid");
    let hits = kept(season.hits);
    job(move || Batting::new(hits, season.at_bats))
}

/// By quadrature.
pub fn expected_of_baseball() -> Vec<Expected> {
    let exact = models::baseball::season().expect("the file is valid").beta_binomial_exact;
    let mut expected = vec![Expected::new("phi", exact.phi_mean, exact.phi_sd)];
    expected.extend(Expected::of_tasks("theta", &exact.theta_mean, &exact.theta_sd));
    expected
}

/// A trial of the BCG vaccine: cases of tuberculosis and people without, vaccinated and not; absolute latitude in degrees.
struct VaccineTrial {
    vaccinated: [f64; 2],
    control: [f64; 2],
    latitude: f64,
}

const fn trial(vaccinated: [f64; 2], control: [f64; 2], latitude: f64) -> VaccineTrial {
    VaccineTrial { vaccinated, control, latitude }
}

/// Thirteen trials (Colditz et al. 1994; `dat.bcg` of R's metafor).
const VACCINE_TRIALS: [VaccineTrial; 13] = [
    trial([4.0, 119.0], [11.0, 128.0], 44.0),
    trial([6.0, 300.0], [29.0, 274.0], 55.0),
    trial([3.0, 228.0], [11.0, 209.0], 42.0),
    trial([62.0, 13_536.0], [248.0, 12_619.0], 52.0),
    trial([33.0, 5036.0], [47.0, 5761.0], 13.0),
    trial([180.0, 1361.0], [372.0, 1079.0], 44.0),
    trial([8.0, 2537.0], [10.0, 619.0], 19.0),
    trial([505.0, 87_886.0], [499.0, 87_892.0], 13.0),
    trial([29.0, 7470.0], [45.0, 7232.0], 27.0),
    trial([17.0, 1699.0], [65.0, 1600.0], 42.0),
    trial([186.0, 50_448.0], [141.0, 27_197.0], 18.0),
    trial([5.0, 2493.0], [3.0, 2338.0], 33.0),
    trial([27.0, 16_886.0], [29.0, 17_825.0], 33.0),
];

/// A study: an estimate with its standard error, and what may explain it.
pub struct Study {
    pub estimate: f64,
    pub std_error: f64,
    pub moderator: f64,
}

/// The log relative risk of a trial, with its large-sample error; the moderator is in ten degrees from 33.
fn study(trial: &VaccineTrial) -> Study {
    let [[a, b], [c, d]] = [trial.vaccinated, trial.control];
    Study {
        estimate: (a / (a + b) / (c / (c + d))).ln(),
        std_error: (a.recip() - (a + b).recip() + c.recip() - (c + d).recip()).sqrt(),
        moderator: (trial.latitude - 33.0) / 10.0,
    }
}

model! {
    /// Effects that differ by a moderator, and beyond it.
    pub MetaAnalysis(studies: &[Study]) {
        mu ~ Normal(0.0, 2.0);
        beta ~ Normal(0.0, 2.0);
        tau ~ HalfNormal(1.0);
        for study in studies {
            effect ~ Normal(mu + beta * study.moderator, tau);
            study.estimate ~ Normal(effect, study.std_error);
        }
    }
}

pub fn meta_analysis() -> Job {
    let studies = kept(VACCINE_TRIALS.iter().map(study).collect());
    job(|| MetaAnalysis::new(studies))
}

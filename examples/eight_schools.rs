#![allow(missing_docs, reason = "fields are called what they are")]
//! Eight parallel coaching experiments (Rubin 1981): effects of schools, partially pooled.
//!
//! cargo run --release --example eight_schools

use hierarch::prelude::*;
use serde::Deserialize;

/// One school's experiment: the estimated effect of coaching in points, and its standard error.
#[derive(Clone, Copy)]
pub struct School {
    pub effect: f64,
    pub std_error: f64,
}

/// The experiments.
pub const SCHOOLS: [School; 8] = [
    School { effect: 28.0, std_error: 15.0 },
    School { effect: 8.0, std_error: 10.0 },
    School { effect: -3.0, std_error: 16.0 },
    School { effect: 7.0, std_error: 11.0 },
    School { effect: -1.0, std_error: 9.0 },
    School { effect: 1.0, std_error: 11.0 },
    School { effect: 18.0, std_error: 10.0 },
    School { effect: 12.0, std_error: 18.0 },
];

model! {
    /// The schools' true effects are alike, but not equal.
    pub EightSchools(schools: &[School]) {
        /// Mean effect over schools.
        mu ~ Normal(0.0, 5.0);
        /// How much the schools differ.
        tau ~ HalfCauchy(5.0);
        for school in schools {
            /// The school's true effect.
            theta ~ Normal(mu, tau);
            school.effect ~ Normal(theta, school.std_error);
        }
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = EightSchools::new(&SCHOOLS).fit()?;
    print!("{fit}");
    let better = fit.marginal(|d| f64::from(d.local[0].theta > d.local[2].theta)).mean;
    println!("P(school 0 gains more than school 2) = {better:.2}");

    let exact = exact()?;
    assert!((fit.global().mu.mean - exact.mu_mean).abs() < 0.1 * exact.mu_sd);
    assert!((fit.global().tau.mean - exact.tau_mean).abs() < 0.1 * exact.tau_sd);
    assert!((fit.global().tau.sd / exact.tau_sd - 1.0).abs() < 0.1);
    Ok(())
}

/// Means and standard deviations of the posterior by quadrature.
#[derive(Deserialize)]
pub struct Exact {
    pub mu_mean: f64,
    pub mu_sd: f64,
    pub tau_mean: f64,
    pub tau_sd: f64,
    /// One a school.
    pub theta_mean: Vec<f64>,
    pub theta_sd: Vec<f64>,
}

/// What the posterior should be.
pub fn exact() -> Result<Exact, serde_json::Error> {
    #[derive(Deserialize)]
    struct File {
        reference: Exact,
    }
    serde_json::from_str(include_str!("data/eight_schools.json")).map(|file: File| file.reference)
}

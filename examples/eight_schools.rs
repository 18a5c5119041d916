//! Eight parallel coaching experiments (Rubin 1981): effects of schools, partially pooled.
//!
//! cargo run --release --example eight_schools

use hierarch::prelude::*;

/// One school's experiment: the estimated effect of coaching in points, and its standard error.
pub struct School {
    effect: f64,
    std_error: f64,
}

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
    let file: serde_json::Value = serde_json::from_str(include_str!("data/eight_schools.json"))?;
    let numbers = |name: &str| -> Vec<f64> {
        file[name].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect()
    };
    let schools: Vec<School> = numbers("effect")
        .into_iter()
        .zip(numbers("std_error"))
        .map(|(effect, std_error)| School { effect, std_error })
        .collect();

    let fit = EightSchools::new(&schools).fit()?;
    print!("{fit}");
    let better = fit.marginal(|d| f64::from(d.local[0].theta > d.local[2].theta)).mean;
    println!("P(school 0 gains more than school 2) = {better:.2}");

    // exact values, by quadrature
    let exact = &file["reference"];
    let number = |name: &str| exact[name].as_f64().unwrap_or(f64::NAN);
    assert!((fit.global().mu.mean - number("mu_mean")).abs() < 0.1 * number("mu_sd"));
    assert!((fit.global().tau.mean - number("tau_mean")).abs() < 0.1 * number("tau_sd"));
    assert!((fit.global().tau.sd / number("tau_sd") - 1.0).abs() < 0.1);
    Ok(())
}

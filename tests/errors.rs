//! Every way data and constants can be wrong, with the message a user sees: site, task, observation, value, file:line.

use hierarch::prelude::*;
use hierarch::{Error, Fittable};

/// A list of measurements.
pub(crate) struct Task {
    ys: Vec<f64>,
    scale: f64,
}

fn task(ys: &[f64], scale: f64) -> Task {
    Task { ys: ys.to_vec(), scale }
}

pub(crate) fn message<M: Fittable>(model: M) -> String {
    match model.fit() {
        Ok(_) => "no error".to_owned(),
        Err(error) => error.to_string(),
    }
}

/// The place at the end of a message, as `file:line`.
fn here(line: u32) -> String {
    format!("({}:{line})", file!())
}

const NORMAL: u32 = line!() + 1;
model! {
    Means(tasks: &[Task]) {
        mu ~ Normal(0.0, 1.0);
        for task in tasks {
            theta ~ Normal(mu, 1.0);
            for &y in &task.ys {
                y ~ Normal(theta, task.scale);
            }
        }
    }
}

#[test]
fn data_that_are_not_finite() {
    let with = |value: f64| message(Means::new(&[task(&[1.0], 1.0), task(&[0.0, 2.0, value], 1.0)]));
    let expected = |value: &str| {
        format!(
            "`y`, task 1, observation 2 {}: observed {value}, but under Normal it must be a finite number",
            here(NORMAL + 6)
        )
    };
    assert_eq!(with(f64::NAN), expected("NaN"));
    assert_eq!(with(f64::INFINITY), expected("inf"));
    assert_eq!(with(f64::NEG_INFINITY), expected("-inf"));
}

#[test]
fn an_invalid_standard_error() {
    let with = |scale: f64| message(Means::new(&[task(&[1.0], 1.0), task(&[0.5], scale)]));
    let expected = |value: &str, expected: &str| {
        format!("`y`, task 1, observation 0 {}: `scale` of Normal must be {expected}, but is {value}", here(NORMAL + 6))
    };
    assert_eq!(with(0.0), expected("0", "positive and finite"));
    assert_eq!(with(-2.0), expected("-2", "positive and finite"));
    assert_eq!(with(f64::NAN), expected("NaN", "positive and finite"));
    assert_eq!(with(f64::INFINITY), expected("inf", "positive and finite"));
}

#[test]
fn no_tasks() {
    let error = Means::new(&[]).fit().err().expect("there is nothing to fit");
    assert_eq!(error, Error::NoTasks);
    assert_eq!(error.to_string(), "no tasks: the list the plate runs over is empty");
}

const COUNTS: u32 = line!() + 1;
model! {
    Tally(counts: &[i64], p: f64, heads: &[bool]) {
        rate ~ Gamma(2.0, 1.0);
        for count in counts {
            count ~ Poisson(rate);
        }
        for head in heads {
            head ~ Bernoulli(p);
        }
    }
}

#[test]
fn a_negative_count() {
    let expected = format!(
        "`count`, observation 1 {}: observed -3, but under Poisson it must be a count: 0, 1, 2, ...",
        here(COUNTS + 4)
    );
    assert_eq!(message(Tally::new(&[2, -3, 4], 0.5, &[])), expected);
}

#[test]
fn a_probability_above_one() {
    let expected =
        format!("`head`, observation 0 {}: `p` of Bernoulli must be from 0 to 1, but is 1.2", here(COUNTS + 7));
    assert_eq!(message(Tally::new(&[2], 1.2, &[true])), expected);
    let expected = expected.replace("1.2", "NaN");
    assert_eq!(message(Tally::new(&[2], f64::NAN, &[true])), expected);
}

const TRIALS: u32 = line!() + 1;
model! {
    Trials(successes: &[f64], n: u32) {
        p ~ Beta(1.0, 1.0);
        for success in successes {
            success ~ Binomial(n, p);
        }
    }
}

#[test]
fn more_successes_than_trials() {
    let with = |value: f64| message(Trials::new(&[3.0, value], 10));
    let expected = |value: &str| {
        format!(
            "`success`, task 1, observation 0 {}: observed {value}, but under Binomial it must be a count from 0 to 10",
            here(TRIALS + 4)
        )
    };
    assert_eq!(with(11.0), expected("11"));
    assert_eq!(with(2.5), expected("2.5"));
    assert_eq!(with(f64::NAN), expected("NaN"));
}

const PAIRS: u32 = line!() + 1;
model! {
    Pairs(pairs: &[Vec<f64>], scale: f64) {
        mean[_ in 0..2] ~ Normal(0.0, scale);
        for pair in pairs {
            shift ~ Normal(0.0, 1.0);
            pair ~ MultivariateNormal(mean.iter().map(|m| *m + shift).collect::<Vec<_>>(), Diagonal([1.0, 2.0]));
        }
    }
}

#[test]
fn a_vector_of_another_length() {
    let expected = format!(
        "`pair`, task 1, observation 0 {}: observed a vector of length 3, but MultivariateNormal has length 2",
        here(PAIRS + 5)
    );
    assert_eq!(message(Pairs::new(&[vec![1.0, 2.0], vec![1.0, 2.0, 3.0]], 1.0)), expected);
}

#[test]
fn a_vector_with_an_entry_that_is_not_finite() {
    let expected = format!(
        "`pair`, task 0, observation 0 {}: observed NaN, but under MultivariateNormal it must be 2 finite numbers",
        here(PAIRS + 5)
    );
    assert_eq!(message(Pairs::new(&[vec![1.0, f64::NAN]], 1.0)), expected);
}

#[test]
fn an_invalid_constant_of_a_latent() {
    let with = |scale: f64| message(Pairs::new(&[vec![1.0, 2.0]], scale));
    let expected = |value: &str| {
        format!("`mean` {}: `scale` of Normal must be positive and finite, but is {value}", here(PAIRS + 2))
    };
    assert_eq!(with(-1.0), expected("-1"));
    assert_eq!(with(f64::NAN), expected("NaN"));
    assert_eq!(with(f64::INFINITY), expected("inf"));
}

const NOWHERE: u32 = line!() + 1;
model! {
    Nowhere(tasks: &[f64], cost: f64) {
        mu ~ Normal(0.0, 1.0);
        for y in tasks {
            theta ~ Normal(mu, 1.0);
            factor((cost * (1.0 + theta.square())).ln());
            y ~ Normal(theta, 1.0);
        }
    }
}

#[test]
fn a_density_that_is_finite_nowhere() {
    let expected = format!(
        "`factor`, task 0, observation 0 {}: the log density is NaN at the starting point (and at 20 random ones around it); \
         are all data possible, and priors no wider than numbers are?",
        here(NOWHERE + 5)
    );
    assert_eq!(message(Nowhere::new(&[1.0, 2.0], -1.0)), expected);
}

#[test]
fn a_factor_of_what_is_not_finite() {
    for value in [f64::NAN, f64::INFINITY] {
        let expected = format!(
            "`factor`, task 0, observation 0 {}: {value} enters here from the data or a constant (a covariate, or a `dot` of \
             lists of different lengths?), which must be finite",
            here(NOWHERE + 5)
        );
        assert_eq!(message(Nowhere::new(&[1.0, 2.0], value)), expected);
    }
}

const AT_START: u32 = line!() + 1;
model! {
    Always(ys: &[f64]) {
        scale ~ HalfNormal(1.0);
        for y in ys {
            y ~ Normal(0.0, -1.0 * scale);
        }
    }
}

#[test]
fn a_parameter_that_no_latent_makes_valid() {
    let expected = format!(
        "`y`, task 0, observation 0 {}: `scale` of Normal must be positive and finite, but is -1, at the starting point",
        here(AT_START + 4)
    );
    assert_eq!(message(Always::new(&[1.0])), expected);
}

model! {
    Nothing(ys: &[f64]) {
        for y in ys {
            y ~ Normal(0.0, 1.0);
        }
    }
}

#[test]
fn no_latents() {
    assert_eq!(message(Nothing::new(&[1.0])), "no latents: there is nothing to infer");
}

model! {
    AllMissing(tasks: &[Vec<Option<f64>>]) {
        mu ~ Normal(2.0, 3.0);
        for ys in tasks {
            theta ~ Normal(mu, 1.5);
            for y in ys {
                y ~ Normal(theta, 1.0);
            }
        }
    }
}

#[test]
fn where_all_data_are_missing_the_posterior_is_the_prior() {
    let tasks = [vec![None, None], vec![None]];
    let fit = AllMissing::new(&tasks).fit().expect("missing data are legal");
    let (mu, theta) = (fit.global().mu, fit.local(1).theta);
    assert!((mu.mean - 2.0).abs() < 0.2 && (mu.sd / 3.0 - 1.0).abs() < 0.05, "{mu}");
    let sd = 3.0_f64.hypot(1.5);
    assert!((theta.mean - 2.0).abs() < 0.3 && (theta.sd / sd - 1.0).abs() < 0.06, "{theta}");
    assert!(fit.elbo().reconstruction.iter().all(|r| *r == 0.0), "{:?}", fit.elbo());
}

#[test]
fn a_task_without_observations_has_its_prior_given_theta() {
    let tasks = [task(&[1.0, 3.0], 1.0), task(&[], 1.0), task(&[0.0], 0.5)];
    let fit = Means::new(&tasks).fit().expect("a task without observations is legal");
    assert!(fit.verdict().is_converged());
    let (mu, theta) = (fit.global().mu, fit.local(1).theta);
    assert!((theta.mean - mu.mean).abs() < 0.1, "{theta} but {mu}");
    assert!((theta.sd / mu.sd.hypot(1.0) - 1.0).abs() < 0.05, "{theta} but {mu}");
}

#[test]
fn a_new_task_is_checked_too() {
    let tasks = [task(&[1.0, 3.0], 1.0), task(&[0.0], 0.5)];
    let mut fit = Means::new(&tasks).fit().expect("the data are valid");
    let expected =
        format!("`y`, observation 1 {}: observed NaN, but under Normal it must be a finite number", here(NORMAL + 6));
    let wrong = task(&[0.0, f64::NAN], 1.0);
    assert_eq!(fit.adapt(&wrong).err().map(|e| e.to_string()), Some(expected.clone()));
    assert_eq!(fit.absorb(&wrong).err().map(|e| e.to_string()), Some(expected));
}

#[test]
fn a_query_is_checked_too() {
    let tasks = [task(&[1.0, 3.0], 1.0), task(&[0.0], 0.5)];
    let fit = Means::new(&tasks).fit().expect("the data are valid");
    let adapted = fit.adapt(&task(&[1.0], 1.0)).expect("the data are valid");
    let scale =
        format!("`y`, observation 0 {}: `scale` of Normal must be positive and finite, but is -1", here(NORMAL + 6));
    let wrong = task(&[0.0], -1.0);
    assert_eq!(fit.predict_new(&wrong).err().map(|e| e.to_string()), Some(scale.clone()));
    assert_eq!(adapted.replicate(&wrong).err().map(|e| e.to_string()), Some(scale.clone()));
    assert_eq!(adapted.ln_predictive(&wrong).err().map(|e| e.to_string()), Some(scale));
    let datum =
        format!("`y`, observation 1 {}: observed NaN, but under Normal it must be a finite number", here(NORMAL + 6));
    let wrong = task(&[0.0, f64::NAN], 1.0);
    assert_eq!(adapted.ln_predictive(&wrong).err().map(|e| e.to_string()), Some(datum));
    // what is to be drawn need not be valid, nor there
    assert_eq!(fit.predict_new(&wrong).map(|drawn| drawn.len()), Ok(2));
    assert_eq!(adapted.replicate(&wrong).map(|drawn| drawn.len()), Ok(2));
    assert_eq!(adapted.predict(&wrong).map(|drawn| drawn.len()), Ok(0));
}

const BLENDS: u32 = line!() + 1;
model! {
    Blends(tasks: &[Vec<f64>]) {
        mu ~ Normal(0.0, 1.0);
        for scales in tasks {
            u ~ Mixture(vec![0.5; scales.len()], scales.iter().map(|s| Normal(mu, *s)).collect::<Vec<_>>());
            for y in scales {
                y ~ Mixture(vec![0.5; scales.len()], scales.iter().map(|s| Normal(u, *s)).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn a_mixture_of_nothing() {
    let expected =
        format!("`u`, task 1 {}: `weights` of Mixture must be numbers whose sum is 1, but is 0", here(BLENDS + 4));
    assert_eq!(message(Blends::new(&[vec![1.0, 2.0], vec![]])), expected);
}

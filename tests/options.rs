//! Options that nothing could follow are refused before anything runs, by their names and values.

use hierarch::prelude::*;
use hierarch::{AdamOptions, AdaptOptions, EncoderFit, GradientFit, GradientOptions, Mlp, Optimiser, Options};

/// A list of measurements.
pub(crate) struct Task {
    ys: Vec<f64>,
    scale: f64,
}

fn task(ys: &[f64], scale: f64) -> Task {
    Task { ys: ys.to_vec(), scale }
}

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

/// What every way to fit says of these options: the same.
fn refusal(options: &Options) -> String {
    let tasks = [task(&[1.0], 1.0), task(&[0.0, 2.0], 1.0)];
    let model = Means::new(&tasks);
    let encoder = Mlp::new(1, &[], 1, |task: &Task| vec![task.scale]);
    let gradient = GradientOptions { options: options.clone(), ..GradientOptions::default() };
    let said = [
        Means::new(&tasks).fit_with(options).err(),
        EncoderFit::train(&model, encoder, options).err(),
        GradientFit::train(&model, &model, &gradient).err(),
    ]
    .map(|error| error.expect("it is not allowed").to_string());
    assert!(said[1..].iter().all(|other| *other == said[0]), "{said:?}");
    let [said, ..] = said;
    said
}

#[test]
fn options_that_no_fit_could_follow() {
    let with = |change: &dyn Fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        refusal(&options)
    };
    let many = with(&|options| options.threads = Some(1_000_000));
    assert_eq!(many, "`Options::threads` must be a whole number from 1 to 1024, but is 1000000");
    assert!(with(&|options| options.tolerance = f64::NAN).starts_with("`Options::tolerance` must be above 0"));
    assert!(with(&|options| options.posterior_draws = 0).starts_with("`Options::posterior_draws` must be a whole"));
    let still = Optimiser::Adam(AdamOptions { step: f64::NAN, ..AdamOptions::default() });
    assert!(with(&|options| options.optimiser = still.clone()).starts_with("`AdamOptions::step` must be above 0"));
    // nothing runs before: not even the data are looked at
    let options = Options { draws: 0, ..Options::default() };
    let unsound = [task(&[f64::NAN], 1.0)];
    let error = Means::new(&unsound).fit_with(&options).err().map(|e| e.to_string());
    assert_eq!(error.as_deref(), Some("`Options::draws` must be a whole number from 1 to 100000, but is 0"));
    let tasks = [task(&[1.0], 1.0)];
    let fit = Means::new(&tasks).fit().expect("valid");
    let options = AdaptOptions { local_draws: 0, ..AdaptOptions::default() };
    let error = fit.adapt_with(&task(&[1.0], 1.0), &options).err().map(|e| e.to_string());
    assert!(error.is_some_and(|e| e.starts_with("`AdaptOptions::local_draws` must be a whole number from 1")));
}

#[test]
fn as_many_threads_as_are_allowed_end_soon() {
    let started = std::time::Instant::now();
    let options = Options { threads: Some(1024), ..Options::default() };
    let tasks = [task(&[1.0], 1.0)];
    let many = Means::new(&tasks).fit_with(&options).expect("valid");
    assert!(started.elapsed().as_secs_f64() < 5.0, "{:?}", started.elapsed());
    let usual = Means::new(&tasks).fit().expect("valid");
    assert_eq!(many.global().mu.mean.to_bits(), usual.global().mu.mean.to_bits());
}

#[test]
fn gradient_steps_that_none_could_take() {
    let tasks = [task(&[1.0], 1.0)];
    let model = Means::new(&tasks);
    let with = |options: GradientOptions| {
        GradientFit::train(&model, &model, &options).err().expect("it is not allowed").to_string()
    };
    let rate = |rate: f64| with(GradientOptions { rate: Some(rate), ..GradientOptions::default() });
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let expected = format!("`GradientOptions::rate` must be above 0 and at most 1000000, but is {wrong}");
        assert_eq!(rate(wrong), expected);
    }
    let draws = with(GradientOptions { draws: 0, ..GradientOptions::default() });
    assert_eq!(draws, "`GradientOptions::draws` must be a whole number from 1 to 100000, but is 0");
    let steps = with(GradientOptions { steps: usize::MAX, ..GradientOptions::default() });
    assert!(steps.starts_with("`GradientOptions::steps` must be a whole number from 0 to 100000"), "{steps}");
}

#[test]
fn encoders_that_do_not_fit_their_tasks() {
    let tasks = [task(&[1.0], 1.0), task(&[0.0, 2.0], 2.0)];
    let model = Means::new(&tasks);
    let features = |task: &Task| vec![task.scale, task.ys[0]];
    let with = |declared: usize, hidden: &[usize], latents: usize| {
        let encoder = Mlp::new(declared, hidden, latents, features);
        EncoderFit::train(&model, encoder, &Options::default()).err().expect("it does not fit").to_string()
    };
    let here = "task 0, must be";
    assert_eq!(with(3, &[], 1), format!("`Mlp: num_features`, {here} 2, as many as `features` gives, but is 3"));
    for latents in [0, 2, usize::MAX / 2] {
        let expected =
            format!("`Mlp: num_latents`, {here} 1, the unconstrained coordinates of a task, but is {latents}");
        assert_eq!(with(2, &[4], latents), expected);
    }
    let expected = |units: usize| format!("`Mlp: hidden[1]`, {here} a whole number from 1 to 100000, but is {units}");
    assert_eq!((with(2, &[3, 0], 1), with(2, &[3, usize::MAX], 1)), (expected(0), expected(usize::MAX)));
}

#[test]
fn features_that_are_not_finite() {
    let tasks = [task(&[1.0], 1.0), task(&[0.0, 2.0], 2.0)];
    let model = Means::new(&tasks);
    let options = Options { max_iterations: Some(10), ..Options::default() };
    let encoder = |of: f64| Mlp::new(1, &[2], 1, move |task: &Task| vec![of / (task.scale - 2.0)]);
    let error = EncoderFit::train(&model, encoder(1.0), &options).err().map(|e| e.to_string());
    assert_eq!(error.as_deref(), Some("`Mlp: features[0]`, task 1, must be finite, but is inf"));
    let encoder = Mlp::new(1, &[2], 1, |task: &Task| vec![task.ys.iter().sum::<f64>() / task.ys.len() as f64]);
    let fit = EncoderFit::train(&model, encoder, &options).expect("valid");
    let error = fit.adapt(&task(&[], 1.0)).err().map(|e| e.to_string());
    assert_eq!(error.as_deref(), Some("`Mlp: features[0]` must be finite, but is NaN"));
}

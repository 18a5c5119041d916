//! All that a user can do with a model, its data and a fit; and what is wrong with what comes of it.

use crate::data::{Group, Set};
use crate::finite::{of_adapted, of_fit, of_predictions, of_summary};
use crate::options::{adapt_options, gradient_options, options};
use hierarch::model::Model;
use hierarch::{Adapted, By, Correction, EncoderFit, Error, Fit, Fittable, GradientFit, Joint, Mlp, Options};
use rand::RngExt;
use std::fmt;

/// How often what came of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    refused: u64,
    reliable: u64,
    not_vouched_for: u64,
    adapted: u64,
    amortised: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.refused += other.refused;
        self.reliable += other.reliable;
        self.not_vouched_for += other.not_vouched_for;
        self.adapted += other.adapted;
        self.amortised += other.amortised;
    }

    /// Whether something of everything came of so many sets.
    pub(crate) fn is_mixed(&self, sets: u64) -> bool {
        [self.refused, self.reliable, self.not_vouched_for, self.adapted, self.amortised]
            .iter()
            .all(|n| 100 * n >= sets)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { refused, reliable, not_vouched_for, adapted, amortised } = self;
        write!(f, "{refused} refused, {reliable} converged and reliable, {not_vouched_for} not vouched for, ")?;
        write!(f, "{adapted} adapted to, {amortised} amortised")
    }
}

/// What came of a set, and what is wrong with it.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) counts: Tally,
    pub(crate) complaints: Vec<String>,
}

impl Found {
    /// The value, if it is no error; an error has to say where it comes from.
    fn taken<T>(&mut self, result: Result<T, Error>) -> Option<T> {
        result.map_err(|error| self.complaints.extend(nameless(&error))).ok()
    }
}

/// An error that names neither a site, nor an option, nor a task; nor says that there are none.
fn nameless(error: &Error) -> Option<String> {
    let said = error.to_string();
    let has_place = match error {
        Error::NoTasks | Error::NoLatents => true,
        Error::Unusable(_) => said.contains("task") || said.contains('`'),
        _ => said.starts_with('`'),
    };
    (!has_place).then(|| format!("an error without a place: {said}"))
}

/// A model without a plate.
pub(crate) fn without_tasks<M: Fittable>(set: &Set, make: impl Fn() -> M) -> Found {
    let (mut found, mut set_rng) = (Found::default(), set.rng.clone());
    let options = options(&mut set_rng);
    joint(&mut found, set, &make());
    if let Some(fit) = fitted(&mut found, make().fit_with(&options)) {
        summaries(&mut found, set, &fit);
        assessed(&mut found, set, &fit);
    }
    found
}

/// A model with a plate.
pub(crate) fn with_tasks<M: Fittable + Model<Task = Group>>(set: &Set, make: impl Fn() -> M) -> Found {
    let (mut found, mut rng) = (Found::default(), set.rng.clone());
    joint(&mut found, set, &make());
    if let Some(mut fit) = fitted(&mut found, make().fit_with(&options(&mut rng))) {
        summaries(&mut found, set, &fit);
        assessed(&mut found, set, &fit);
        tasks(&mut found, set, &mut fit);
    }
    if rng.random_bool(0.2) {
        amortised(&mut found, set, &make());
    }
    found
}

fn fitted<M: Model>(found: &mut Found, result: Result<Fit<M>, Error>) -> Option<Fit<M>> {
    let fit = found.taken(result);
    match &fit {
        None => found.counts.refused += 1,
        Some(fit) if is_vouched_for(fit) => {
            found.counts.reliable += 1;
            found.complaints.extend(of_fit(fit));
        }
        Some(_) => found.counts.not_vouched_for += 1,
    }
    fit
}

fn is_vouched_for<M: Model>(fit: &Fit<M>) -> bool {
    fit.trust().is_reliable && fit.verdict().is_converged()
}

/// Density and gradient at points near and far.
fn joint<M: Model>(found: &mut Found, set: &Set, model: &M) {
    let Some(joint) = found.taken(Joint::new(model)) else { return };
    let (mut rng, n) = (set.rng.clone(), joint.num_coordinates());
    let mut gradient = vec![0.0; n];
    for size in [0.1, 3.0, 50.0, 710.0, 1e5, 1e300] {
        let u: Vec<f64> = (0..n).map(|_| size * rng.random_range(-1.0..1.0)).collect();
        let value = joint.gradient(&u, &mut gradient);
        if value.is_nan() || value == f64::INFINITY || !gradient.iter().all(|g| g.is_finite()) {
            found.complaints.push(format!("density {value} with gradient {gradient:?} at {u:?}"));
        }
    }
}

/// Everything that a fit says of its own tasks.
fn summaries<M: Model>(found: &mut Found, set: &Set, fit: &Fit<M>) {
    let mut rng = set.rng.clone();
    let printed = fit.to_string();
    if printed.is_empty() {
        found.complaints.push("a report of nothing".to_owned());
    }
    drop(fit.draws(3, &mut rng));
    drop(fit.explain());
    let size = 1e300;
    let huge = fit.marginal(|draw| size * f64::from(u8::from(draw.local.len() % 2 == 0)));
    found.complaints.extend(of_summary("a marginal of finite numbers", &huge));
    let covariance = fit.covariance(|draw| draw.local.len() as f64, |_| 1.0);
    if covariance.abs() > 1e-12 {
        found.complaints.push(format!("the covariance of constants is {covariance}"));
    }
    for correction in [Correction::MeanField, Correction::LinearResponse] {
        let other = fit.uncorrected(correction);
        drop(other.global());
        (0..fit.model().num_tasks().min(2)).for_each(|i| drop(other.local(i)));
    }
}

/// What the prior draws, and how well the fit predicts its own data.
fn assessed<M: Model>(found: &mut Found, set: &Set, fit: &Fit<M>) {
    let is_sound = is_vouched_for(fit);
    if let Some(drawn) = found.taken(fit.model().simulate(&mut set.rng.clone()))
        && drawn.data.values().iter().any(|y| y.is_nan())
    {
        found.complaints.push("data of NaN".to_owned());
    }
    for estimate in [fit.loo(By::Task), fit.loo(By::Observation), fit.waic(By::Observation)] {
        let Some(estimate) = found.taken(estimate) else { continue };
        drop(estimate.to_string());
        if is_sound && (estimate.elpd.is_nan() || estimate.mc_error.is_nan()) {
            found.complaints.push(format!("an expected log density of {} +- {}", estimate.elpd, estimate.mc_error));
        }
    }
    if let Some(check) = found.taken(fit.check(|data| data.values().len() as f64)) {
        let is_all = check.replicated.iter().all(|count| count.to_bits() == check.observed.to_bits());
        found.complaints.extend((!is_all).then(|| format!("not as many data as there are: {check}")));
    }
}

/// Everything that a fit says of other tasks.
fn tasks<M: Model<Task = Group>>(found: &mut Found, set: &Set, fit: &mut Fit<M>) {
    let mut rng = set.rng.clone();
    let is_sound = is_vouched_for(fit);
    let options = adapt_options(&mut rng);
    if let Some(adapted) = found.taken(fit.adapt_with(&set.new, &options)) {
        found.counts.adapted += 1;
        look_at(found, &adapted, &set.new);
    }
    for predictions in [fit.predict(0), fit.replicate(0), fit.predict_new(&set.new)] {
        let predictions = found.taken(predictions);
        found.complaints.extend(predictions.filter(|_| is_sound).and_then(|all| of_predictions(&all)));
    }
    if let Some(unseen) = found.taken(fit.unseen(&set.new)) {
        look_at(found, &unseen, &set.new);
    }
    for task in [&set.new, &set.new, &set.groups[0]] {
        found.taken(fit.absorb(task));
    }
    if is_vouched_for(fit) {
        found.complaints.extend(of_fit(fit));
    }
    drop(fit.to_string());
}

/// Everything that a task's posterior says.
fn look_at<M: Model<Task = Group>>(found: &mut Found, adapted: &Adapted<'_, M>, query: &Group) {
    let is_sound = adapted.trust().is_reliable;
    found.complaints.extend(of_adapted(adapted).filter(|_| is_sound));
    drop(adapted.to_string());
    for predictions in [adapted.predict(query), adapted.replicate(query)] {
        let predictions = found.taken(predictions);
        found.complaints.extend(predictions.filter(|_| is_sound).and_then(|all| of_predictions(&all)));
    }
    if let Some(ln_predictive) = found.taken(adapted.ln_predictive(query))
        && ln_predictive.is_nan()
    {
        found.complaints.push("a log predictive density of NaN".to_owned());
    }
}

/// Local posteriors from a network and from gradient steps.
fn amortised<M: Model<Task = Group>>(found: &mut Found, set: &Set, model: &M) {
    let mut rng = set.rng.clone();
    let few = Options { max_iterations: Some(2), posterior_draws: 8, ..options(&mut rng) };
    let features = |group: &Group| vec![group.points.iter().map(|p| p.y).sum::<f64>(), group.points.len() as f64];
    let latents = rng.random_range(1..3);
    let encoder = Mlp::new(2, &[2], latents, features);
    if let Some(fit) = found.taken(EncoderFit::train(model, encoder, &few)) {
        found.counts.amortised += 1;
        drop((fit.global(), fit.to_string()));
        if let Some(adapted) = found.taken(fit.adapt(&set.new)) {
            look_at(found, &adapted, &set.new);
        }
    }
    if let Some(fit) = found.taken(GradientFit::train(model, model, &gradient_options(&mut rng))) {
        found.counts.amortised += 1;
        drop((fit.global(), fit.rates(), fit.to_string()));
        if let Some(adapted) = found.taken(fit.adapt(&set.new)) {
            look_at(found, &adapted, &set.new);
        }
    }
}

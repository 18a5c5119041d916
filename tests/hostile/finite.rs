//! Whether numbers are finite that are not called doubtful.

use hierarch::model::{Latents, Model};
use hierarch::{Adapted, Fit, Prediction, Summary};

/// What is not finite of a struct of summaries, with `name`.
fn of_level<L: Latents>(name: &str, summaries: &L::Of<Summary>) -> Option<String> {
    let mut wrong = None;
    L::map(summaries, &mut Default::default(), |summary: &Summary| {
        wrong = wrong.take().or_else(|| of_summary(name, summary));
    });
    wrong
}

/// What is not finite of a summary.
pub(crate) fn of_summary(name: &str, summary: &Summary) -> Option<String> {
    let Summary { mean, sd, q05, q50, q95, mc_error, sd_mc_error } = *summary;
    let is_finite = [mean, sd, q05, q50, q95, mc_error, sd_mc_error].iter().all(|x| x.is_finite());
    (!is_finite || sd < 0.0 || q05 > q95).then(|| format!("{name} is {summary:?}"))
}

/// What is not finite of a fit that its report vouches for.
pub(crate) fn of_fit<M: Model>(fit: &Fit<M>) -> Vec<String> {
    let mut wrong: Vec<String> = of_level::<M::Global>("a global", &fit.global()).into_iter().collect();
    wrong.extend((0..fit.model().num_tasks()).filter_map(|i| of_level::<M::Local>("a local", &fit.local(i))));
    wrong.extend((!fit.elbo().total().is_finite()).then(|| format!("the ELBO is {}", fit.elbo().total())));
    if let Some(evidence) = fit.evidence() {
        let is_number = !evidence.ln_evidence.is_nan() && !evidence.effective_sample_size.is_nan();
        wrong.extend((!is_number).then(|| format!("the evidence is {evidence:?}")));
    }
    wrong
}

/// What is not finite of a task's posterior that its report vouches for.
pub(crate) fn of_adapted<M: Model>(adapted: &Adapted<'_, M>) -> Option<String> {
    of_level::<M::Local>("an adapted local", &adapted.local())
}

/// What is not finite of predictions.
pub(crate) fn of_predictions(predictions: &[Prediction]) -> Option<String> {
    predictions
        .iter()
        .find_map(|prediction| of_summary(&format!("{}, predicted,", prediction.place), &prediction.summary))
}

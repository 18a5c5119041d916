//! What the data sets of a row say together.

use crate::trial::{CLASSES, Estimate, Fitted, LEVELS, Trial};

/// Classes that count for what is said of all: correlations, which some sets do not have, are apart.
const OF_ALL: [usize; 3] = [0, 1, 3];

/// Standard errors that the coverage of a right program is off by in one of some hundred runs, were its seeds not fixed.
const FAR: f64 = 3.0;
/// Nats that a row left out may cost more than the truth has it cost.
const DEAR: f64 = 0.5;

/// The numbers of a row.
pub(crate) struct Score {
    pub(crate) sets: usize,
    /// RMSE of posterior means over the standard deviation of the truth, of each class; not finite where there are not two.
    pub(crate) errors: [f64; CLASSES.len()],
    /// Pearson's correlation of means and truth.
    pub(crate) correlations: [f64; CLASSES.len()],
    /// Coverage less the level, of each of [`LEVELS`], and its standard error over sets.
    pub(crate) coverage: [(f64, f64); LEVELS.len()],
    /// - ln p of a row left out, as the fit predicts it and as the truth does.
    pub(crate) log_loss: [f64; 2],
    pub(crate) median_seconds: f64,
    pub(crate) mean_seconds: f64,
    pub(crate) reliable: usize,
    pub(crate) doubtful: usize,
    pub(crate) not_converged: usize,
    pub(crate) refused: usize,
}

impl Score {
    pub(crate) fn of(trials: &[Trial]) -> Self {
        let fits: Vec<&Fitted> = trials.iter().filter_map(|trial| trial.answer.as_ref().ok()).collect();
        let count = |is: &dyn Fn(&Fitted) -> bool| fits.iter().filter(|fit| is(fit)).count();
        let of_class = |class: usize| fits.iter().flat_map(|fit| &fit.estimates[class]).collect::<Vec<_>>();
        let classes: [Vec<&Estimate>; CLASSES.len()] = std::array::from_fn(of_class);
        let mut seconds: Vec<f64> = fits.iter().map(|fit| fit.seconds).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        Self {
            sets: trials.len(),
            errors: std::array::from_fn(|class| relative_error(&classes[class])),
            correlations: std::array::from_fn(|class| correlation(&classes[class])),
            coverage: std::array::from_fn(|level| coverage_off(&fits, level)),
            log_loss: [0, 1].map(|by| mean(&fits.iter().map(|fit| fit.log_loss[by]).collect::<Vec<_>>())),
            median_seconds: seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN),
            mean_seconds: mean(&seconds),
            reliable: count(&|fit| fit.trust.is_reliable),
            doubtful: count(&|fit| fit.trust.is_doubtful),
            not_converged: count(&|fit| !fit.has_converged),
            refused: trials.len() - fits.len(),
        }
    }

    pub(crate) fn error_of_all(&self) -> f64 {
        mean(&OF_ALL.map(|class| self.errors[class]))
    }

    pub(crate) fn correlation_of_all(&self) -> f64 {
        mean(&OF_ALL.map(|class| self.correlations[class]))
    }

    /// What no right program's row says but by a rare chance.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut expect = |is_right: bool, complaint: String| complaints.extend((!is_right).then_some(complaint));
        expect(self.refused == 0, format!("{} data sets have no fit", self.refused));
        expect(2 * self.reliable > self.sets, format!("only {} of {} fits are reliable", self.reliable, self.sets));
        for class in OF_ALL {
            let (name, error) = (CLASSES[class], self.errors[class]);
            expect(error < 1.0, format!("{name} are {error:.2} standard deviations of the truth off"));
        }
        for (level, (off, error)) in LEVELS.iter().zip(self.coverage) {
            // no less than if each class of a set were one latent: a few sets may all have the same coverage
            let least = (level * (1.0 - level) / (OF_ALL.len() * self.sets) as f64).sqrt();
            expect(off.abs() < FAR * error.max(least), format!("coverage of {level} is {off:+.3} off"));
        }
        let [loss, of_truth] = self.log_loss;
        expect(loss < of_truth + DEAR, format!("rows left out cost {loss:.2} nats, {of_truth:.2} given the truth"));
        complaints
    }
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// Mean of (a - its mean) (b - its mean).
fn covariance(pairs: &[(f64, f64)]) -> f64 {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let centres = (mean(&a), mean(&b));
    pairs.iter().map(|(a, b)| (a - centres.0) * (b - centres.1)).sum::<f64>() / pairs.len() as f64
}

fn relative_error(estimates: &[&Estimate]) -> f64 {
    let squared: Vec<f64> = estimates.iter().map(|of| (of.mean - of.truth).powi(2)).collect();
    let truths: Vec<(f64, f64)> = estimates.iter().map(|of| (of.truth, of.truth)).collect();
    (mean(&squared) / covariance(&truths)).sqrt()
}

fn correlation(estimates: &[&Estimate]) -> f64 {
    let by = |f: fn(&Estimate) -> (f64, f64)| covariance(&estimates.iter().map(|of| f(of)).collect::<Vec<_>>());
    by(|of| (of.mean, of.truth)) / (by(|of| (of.mean, of.mean)) * by(|of| (of.truth, of.truth))).sqrt()
}

/// Each class of a set counts as much as any other, and each set as well: latents of one set are not independent, sets are.
fn coverage_off(fits: &[&Fitted], level: usize) -> (f64, f64) {
    let share = |estimates: &Vec<Estimate>| {
        mean(&estimates.iter().map(|of| f64::from(u8::from(of.is_held[level]))).collect::<Vec<_>>())
    };
    let of_set = |fit: &&Fitted| mean(&OF_ALL.map(|class| share(&fit.estimates[class])));
    let shares: Vec<f64> = fits.iter().map(of_set).collect();
    let squares: Vec<(f64, f64)> = shares.iter().map(|&share| (share, share)).collect();
    (mean(&shares) - LEVELS[level], (covariance(&squares) / (shares.len() as f64 - 1.0)).sqrt())
}

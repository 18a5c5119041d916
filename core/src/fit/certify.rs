//! Asking a second method about a fit.

use crate::correct::certify::certified;
use crate::correct::effort::Effort;
use crate::correct::precision::Drawn;
use crate::correct::reweighting::Basis;
use crate::density::program::Program;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::fit::Fit;
use crate::fit::certificate::Certificate;
use crate::fit::imprecise::Naming;
use crate::fit::solution::Solution;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::choose::modes_at_mean;
use crate::options::{CertifyOptions, GlobalFactor};
use crate::posterior::draws::WeightedDraws;
use crate::progress::Progress;

impl<M: Model> Fit<M> {
    /// What a second method said of the globals as they were corrected: chains that look at a fifth as many thetas as there
    /// are draws, or more where they mix slowly. `None` where there was no importance correction, or no time, and by default of
    /// more than 500 tasks: see [`certify`](Self::certify).
    pub fn certificate(&self) -> Option<&Certificate> {
        self.solution.certificate.as_ref()
    }

    /// What a second method says of the globals, with chains as long as `options` say: of any fit, however it was corrected.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// use hierarch::CertifyOptions;
    /// # model! {
    /// #     Coins(heads: &[(u32, u32)]) {
    /// #         spread ~ HalfNormal(1.0);
    /// #         for &(heads, tosses) in heads {
    /// #             log_odds ~ Normal(0.0, spread);
    /// #             heads ~ BinomialLogit(tosses, log_odds);
    /// #         }
    /// #     }
    /// # }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
    /// let certificate = fit.certify(&CertifyOptions::default())?;
    /// assert!(certificate.agrees(), "{certificate}");
    /// # Ok::<(), hierarch::Error>(())
    /// ```
    ///
    /// # Errors
    /// Options that are not what they may be; a fit whose theta is a point or that has no globals, or that has absorbed tasks since,
    /// of which chains would know nothing; a density that is nowhere finite.
    pub fn certify(&self, options: &CertifyOptions) -> Result<Certificate, Error> {
        options.check()?;
        certify(&Subset::all(&self.model), &self.solution, options)
    }
}

/// What chains say of what was found.
fn certify(program: &dyn Program, solution: &Solution, options: &CertifyOptions) -> Result<Certificate, Error> {
    let unusable = |why: &str| Err(Error::Unusable(format!("this fit cannot be certified: {why}")));
    let Solution { climbed, gaussian, shape, draws, .. } = solution;
    if climbed.guide.is_point() || climbed.guide.global.is_empty() {
        return unusable("its theta has no distribution; fit with `GlobalFactor::MeanField`, and with globals");
    }
    if solution.absorbed > 0 {
        return unusable("it has absorbed tasks that are not among its data; fit all of them at once");
    }
    let jacobian = solution.options.global == GlobalFactor::MeanField;
    let density = Density::new(program.all(), shape, Writing { jacobian, ..Writing::CENTRED });
    let modes = modes_at_mean(program, climbed);
    let basis = Basis { guide: &climbed.guide, gaussian, modes_at_mean: &modes, other_modes: &[] };
    let progress = Progress::new(&solution.options);
    progress.stage("certificate", options.thetas);
    let WeightedDraws { theta, globals, weights, dependence, .. } = draws;
    let answer = Drawn { theta, globals: *globals, phi: Vec::new(), weights, dependence: dependence.clone() };
    let Some(compared) = certified(&density, &basis, Effort::of_certificate(options), &progress, &answer) else {
        return unusable("no chain found a finite density");
    };
    Ok(Certificate::of(&compared, None, &Naming { program, globals: &shape.global }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    model! {
        Groups(groups: &[Vec<u32>]) {
            mean ~ Normal(0.0, 2.0);
            spread ~ HalfNormal(1.0);
            for counts in groups {
                rate ~ Normal(mean, spread);
                for &count in counts {
                    count ~ PoissonLog(rate);
                }
            }
        }
    }

    /// Proposals of half the width whose weights say nothing: draws half as far from their mean, equally weighted.
    #[test]
    fn draws_of_half_the_width_are_found_out() {
        let groups: Vec<Vec<u32>> = (0..8).map(|i| vec![2 + i % 3, 1 + 2 * (i % 4), 3]).collect();
        let mut fit = Groups::new(&groups).fit().expect("valid");
        assert!(fit.certify(&CertifyOptions::default()).expect("theta is free").agrees(), "{fit}");
        let draws = &mut fit.solution.draws;
        for j in 0..draws.globals {
            let mean: f64 = (0..draws.len()).map(|s| draws.weights[s] * draws.theta(s)[j]).sum();
            for u in draws.theta.iter_mut().skip(j).step_by(draws.globals) {
                *u = mean + 0.5 * (*u - mean);
            }
        }
        let certificate = fit.certify(&CertifyOptions::default()).expect("theta is free");
        // half of it, by ranks
        assert!(!certificate.agrees() && certificate.difference > 0.4, "{certificate}");
    }
}

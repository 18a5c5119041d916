//! Leave-one-out and WAIC of a fit.

use crate::assess::accumulate::Accumulator;
use crate::assess::elpd::{By, Elpd, LeftOut, Method};
use crate::density::program::Program;
use crate::error::Error;
use crate::fit::Fit;
use crate::interpret::pointwise::Pointwise;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::posterior::visits::Visits;
use crate::progress::Progress;
use rayon::prelude::*;

/// Tasks that are asked together, for them to share the threads.
const TASKS_TOGETHER: usize = 64;

impl<M: Model> Fit<M> {
    /// Expected log predictive density by leave-one-out: of each task, or observation, given all other data, without
    /// refitting.
    ///
    /// The draws of the posterior are weighted by the reciprocal of the density of what is left out, and the weights'
    /// tail is smoothed (Vehtari, Gelman & Gabry 2017). By task, that density is ln p(D_i | theta), as exact as it is in the fit
    /// itself: weights live on theta alone, and are good in all but models of few tasks. By observation it is given the
    /// task's latents too, which are known from few data: k-hat tells where that is too much to ask.
    ///
    /// ```
    /// use hierarch::assess::By;
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// # model! {
    /// #     Coins(heads: &[(u32, u32)]) {
    /// #         spread ~ HalfNormal(1.0);
    /// #         for &(heads, tosses) in heads {
    /// #             log_odds ~ Normal(0.0, spread);
    /// #             heads ~ BinomialLogit(tosses, log_odds);
    /// #         }
    /// #     }
    /// # }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10), (9, 10)]).fit()?;
    /// let loo = fit.loo(By::Task)?;
    /// println!("{loo}");
    /// assert!(loo.elpd < 0.0 && loo.points.len() == 4 && loo.doubtful().count() == 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`By::Task`] of a model without a plate; q(theta) that is a point, which leaving out would move.
    pub fn loo(&self, by: By) -> Result<Elpd, Error> {
        self.out_of_sample(by, Method::LeaveOneOut)
    }

    /// Expected log predictive density by the widely applicable information criterion (Watanabe 2010): the log density of each
    /// task, or observation, less its posterior variance. [`loo`](Self::loo) is better where they differ.
    ///
    /// # Errors
    /// As for [`loo`](Self::loo).
    pub fn waic(&self, by: By) -> Result<Elpd, Error> {
        self.out_of_sample(by, Method::Waic)
    }

    fn out_of_sample(&self, by: By, method: Method) -> Result<Elpd, Error> {
        if self.guide().is_point() {
            return Err(Error::Unusable(
                "q(theta) is a point (`Options::global`), which would move if something were left out; fit with \
                 `GlobalFactor::MeanField`"
                    .to_owned(),
            ));
        }
        let draws = &self.solution.draws;
        let mut accumulator = Accumulator::new(by, method, &draws.weights, &draws.dependence);
        match by {
            By::Task => self.add_tasks(&mut accumulator)?,
            By::Observation => self.add_observations(&mut accumulator),
        }
        Ok(accumulator.finish())
    }

    fn add_tasks(&self, accumulator: &mut Accumulator<'_>) -> Result<(), Error> {
        if !M::HAS_PLATE {
            return Err(Error::Unusable("the model has no tasks to leave out: ask `By::Observation`".to_owned()));
        }
        let all = Subset::all(&self.model);
        let asking = self.asking(&all);
        let tasks: Vec<usize> = (0..self.model.num_tasks()).collect();
        let progress = Progress::new(&self.solution.options);
        progress.stage("leaving out", tasks.len());
        let of_task = |&i: &usize| asking.ln_evidences(i, self.solution.draws.thetas());
        for (done, some) in tasks.chunks(TASKS_TOGETHER).enumerate() {
            progress.counted(done * TASKS_TOGETHER, "tasks");
            let columns: Vec<Vec<f64>> = some.par_iter().map(of_task).collect::<Result<_, _>>()?;
            some.iter().zip(&columns).for_each(|(&i, column)| accumulator.add(LeftOut::Task(all.task_name(i)), column));
        }
        Ok(())
    }

    fn add_observations(&self, accumulator: &mut Accumulator<'_>) {
        let (visits, progress) =
            (Visits::new(&self.model, self.solution.source()), Progress::new(&self.solution.options));
        progress.stage("leaving out", self.model.num_tasks());
        for (done, part) in visits.parts().enumerate() {
            progress.counted(done, "tasks");
            let record = visits.record(part);
            let mut columns = vec![Vec::with_capacity(visits.num_draws()); record.observations.len()];
            for draw in 0..visits.num_draws() {
                let mut run = Pointwise::default();
                visits.visit(part, draw, &mut run);
                columns.iter_mut().zip(run.ln_densities()).for_each(|(column, ln_density)| column.push(ln_density));
            }
            for (place, column) in record.observations.into_iter().zip(&columns) {
                accumulator.add(LeftOut::Observation(place), column);
            }
        }
    }
}

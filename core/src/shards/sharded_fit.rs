//! What a fit over shards gives.

use crate::adapt::adapted::Adapted;
use crate::adapt::asking::Standing;
use crate::error::Error;
use crate::fit::{Evidence, Fit, FoundLater, Trust};
use crate::model::subset::Subset;
use crate::model::{Latents, Model};
use crate::options::AdaptOptions;
use crate::posterior::draws::{LocalDraws, WeightedDraws};
use crate::posterior::summary::Summary;
use crate::progress::Progress;
use crate::shards::found::Found;
use crate::shards::source::Counted;
use crate::shards::{ShardSum, Shards};
use rayon::prelude::*;

/// Tasks that are adapted to at a time.
const TOGETHER: usize = 256;

/// What all the tasks of some shards say of theta.
pub struct ShardedFit<M: Model> {
    /// With the draws of theta that all tasks give; its own tasks keep none.
    fit: Fit<M>,
    evidence: Evidence,
    counted: Counted,
}

impl<M: Model> ShardedFit<M> {
    /// The pilot with what was found in place of its own posterior.
    pub(super) fn of(pilot: Fit<M>, found: Found) -> Self {
        let Found { draws, evidence, trust, counted } = found;
        let (model, mut solution) = (pilot.model, pilot.solution);
        let locals = LocalDraws::Gaussian { seed: solution.options.seed };
        let WeightedDraws { non_centred, are_values, .. } = solution.draws;
        solution.draws = WeightedDraws { locals, non_centred, are_values, ..draws };
        solution.trust = trust;
        solution.evidence = Some(evidence.clone());
        Self { fit: Fit { model, solution, found_later: FoundLater::default() }, evidence, counted }
    }

    /// How many tasks there are in all shards.
    pub fn num_tasks(&self) -> usize {
        self.counted.num_tasks()
    }

    /// Posterior summaries of the globals, given all tasks.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        self.fit.global()
    }

    /// What the importance weights of theta say; `task_k_hat` is empty, as each task tells its own.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Whether to believe the posterior of theta; each task has a trust of its own. `doubtful_tasks` is empty: where tasks are
    /// in doubt the notes say how many, and [`each_task`](Self::each_task) which.
    pub fn trust(&self) -> &Trust {
        self.fit.trust()
    }

    /// The posterior of phi for a task that is in no shard.
    ///
    /// # Errors
    /// Those of [`Fit::adapt`].
    pub fn adapt(&self, task: &M::Task) -> Result<Adapted<'_, M>, Error> {
        self.fit.adapt(task)
    }

    /// Reads the shards of the fit once more, those that this process reads, and hands over the posterior of every task in
    /// turn, with its number among all and its own trust ([`Adapted::trust`]); none of it is kept. The `ln_evidence` of a task is
    /// ln p(D_i | data of all other tasks), as leave-one-out has it.
    ///
    /// # Errors
    /// [`Error::Shard`] around errors of reading and those of [`Fit::adapt`], and where shards are not those of the fit; errors
    /// that `take` returns.
    pub fn each_task<S: Shards<M::Task>>(
        &self,
        shards: &S,
        sum: &dyn ShardSum,
        options: &AdaptOptions,
        mut take: impl FnMut(usize, Adapted<'_, M>) -> Result<(), Error>,
    ) -> Result<(), Error>
    where
        M::Task: Sized,
    {
        options.check()?;
        self.counted.same_number(shards.num_shards())?;
        let all = Subset::all(&self.fit.model);
        let asking = self.fit.asking(&all);
        let progress = Progress::new(&self.fit.solution.options);
        progress.stage("task by task", self.counted.num_tasks());
        for shard in (0..shards.num_shards()).filter(|shard| sum.reads(*shard)) {
            let in_shard = |task: Option<usize>| move |error: Error| error.in_shard(shard, task);
            let tasks = shards.shard(shard).map_err(in_shard(None))?;
            let numbers = self.counted.same_length(shard, tasks.len()).map_err(in_shard(None))?;
            for (some, at) in tasks.chunks(TOGETHER).zip((0..).step_by(TOGETHER)) {
                let of_task = |task: &M::Task| {
                    let new = Subset::one(&self.fit.model, task);
                    Ok(self.fit.as_known(&new, asking.adapt(&new, Standing::Among, options)?))
                };
                let adapted: Vec<Result<_, Error>> = some.par_iter().map(of_task).collect();
                for (task, adapted) in (at..).zip(adapted) {
                    take(numbers.start + task, adapted.map_err(in_shard(Some(task)))?)?;
                    progress.counted(numbers.start + task + 1, "tasks");
                }
            }
        }
        Ok(())
    }
}

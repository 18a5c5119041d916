//! Fits of more tasks than memory holds: they come in shards, one after another, pass after pass.
//!
//! A fit of some of the tasks, the pilot, says where theta may be. Newton's method finds the mode of ln p(theta, D) of all, theta
//! is drawn from a proposal around it, and importance weights make the draws the posterior's. Of a shard nothing is kept but its
//! sum of ln Z_i for each theta, an [`ExactSum`]: the same bits for any number of shards and threads.

mod exact_sum;
#[cfg(feature = "mpi")]
mod processes;
mod shard_sum;
mod streamed;

use crate::adapt::adapted::Adapted;
use crate::adapt::asking::Standing;
use crate::correct::pool::Pool;
use crate::correct::proposal::Part;
use crate::correct::search::{MOST_SEARCHED, peak};
use crate::correct::walk::AskAt;
use crate::density::program::Program;
use crate::density::{Density, Writing};
use crate::error::Error;
use crate::fit::{Evidence, Fit, FoundLater, Trust};
use crate::linalg::gaussian::{Gaussian, Moments};
use crate::model::subset::Subset;
use crate::model::{Latents, Model};
use crate::options::{AdaptOptions, Correction};
use crate::posterior::draws::LocalDraws;
use crate::posterior::mc_error::Dependence;
use crate::posterior::summary::Summary;
use crate::sampling::lattice::Points;
use crate::sampling::psis::smooth;
use crate::sampling::stream::Stream;
pub use exact_sum::ExactSum;
#[cfg(feature = "mpi")]
pub use processes::Processes;
use rayon::prelude::*;
use shard_sum::agree;
pub use shard_sum::{InTurn, ShardSum};
use streamed::{ShardPrograms, Streamed, same_length};

/// Draws of theta.
const DRAWS: usize = 256;
/// Tasks that are adapted to at a time.
const TOGETHER: usize = 256;

/// Tasks in shards, each of which can be read again and again and gives the same tasks every time.
pub trait Shards<T>: Sync {
    /// How many shards there are.
    fn num_shards(&self) -> usize;

    /// The tasks of a shard, read from wherever they are.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn shard(&self, number: usize) -> Result<Vec<T>, Error>;
}

/// Shards as tasks of a model.
struct Typed<'a, M: Model, S> {
    model: &'a M,
    shards: &'a S,
}

impl<M: Model, S: Shards<M::Task>> ShardPrograms for Typed<'_, M, S>
where
    M::Task: Sized,
{
    fn num_shards(&self) -> usize {
        self.shards.num_shards()
    }

    fn visit(&self, number: usize, look: &mut dyn FnMut(&dyn Program) -> Result<(), Error>) -> Result<(), Error> {
        let tasks = self.shards.shard(number)?;
        look(&Subset::with(self.model, tasks.iter().collect()))
    }
}

/// What all the tasks of some shards say of theta.
pub struct ShardedFit<M: Model> {
    /// With the draws of theta that all tasks give; its own tasks keep none.
    fit: Fit<M>,
    evidence: Evidence,
    /// By shard, the number of its first task; and how many there are at the end.
    firsts: Vec<usize>,
}

impl<M: Model> Fit<M> {
    /// The posterior of theta given the tasks of all shards, in place of this fit's own, which serve to find it: a fit of
    /// some hundred of them is a good pilot. Data outside the plate are those of the pilot. The answer depends on the tasks
    /// and on the pilot, not on where one shard ends and the next begins.
    ///
    /// # Errors
    /// Errors of reading; data outside their support; [`Error::Unusable`] for more than eight coordinates of theta, for none, for a
    /// pilot whose theta is a point, and where no mode is found.
    pub fn over_shards<S: Shards<M::Task>>(self, shards: &S, sum: &dyn ShardSum) -> Result<ShardedFit<M>, Error>
    where
        M::Task: Sized,
    {
        let found = {
            let all = Subset::all(&self.model);
            let asking = self.asking(&all);
            let density = Density::new(all.all(), &self.solution.shape, Writing::CENTRED);
            let shards = Typed { model: &self.model, shards };
            let firsts = Streamed::firsts(&shards, sum)?;
            let mut streamed = Streamed {
                shards: &shards,
                sum,
                outside: &density,
                start: &self.solution.start,
                typical: &|n| asking.typical(n),
                firsts,
                seed: self.solution.options.seed,
                error: None,
            };
            if streamed.num_tasks() == 0 {
                return Err(Error::NoTasks);
            }
            let part = self.first_part()?;
            let Gaussian { mean, root } = &part.heavy.wide;
            agree(sum, &[mean.as_slice(), root.as_slice()].concat())?;
            let found = weighed(&part, &mut streamed);
            (found.map_err(|error| streamed.error.take().unwrap_or(error))?, streamed.firsts)
        };
        let ((theta, weights, evidence), firsts) = found;
        let mut solution = self.solution;
        let trust = Trust::of_shards(&evidence);
        let draws = &mut solution.draws;
        (draws.theta, draws.weights, draws.dependence) = (theta, weights, Dependence::NONE);
        draws.locals = LocalDraws::Gaussian { seed: solution.options.seed };
        solution.trust = trust;
        solution.evidence = Some(evidence.clone());
        Ok(ShardedFit {
            fit: Self { model: self.model, solution, found_later: FoundLater::default() },
            evidence,
            firsts,
        })
    }

    /// The Gaussian of the pilot's draws of theta.
    fn first_part(&self) -> Result<Part, Error> {
        let draws = &self.solution.draws;
        let n = draws.globals;
        if n == 0 || n > MOST_SEARCHED || self.guide().is_point() {
            let what = format!("shards take a theta of 1 to {MOST_SEARCHED} coordinates that is no point, not of {n}");
            return Err(Error::Unusable(what));
        }
        let moments = Moments::of(n, || (0..draws.len()).map(|s| (draws.theta(s), draws.weights[s])));
        let singular = || Error::Unusable("the pilot's draws of theta have a singular covariance".to_owned());
        moments.gaussian().and_then(Part::new).ok_or_else(singular)
    }
}

/// Draws of theta, row-major, their weights, and what these say.
type Weighed = (Vec<f64>, Vec<f64>, Evidence);

fn weighed(first: &Part, streamed: &mut Streamed<'_>) -> Result<Weighed, Error> {
    let n = first.dimensions();
    let none = || Error::Unusable("no mode of theta was found from where the pilot has it".to_owned());
    let part = peak(first, Pool::new(n, 0), streamed).ok_or_else(none)?;
    let proposal = part.with_lookouts();
    let mut rng = Stream::Proposals.of(streamed.seed);
    let mut points = Points::new(n, &mut rng);
    let drawn = (0..DRAWS).map(|s| proposal.of_draw(s).heavy.wide.at(&points.next(&mut rng))).collect();
    let mut pool = Pool::new(n, 0);
    streamed.at(drawn, &mut pool);
    if let Some(error) = streamed.error.take() {
        return Err(error);
    }
    pool.end_round(Some(&proposal), DRAWS);
    let impossible = || Error::Unusable("the tasks are impossible under every draw of theta".to_owned());
    let smoothed = smooth(&pool.ln_weights()).ok_or_else(impossible)?;
    let evidence = Evidence {
        k_hat: smoothed.k_hat,
        task_k_hat: Vec::new(),
        draws: DRAWS,
        effective_sample_size: smoothed.effective,
        ln_evidence: smoothed.ln_mean,
        ln_evidence_error: (smoothed.effective.recip() - (DRAWS as f64).recip()).max(0.0).sqrt(),
    };
    Ok((pool.theta, smoothed.weights, evidence))
}

impl<M: Model> ShardedFit<M> {
    /// How many tasks there are in all shards.
    pub fn num_tasks(&self) -> usize {
        self.firsts[self.firsts.len() - 1]
    }

    /// Posterior summaries of the globals, given all tasks.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        self.fit.global()
    }

    /// What the importance weights of theta say.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Whether to believe the posterior of theta; each task has a trust of its own.
    pub fn trust(&self) -> &Trust {
        self.fit.trust()
    }

    /// Reads the shards of the fit once more, those that this process reads, and hands over the posterior of every task in
    /// turn, with its number among all and its own trust ([`Adapted::trust`]); none of it is kept.
    ///
    /// # Errors
    /// Errors of reading, those of [`Fit::adapt`], those that `take` returns, and [`Error::Unusable`] where the shards are not
    /// those of the fit.
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
        let all = Subset::all(&self.fit.model);
        let asking = self.fit.asking(&all);
        if shards.num_shards() + 1 != self.firsts.len() {
            let (now, then) = (shards.num_shards(), self.firsts.len() - 1);
            return Err(Error::Unusable(format!("there are {now} shards, and the fit has read {then}")));
        }
        for shard in (0..shards.num_shards()).filter(|shard| sum.reads(*shard)) {
            let (tasks, mut number) = (shards.shard(shard)?, self.firsts[shard]);
            same_length(&self.firsts, shard, tasks.len())?;
            for some in tasks.chunks(TOGETHER) {
                let of_task = |task: &M::Task| {
                    let new = Subset::one(&self.fit.model, task);
                    Ok(self.fit.as_known(&new, asking.adapt(&new, Standing::Among, options)?))
                };
                for adapted in some.par_iter().map(of_task).collect::<Vec<Result<_, Error>>>() {
                    take(number, adapted?)?;
                    number += 1;
                }
            }
        }
        Ok(())
    }
}

impl Trust {
    /// The trust in theta's posterior given the tasks of all shards.
    fn of_shards(evidence: &Evidence) -> Self {
        let none = Self {
            method: Correction::Importance,
            is_reliable: true,
            is_doubtful: false,
            doubtful_tasks: Vec::new(),
            notes: Vec::new(),
        };
        Self::of_task(&none, evidence)
    }
}

//! What a fit is asked of new tasks, whatever the types of its model.

use crate::adapt::new_task::{Answers, NewTask};
use crate::adapt::new_weights::NewWeights;
use crate::conditional::Inner;
use crate::density::program::Program;
use crate::error::Error;
use crate::fit::solution::Solution;
use crate::fit::{Evidence, FoundLater, Trust};
use crate::model::level::Level;
use crate::optimize::choose::modes_at_mean;
use crate::options::AdaptOptions;
use crate::posterior::thetas::Thetas;
use crate::sampling::stream::{Question, Stream};
use nalgebra::DVector;
use std::borrow::Cow;

/// How many tasks of the fit tell where a new one's phi may be.
const MOST_TASKS: usize = 64;

/// A fit that is asked about new tasks.
pub(crate) struct Asking<'f> {
    pub(crate) program: &'f dyn Program,
    pub(crate) solution: &'f Solution,
    pub(crate) later: &'f FoundLater,
}

/// What a task that is asked about is to the fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The fit has not seen it, and learns from it.
    New,
    /// It is the task of that number as it is now.
    Instead(usize),
    /// The draws of theta have learned from it already.
    Among,
}

/// What a fit knows of a new task.
pub(crate) struct TaskKnowledge {
    /// What the task's latents look like.
    pub(crate) level: Level,
    pub(crate) weighed: NewWeights,
    /// That many draws of phi in a row share a theta.
    pub(crate) cluster: usize,
    pub(crate) evidence: Evidence,
    pub(crate) trust: Trust,
}

/// The draws of theta that a task is adapted with, and of phi for each.
struct FewThetas<'f> {
    thetas: Cow<'f, Thetas>,
    local_draws: usize,
    cluster: usize,
}

impl<'f> Asking<'f> {
    /// The posterior of phi of the one task of another program.
    pub(crate) fn adapt(
        &self,
        new: &dyn Program,
        standing: Standing,
        options: &AdaptOptions,
    ) -> Result<TaskKnowledge, Error> {
        let few = self.few_thetas(options);
        let (rows, mut before): (Vec<Vec<f64>>, Vec<f64>) =
            few.thetas.iter().map(|(u, weight)| (u.to_vec(), weight)).unzip();
        if let Standing::Instead(i) = standing {
            take_back(&self.ln_evidences(i, rows.clone())?, &mut before);
        }
        let inner = Inner { wanted: few.local_draws, most: options.max_proposals };
        let Answers { level, by_theta } = self.ask(new, rows, inner, Stream::Question(Question::Adapt))?;
        let weighed = match standing {
            Standing::Among => NewWeights::of_one_among(by_theta, &before)?,
            Standing::New | Standing::Instead(_) => NewWeights::possible(by_theta, &before)?,
        };
        let mut evidence = weighed.evidence();
        if self.has_one_theta() {
            // the draws of phi are what there is
            let draws = few.local_draws;
            evidence = Evidence { k_hat: 0.0, draws, effective_sample_size: draws as f64, ..evidence };
        }
        let trust = Trust::of_task(&self.solution.trust, &evidence);
        Ok(TaskKnowledge { level, weighed, cluster: few.cluster, evidence, trust })
    }

    /// What the one task of another program says of every draw of theta.
    pub(crate) fn learn(&self, new: &dyn Program) -> Result<NewWeights, Error> {
        let inner = Inner { wanted: 0, most: AdaptOptions::default().max_proposals };
        let draws = &self.solution.draws;
        let asked = self.ask(new, draws.thetas(), inner, Stream::Question(Question::Absorb))?;
        NewWeights::new(asked.by_theta, &draws.weights)
    }

    /// ln p(D_i | theta) of task i of the fit, for each of some thetas.
    pub(crate) fn ln_evidences(&self, i: usize, thetas: Vec<Vec<f64>>) -> Result<Vec<f64>, Error> {
        let inner = Inner { wanted: 0, most: AdaptOptions::default().max_proposals };
        let asked = self.ask(&*self.program.some(&[i]), thetas, inner, Stream::LeaveOut { task: i as u64 })?;
        Ok(asked.by_theta.iter().map(|at| at.answer.ln_z).collect())
    }

    /// The draws of theta that stand for all of the fit's, and how many of phi for each.
    fn few_thetas(&self, options: &AdaptOptions) -> FewThetas<'f> {
        let AdaptOptions { global_draws, local_draws, .. } = *options;
        let Self { solution, later, .. } = *self;
        if self.has_one_theta() {
            // all draws of theta are the same, and those of phi independent
            let thetas = later.thetas.get_or_init(|| Thetas::fixed(&solution.draws));
            return FewThetas { thetas: Cow::Borrowed(thetas), local_draws: global_draws * local_draws, cluster: 1 };
        }
        let choose = || {
            let mut rng = Stream::Question(Question::Thetas).of(solution.options.seed);
            Thetas::of(&solution.draws, global_draws, &mut rng)
        };
        let thetas = if global_draws == AdaptOptions::default().global_draws {
            Cow::Borrowed(later.thetas.get_or_init(choose))
        } else {
            Cow::Owned(choose())
        };
        FewThetas { thetas, local_draws, cluster: local_draws }
    }

    fn has_one_theta(&self) -> bool {
        let guide = &self.solution.climbed.guide;
        guide.is_point() || guide.global.is_empty()
    }

    /// What a new task says of each theta.
    fn ask(&self, new: &dyn Program, thetas: Vec<Vec<f64>>, inner: Inner, stream: Stream) -> Result<Answers, Error> {
        let typical = |n: usize| self.typical(n);
        let task = NewTask { program: new, start: &self.solution.start, typical: &typical };
        task.ask(thetas, inner, &mut stream.of(self.solution.options.seed))
    }

    /// Where to look for the phi of a new task of n coordinates: where those of the fit are on average, or failing such
    /// tasks where the fit itself started.
    pub(crate) fn typical(&self, n: usize) -> DVector<f64> {
        let known = self.later.modes.get_or_init(|| {
            let some: Vec<usize> = (0..self.program.num_tasks().min(MOST_TASKS)).collect();
            modes_at_mean(&*self.program.some(&some), &self.solution.climbed)
        });
        let is_alike = |mode: &&DVector<f64>| mode.len() == n && mode.iter().all(|u| u.is_finite());
        let alike = || known.iter().filter(is_alike);
        if alike().next().is_none() {
            return DVector::from_fn(n, |at, _| self.solution.start.coordinate(Some(0), at));
        }
        alike().fold(DVector::zeros(n), |sum, mode| sum + mode) / alike().count() as f64
    }
}

/// Divides weights by what a task says of each theta, up to a constant.
fn take_back(ln_evidences: &[f64], weights: &mut [f64]) {
    let possible = |ln_z: &&f64| ln_z.is_finite();
    let least = ln_evidences.iter().filter(possible).fold(f64::INFINITY, |a, &b| a.min(b));
    for (weight, ln_z) in weights.iter_mut().zip(ln_evidences) {
        *weight *= if ln_z.is_finite() { (least - ln_z).exp() } else { 0.0 };
    }
    let sum: f64 = weights.iter().sum();
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}

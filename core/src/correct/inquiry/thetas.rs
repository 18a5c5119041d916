//! Thetas of a round, and what every task says of each.

use super::points::{ProposedPoints, ThetaPoint};
use super::{Inquiry, MOST_TOGETHER};
use crate::conditional::{Ask, Guess, Inner, Known};
use crate::correct::pool::{Pool, ProposalWeights, Proposed, TaskAnswers};
use crate::correct::proposal::Proposal;
use crate::correct::rest::Rest;
use crate::density::integrated::{Integrated, Integration, IntegrationSpace, TasksGiven};
use rayon::prelude::*;
use std::ops::Range;

/// The weights of proposals for so many thetas judge a task's own.
pub(crate) const JUDGED: usize = 100;
/// Tasks that one thread takes at least.
const CHUNK: usize = 8;

/// A theta, and what is known of it where everything but some of its coordinates was integrated out.
pub(super) struct GivenOthers<T> {
    pub(super) theta: Vec<f64>,
    /// ln p of those coordinates and the data.
    pub(super) ln_p: f64,
    /// What is kept of the tasks given theta.
    tasks: T,
}

impl Inquiry<'_> {
    /// Draws thetas of a round, and what every task says of each, into the pool.
    pub(super) fn propose(
        &mut self,
        proposal: Option<&Proposal>,
        numbers: Range<usize>,
        points: &mut ProposedPoints<'_>,
        pool: &mut Pool,
    ) {
        let Some(proposal) = proposal else {
            // the density of theta itself does not count
            let (density, loc) = (self.conditionals.density, &self.basis.guide.global.loc);
            let u = vec![loc.clone(); numbers.len()];
            let ln_outside = vec![density.all_outside(loc).data; u.len()];
            self.ask(&u, &mut pool.tasks);
            return pool.add(Proposed { u, ln_outside, coordinates: Vec::new() });
        };
        let points: Vec<ThetaPoint> = numbers.map(|s| points.next(proposal.of_draw(s))).collect();
        let (u, ln_outside) =
            if let Some(integrated) = self.integrated(&points, |all, rest, step| rest.tasks_given(all, step)) {
                self.draw_tasks(integrated, &mut pool.tasks)
            } else {
                let (u, ln_outside): (Vec<_>, Vec<_>) = points.par_iter().map(|point| self.complete(point)).unzip();
                self.ask(&u, &mut pool.tasks);
                (u, ln_outside)
            };
        pool.add(Proposed { u, ln_outside, coordinates: points.into_iter().map(|point| point.proposed).collect() });
    }

    /// Everything else integrated out at each point, where it is Gaussian and all the numbers are exact; w is drawn, and `keep`
    /// is told how far from where the guide has it.
    pub(super) fn integrated<T: Send>(
        &self,
        points: &[ThetaPoint],
        keep: impl Fn(&Integration, &Integrated, &[f64]) -> T + Sync,
    ) -> Option<Vec<GivenOthers<T>>> {
        let Rest::Integrated(integration) = &self.rest else { return None };
        let density = self.conditionals.density;
        let of_point = |point: &ThetaPoint| {
            let (mut theta, ln_volume) = self.theta_of(&point.proposed);
            self.with_space(|space| {
                let rest = density.integrate(integration, &theta, space).filter(|rest| !rest.is_rough)?;
                let (step, _) = rest.w.draw(&point.z);
                integration.globals.move_w(&mut theta, &step);
                Some(GivenOthers { theta, ln_p: rest.ln_p + ln_volume, tasks: keep(integration, rest, &step) })
            })
        };
        points.par_iter().map(of_point).collect()
    }

    /// Draws of phi for each theta; the thetas, and the log densities of the others less what the tasks say.
    fn draw_tasks(
        &mut self,
        given: Vec<GivenOthers<TasksGiven>>,
        answers: &mut [TaskAnswers],
    ) -> (Vec<Vec<f64>>, Vec<f64>) {
        let Self { rest: Rest::Integrated(integration), tasks, basis, .. } = self else {
            unreachable!("something is integrated out");
        };
        let drawn = tasks.par_iter_mut().zip(answers).zip(&integration.tasks).enumerate().with_min_len(CHUNK);
        drawn.for_each_init(Vec::new, |z, (i, ((task, answers), room))| {
            for GivenOthers { tasks: given, .. } in &given {
                z.clear();
                task.memory.strata.normals(basis.guide.task(i).len(), &mut task.rng, z);
                given.draw_into(room, z, &mut answers.phi);
                answers.ln_z.push(given.ln_z[i]);
            }
        });
        let parts = |GivenOthers { theta, ln_p, tasks }| {
            let TasksGiven { ln_z, .. } = tasks;
            (theta, ln_p - ln_z.iter().sum::<f64>())
        };
        given.into_iter().map(parts).unzip()
    }

    /// The whole of a theta, what is proposed given the rest being drawn from its normal; and its log density but for the tasks,
    /// less that of what is drawn here.
    pub(super) fn complete(&self, point: &ThetaPoint) -> (Vec<f64>, f64) {
        let density = self.conditionals.density;
        let (mut u, ln_volume) = self.theta_of(&point.proposed);
        let ln_q = self.with_space(|space| self.rest.draw_given(density, &mut u, &point.z, space));
        let ln_p = ln_q.map_or(f64::NEG_INFINITY, |ln_q| density.all_outside(&u).total() - ln_q + ln_volume);
        (u, ln_p)
    }

    /// Room that no other thread uses meanwhile.
    pub(super) fn with_space<T>(&self, in_room: impl FnOnce(&mut IntegrationSpace) -> T) -> T {
        let mut space = self.spaces.lock().ok().and_then(|mut spaces| spaces.pop()).unwrap_or_default();
        let found = in_room(&mut space);
        self.spaces.lock().into_iter().for_each(|mut spaces| spaces.push(std::mem::take(&mut space)));
        found
    }

    /// By task, a draw given each of these thetas, row-major.
    pub(crate) fn locals_given(&mut self, thetas: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut answers = vec![TaskAnswers::default(); self.tasks.len()];
        for some in thetas.chunks(MOST_TOGETHER) {
            self.ask(some, &mut answers);
        }
        answers.into_iter().map(|task| task.phi).collect()
    }

    /// What every task says of some thetas.
    pub(super) fn ask(&mut self, thetas: &[Vec<f64>], answers: &mut [TaskAnswers]) {
        let Self { conditionals, basis, effort, tasks, .. } = self;
        let fixed = conditionals.fix(thetas);
        let asked = tasks.par_iter_mut().zip(answers).enumerate().with_min_len(CHUNK);
        let every = (effort.draws / JUDGED).max(1);
        asked.for_each_init(
            || fixed.asker(),
            |asker, (i, (task, answers))| {
                let (start, covariance) = (&basis.modes_at_mean[i], &basis.gaussian.tasks[i].covariance);
                let inner = Inner { wanted: 1, most: effort.most_inner };
                for theta in 0..thetas.len() {
                    let ask = Ask { task: i, theta, guess: Guess { start, covariance }, inner };
                    let mut weights = Vec::new();
                    let known = &mut Known { phi: &mut answers.phi, weights: &mut weights };
                    let ln_z = asker.sample(&ask, &mut task.memory, &mut task.rng, known);
                    let draw = answers.ln_z.len();
                    if asker.may_propose() && draw.is_multiple_of(every) {
                        answers.proposals.push(ProposalWeights { draw, weights });
                    }
                    answers.ln_z.push(ln_z);
                }
            },
        );
    }
}

//! Tasks that closed forms and normal priors make Gaussian given theta: their normals by elimination, and what the bound
//! says of them without visits. At q(phi_i | theta) = p(phi_i | D_i, theta) the terms of a task add up to ln p(D_i | theta).

use crate::density::Density;
use crate::density::closed::{BlockPoint, ClosedBlock};
use crate::density::elimination::{Eliminator, GaussianThetas};
use crate::density::program::{LogParts, Recorder};
use crate::elbo::normals::{TaskAt, TaskNormal, Terms};
use crate::linalg::gaussian::Gaussian;
use crate::numbers::number::Real;
use crate::numbers::tape::Mark;
use crate::sampling::noise::Noise;
use nalgebra::{DMatrix, DVector};

/// Eliminates tasks under some thetas, and takes expectations under their normals.
pub(super) struct Eliminated<'e> {
    density: &'e Density<'e>,
    thetas: &'e GaussianThetas<'e>,
    eliminator: Eliminator<'e>,
    /// Standard normal points whose averages are exact for quadratic functions.
    points: &'e Noise,
    /// The globals that tasks read, then a task's own coordinates.
    u: Vec<f64>,
    /// In those, a sum over points.
    gradient: Vec<f64>,
    /// What tasks so far owe to the globals they read, but for what is on the tape.
    pub(super) owed: Vec<f64>,
}

impl<'e> Eliminated<'e> {
    pub(super) fn new(density: &'e Density<'e>, thetas: &'e GaussianThetas<'e>, points: &'e Noise) -> Self {
        let owed = vec![0.0; density.layout.task_reads.len()];
        Self { density, thetas, eliminator: thetas.eliminator(), points, u: Vec::new(), gradient: Vec::new(), owed }
    }

    /// p(phi_i | D_i, theta); where it cannot be normalised, where it was looked for.
    pub(super) fn normal(&mut self, TaskAt { task, draw }: TaskAt, start: &DVector<f64>) -> TaskNormal {
        match self.eliminator.eliminate(task, draw) {
            Some(conditional) => TaskNormal::Found(conditional.gaussian()),
            None => TaskNormal::At(start.clone()),
        }
    }

    /// The terms of a task; what the prior owes to theta is left in the adjoints before.
    pub(super) fn terms(&mut self, at: TaskAt, normal: &TaskNormal, recorder: &mut dyn Recorder) -> Terms {
        let TaskNormal::Found(gaussian) = normal else {
            return Terms { entropy: f64::NEG_INFINITY, ..Terms::default() };
        };
        let mut parts = self.closed_parts(at, gaussian);
        if self.density.open.tasks.latents.contains(&true) {
            parts.latents += self.prior(at.task, gaussian, recorder);
        }
        Terms { parts, entropy: gaussian.entropy(), bend: 0.0 }
    }

    /// The expectations of the closed forms.
    fn closed_parts(&mut self, at: TaskAt, gaussian: &Gaussian) -> LogParts {
        let closed = self.density.closed_task(at.task);
        let latents = self.expected(closed.latents, at.draw, gaussian);
        LogParts { latents, data: self.expected(closed.data, at.draw, gaussian) }
    }

    /// The expectation of a closed form: at the mean, and what the covariance adds; or over points.
    fn expected(&mut self, closed: ClosedBlock<'_>, draw: usize, gaussian: &Gaussian) -> f64 {
        let (theta, reads) = (self.thetas.shared(draw), self.owed.len());
        self.u.clear();
        self.u.extend(self.density.layout.task_reads.iter().map(|&j| theta.u[j]));
        self.u.extend(gaussian.mean.iter());
        self.gradient.clear();
        self.gradient.resize(self.u.len(), 0.0);
        let point = BlockPoint { u: &self.u, exps: theta.exps() };
        let (mut value, mut each) = (0.0, 1.0);
        if let Some(spread) = closed.spread(reads, point, &gaussian.root, &mut self.gradient) {
            value = spread + closed.at_point(point, &mut self.gradient);
        } else {
            self.gradient.fill(0.0);
            each = (self.points.draws as f64).recip();
            for away in self.away(gaussian).column_iter() {
                let own = &mut self.u[reads..];
                own.iter_mut().zip(gaussian.mean.iter().zip(away.iter())).for_each(|(u, (m, away))| *u = m + away);
                let point = BlockPoint { u: &self.u, exps: theta.exps() };
                value += each * closed.at_point(point, &mut self.gradient);
            }
        }
        self.owed.iter_mut().zip(&self.gradient).for_each(|(owed, g)| *owed += each * g);
        value
    }

    /// How far the points are from the mean, a column each.
    fn away(&self, gaussian: &Gaussian) -> DMatrix<f64> {
        &gaussian.root * DMatrix::from_fn(gaussian.mean.len(), self.points.draws, |j, k| self.points.local(0, k)[j])
    }

    /// The expectation of the prior that has no closed form.
    fn prior(&self, task: usize, gaussian: &Gaussian, recorder: &mut dyn Recorder) -> f64 {
        let mark = Mark::here();
        if let Some(expected) = recorder.expected_first(task, gaussian) {
            mark.sweep(expected);
            return expected.value();
        }
        let each = (self.points.draws as f64).recip();
        let mut sum = 0.0;
        for away in self.away(gaussian).column_iter() {
            let u: Vec<_> = gaussian.mean.iter().zip(away.iter()).map(|(m, away)| Real::constant(m + away)).collect();
            let mark = Mark::here();
            let latents = recorder.task(task, &u, &self.density.open.tasks).latents;
            mark.sweep(latents * each);
            sum += each * latents.value();
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::Writing;
    use crate::density::shape::Shape;
    use crate::elbo::profile::{Normals, Profile};
    use crate::guide::{Guide, MeanField};
    use crate::interpret::discover::Start;
    use crate::model::Model;
    use crate::model::subset::Subset;
    use crate::options::Estimator;
    use crate::prelude::*;
    use crate::sampling::noise::NoiseSize;

    model! {
        /// Closed forms whose exponents are the same for all of a square.
        Plain(tasks: &[Vec<f64>]) {
            tilt ~ Normal(0.0, 1.0);
            scale[_ in 0..2] ~ HalfNormal(1.0);
            corr ~ LkjCholesky(2, 2.0);
            noise ~ HalfNormal(1.0);
            for ys in tasks {
                w ~ MultivariateNormal([0.0, 1.0], diag_pre_multiply(&scale, &corr));
                more ~ Normal(w[0] + tilt, noise);
                for &y in ys {
                    y ~ Normal(w[0] + 2.0 * w[1] + more, noise);
                }
            }
        }
    }

    model! {
        /// Products of exponentials and locals.
        Mixed(tasks: &[Vec<f64>]) {
            tilt ~ Normal(0.0, 1.0);
            scale[_ in 0..2] ~ HalfNormal(1.0);
            corr ~ LkjCholesky(2, 2.0);
            noise ~ HalfNormal(1.0);
            for ys in tasks {
                w ~ MultivariateNormal([0.0, 1.0], diag_pre_multiply(&scale, &corr));
                for &y in ys {
                    y ~ Normal(w[0] + tilt.exp() * w[1], noise);
                }
            }
        }
    }

    model! {
        /// No vector.
        Scalars(tasks: &[Vec<f64>]) {
            centre ~ Normal(0.0, 1.0);
            noise ~ HalfNormal(1.0);
            for ys in tasks {
                a ~ Normal(centre, 1.0);
                b ~ Normal(a, noise);
                for &y in ys {
                    y ~ Normal(a + 2.0 * b, noise);
                }
            }
        }
    }

    /// Bound and gradient by elimination are those by visits of the tasks and cubature.
    fn check<M: Model>(model: &M) {
        let density = |estimator| {
            let program = Subset::all(model);
            let shape = Shape::discover(&program, &Start::Zero).expect("valid");
            Density::new(Box::new(program), &shape, Writing { estimator, ..Writing::CENTRED })
        };
        let (visited, closed) = (density(Estimator::Sampled), density(Estimator::ClosedForm));
        assert!(closed.is_gaussian_given_theta());
        let (n, locals) = (visited.num_globals(), visited.offsets[visited.num_tasks()]);
        let factor = |n: usize| MeanField {
            loc: (0..n).map(|j| 0.3 * (j as f64).sin()).collect(),
            ln_scale: (0..n).map(|j| -2.0 + 0.1 * j as f64).collect(),
        };
        let guide = Guide { global: factor(n), local: factor(locals), offsets: visited.offsets.clone() };
        let theta = Guide { local: MeanField::default(), offsets: vec![0], ..guide.clone() };
        let noise = Noise::fixed(NoiseSize { draws: 6, globals: n, locals: 0 }, 0, 1);
        let mut by_visits = Profile::new(&visited, &guide, &noise);
        by_visits.look(&theta);
        assert!(by_visits.is_exact());
        // once more, from the modes on
        by_visits.evaluate(&theta, Normals::Follow);
        let expected = by_visits.evaluate(&theta, Normals::Follow);
        let found = Profile::new(&visited, &guide, &noise).with_closed(Some(&closed)).evaluate(&theta, Normals::Follow);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} is not {b}");
        near(found.total(&theta), expected.total(&theta));
        near(found.elbo(&theta).reconstruction[1], expected.elbo(&theta).reconstruction[1]);
        found.gradient().global.iter().zip(expected.gradient().global.iter()).for_each(|(a, b)| near(*a, *b));
    }

    #[test]
    fn eliminated_tasks_say_what_visits_say() {
        let tasks = [vec![0.5, 1.5, -0.3], vec![2.0], Vec::new()];
        check(&Plain::new(&tasks));
        check(&Mixed::new(&tasks));
        check(&Scalars::new(&tasks));
    }
}

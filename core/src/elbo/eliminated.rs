//! Tasks that closed forms and normal priors make Gaussian given theta: their normals by elimination, and what the bound
//! says of them without visits. At q(phi_i | theta) = p(phi_i | D_i, theta) the terms of a task add up to ln p(D_i | theta).

use crate::density::Density;
use crate::density::closed::BlockPoint;
use crate::density::conditional::{Eliminator, GaussianThetas};
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
        let away = &gaussian.root
            * DMatrix::from_fn(gaussian.mean.len(), self.points.draws, |j, k| self.points.local(0, k)[j]);
        let mut parts = self.closed_parts(at, &gaussian.mean, &away);
        if self.density.open.tasks.latents.contains(&true) {
            parts.latents += self.prior(at.task, gaussian, &away, recorder);
        }
        Terms { parts, entropy: gaussian.entropy(), bend: 0.0 }
    }

    /// The expectations of the closed forms.
    fn closed_parts(&mut self, TaskAt { task, draw }: TaskAt, mean: &DVector<f64>, away: &DMatrix<f64>) -> LogParts {
        let (closed, theta) = (self.density.closed_task(task), self.thetas.shared(draw));
        let reads = &self.density.layout.task_reads;
        self.u.clear();
        self.u.extend(reads.iter().map(|&j| theta.u[j]));
        self.u.resize(reads.len() + mean.len(), 0.0);
        self.gradient.clear();
        self.gradient.resize(self.u.len(), 0.0);
        let each = (away.ncols() as f64).recip();
        let mut parts = LogParts::default();
        for away in away.column_iter() {
            let own = &mut self.u[reads.len()..];
            own.iter_mut().zip(mean.iter().zip(away.iter())).for_each(|(u, (m, away))| *u = m + away);
            let point = BlockPoint { u: &self.u, exps: theta.exps() };
            parts.latents += each * closed.latents.at_point(point, &mut self.gradient);
            parts.data += each * closed.data.at_point(point, &mut self.gradient);
        }
        self.owed.iter_mut().zip(&self.gradient).for_each(|(owed, g)| *owed += each * g);
        parts
    }

    /// The expectation of the prior that has no closed form.
    fn prior(&self, task: usize, gaussian: &Gaussian, away: &DMatrix<f64>, recorder: &mut dyn Recorder) -> f64 {
        let mark = Mark::here();
        if let Some(expected) = recorder.expected_first(task, gaussian) {
            mark.sweep(expected);
            return expected.value();
        }
        let each = (away.ncols() as f64).recip();
        let mut sum = 0.0;
        for away in away.column_iter() {
            let u: Vec<_> = gaussian.mean.iter().zip(away.iter()).map(|(m, away)| Real::constant(m + away)).collect();
            let mark = Mark::here();
            let latents = recorder.task(task, &u, &self.density.open.tasks).latents;
            mark.sweep(latents * each);
            sum += each * latents.value();
        }
        sum
    }
}

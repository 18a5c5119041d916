//! Tasks that are Gaussian given theta, eliminated one after another: what closed forms leave out is a normal prior.

use crate::density::Density;
use crate::density::conditional::{Conditional, Quadratic, SharedTheta};
use crate::density::prior::NormalPrior;
use crate::density::program::{Fixed, Scorer, Scoring};

/// Nats above which a difference is not exact enough to be taken.
const CANCELLING: f64 = 1e5;

/// Some thetas under which tasks are Gaussian.
pub(crate) struct GaussianThetas<'d> {
    density: &'d Density<'d>,
    shared: Vec<SharedTheta>,
    /// What knows the priors of tasks that have no closed form.
    plain: Option<Box<dyn Fixed + 'd>>,
}

/// Eliminates one task after another.
pub(crate) struct Eliminator<'f> {
    thetas: &'f GaussianThetas<'f>,
    scorer: Option<Box<dyn Scorer + 'f>>,
    prior: NormalPrior,
    quadratic: Quadratic,
    step: Vec<f64>,
    conditional: Conditional,
}

impl GaussianThetas<'_> {
    /// The theta of that number.
    pub(crate) fn shared(&self, theta: usize) -> &SharedTheta {
        &self.shared[theta]
    }

    pub(crate) fn eliminator(&self) -> Eliminator<'_> {
        Eliminator {
            thetas: self,
            scorer: self.plain.as_deref().map(|plain| plain.scorer(&self.density.open.tasks)),
            prior: NormalPrior::default(),
            quadratic: Quadratic::default(),
            step: Vec::new(),
            conditional: Conditional::default(),
        }
    }
}

impl Eliminator<'_> {
    /// p(phi_i | theta) p(D_i | phi_i, theta) under the theta of that number as a Gaussian in the task's coordinates; `None`
    /// where it is none that can be integrated.
    pub(crate) fn eliminate(&mut self, task: usize, theta: usize) -> Option<&Conditional> {
        let Self { thetas: GaussianThetas { density, shared, .. }, scorer, prior, .. } = self;
        if let Some(scorer) = scorer
            && scorer.prior(theta, task, prior)
            && !prior.invert()
        {
            return None;
        }
        let (density, theta) = (*density, &shared[theta]);
        self.solve(density, task, theta).then_some(&self.conditional)
    }

    fn solve(&mut self, density: &Density<'_>, i: usize, theta: &SharedTheta) -> bool {
        let (task, n) = (density.closed_task(i), density.offsets[i + 1] - density.offsets[i]);
        let own = density.storage(i);
        let (blocks, reads) = ([task.latents, task.data], density.layout.task_reads.len());
        let Self { prior, quadratic, step, conditional: Conditional { value, mean, storage, factor }, .. } = self;
        let mut expand = |mean: &[f64], quadratic: &mut Quadratic| {
            density.expand_quadratic(&blocks, theta, mean, quadratic);
            let Quadratic { value, gradient, curvature, .. } = quadratic;
            *value += prior.expand(mean, &mut gradient[reads..], curvature);
        };
        quadratic.storage = own.clone();
        *storage = own;
        let mut climb = |factor: &[f64], quadratic: &Quadratic, mean: &mut [f64]| {
            let gradient = &quadratic.gradient[reads..];
            step.clear();
            step.extend_from_slice(gradient);
            storage.solve(factor, step, 1);
            mean.iter_mut().zip(&*step).for_each(|(m, s)| *m += s);
            0.5 * step.iter().zip(gradient).map(|(s, g)| s * g).sum::<f64>()
        };
        mean.clear();
        mean.resize(n, 0.0);
        expand(mean, quadratic);
        if !quadratic.factorise() {
            return false;
        }
        factor.clone_from(&quadratic.curvature);
        let mut raised = climb(factor, quadratic, mean);
        if raised > CANCELLING {
            // the difference of two large numbers: around where the mean seems to be it is that of two small ones
            expand(mean, quadratic);
            raised = climb(factor, quadratic, mean);
        }
        *value = quadratic.value + raised;
        true
    }
}

impl Density<'_> {
    /// Fixes theta at these values, for tasks that are Gaussian given it.
    pub(crate) fn fix_gaussian(&self, thetas: &[Vec<f64>]) -> GaussianThetas<'_> {
        let has_open_priors = self.open.tasks.latents.contains(&true);
        let plain = has_open_priors.then(|| self.program.fix(Scoring::Value, &self.layout, thetas));
        GaussianThetas { density: self, shared: thetas.iter().map(|u| self.share(u)).collect(), plain }
    }
}

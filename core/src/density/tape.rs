//! Derivatives of blocks too wide for lanes, by the tape: what they cost does not grow with the number of coordinates.

use crate::density::program::{Curved, Fixed, LogParts, Recorded, RecordedParts, Recorder, Scorer};
use crate::density::theta::globals;
use crate::interpret::expected::Expected;
use crate::interpret::log_density::LogDensity;
use crate::linalg::gaussian::Gaussian;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::{Globals, Locals, Model};
use crate::numbers::Taped;
use crate::numbers::number::Real;
use crate::numbers::pass::{Derivatives, Order};
use crate::numbers::tape::Mark;

/// Blocks of more coordinates than this are differentiated by the tape.
pub(crate) const WIDEST_LANES: usize = 24;
/// Second derivatives of a task of more coordinates than this, theta held, are taken by the tape.
pub(crate) const WIDEST_SECOND: usize = 8;

/// Records the log densities of a model on the thread's tape.
pub(crate) struct TapeRecorder<'p, M: Model, const ORDER: usize> {
    program: &'p Subset<'p, M>,
    global: Globals<M, Taped<ORDER>>,
    local: Locals<M, Taped<ORDER>>,
}

impl<'p, M: Model, const ORDER: usize> TapeRecorder<'p, M, ORDER> {
    pub(crate) fn new(program: &'p Subset<'p, M>) -> Self {
        Self { program, global: Default::default(), local: Default::default() }
    }
}

impl<M: Model> Curved for Subset<'_, M> {
    fn curved_recorder(&self) -> Box<dyn Recorder<2> + '_> {
        Box::new(TapeRecorder::<M, 2>::new(self))
    }
}

impl<M: Model, const ORDER: usize> Recorder<ORDER> for TapeRecorder<'_, M, ORDER> {
    fn outside(&mut self, theta: &[Recorded<ORDER>], mask: &SiteMask) -> RecordedParts<ORDER> {
        let mut run = LogDensity::new(theta, mask);
        self.program.model.global(&mut run, &mut self.global);
        RecordedParts { latents: run.latents, data: run.data() }
    }

    fn task(&mut self, task: usize, u: &[Recorded<ORDER>], mask: &SiteMask) -> RecordedParts<ORDER> {
        let (model, task) = (self.program.model, self.program.task(task));
        let mut run = LogDensity::new(u, mask);
        model.local(&mut run, &self.global, task, &mut self.local);
        if mask.observed.contains(&true) {
            model.likelihood(&mut run, &self.global, &self.local, task);
        }
        RecordedParts { latents: run.latents, data: run.data() }
    }

    fn expected_first(&mut self, task: usize, q: &Gaussian) -> Option<Recorded<ORDER>> {
        let mut run = Expected::new(&q.mean, &q.root);
        self.program.model.local(&mut run, &self.global, self.program.task(task), &mut self.local);
        run.found
    }
}

/// A model with theta held at some values, for second derivatives of wide tasks in their own coordinates.
pub(crate) struct TapeThetas<'p, M: Model> {
    program: &'p Subset<'p, M>,
    thetas: Vec<Globals<M, Taped<2>>>,
}

impl<'p, M: Model> TapeThetas<'p, M> {
    pub(crate) fn new(program: &'p Subset<'p, M>, thetas: &[Vec<f64>]) -> Self {
        let held = |u: &Vec<f64>| globals(program, u, |_, u| Real::constant(u));
        Self { program, thetas: thetas.iter().map(held).collect() }
    }
}

impl<M: Model> Fixed for TapeThetas<'_, M> {
    fn scorer<'f>(&'f self, mask: &'f SiteMask) -> Box<dyn Scorer + 'f> {
        Box::new(TapeScorer { fixed: self, mask, own: Vec::new(), local: Default::default() })
    }
}

struct TapeScorer<'f, M: Model> {
    fixed: &'f TapeThetas<'f, M>,
    mask: &'f SiteMask,
    own: Vec<Real<Taped<2>>>,
    local: Locals<M, Taped<2>>,
}

impl<M: Model> Scorer for TapeScorer<'_, M> {
    fn score(&mut self, theta: usize, task: usize, u: &[f64], out: &mut Derivatives) -> LogParts {
        let TapeThetas { program, thetas } = self.fixed;
        let (model, theta, task) = (program.model, &thetas[theta], program.task(task));
        let mark = Mark::with_leaves(u.iter().copied(), &mut self.own);
        let mut run = LogDensity::new(&self.own, self.mask);
        model.local(&mut run, theta, task, &mut self.local);
        model.likelihood(&mut run, theta, &self.local, task);
        let (latents, data) = (run.latents, run.data());
        mark.sweep(latents + data);
        out.reset(u.len(), Order::Second);
        out.value = latents.value() + data.value();
        mark.adjoints(u.len(), |(l, adjoint)| out.gradient[l] = *adjoint);
        mark.add_hessian(u.len(), &mut out.hessian);
        LogParts { latents: latents.value(), data: data.value() }
    }
}

//! A model with its data as a function of coordinates: ln p(theta, phi, D) + ln |dx/du|, part by part.
//!
//! [`program`] is the seam: what the core asks of a model, whatever its type. A [`Density`] is a program of known shape,
//! of which closed forms are known and the rest is scored by visits.

pub(crate) mod blocks;
pub(crate) mod bordered;
pub(crate) mod bumps;
mod chain;
pub(crate) mod closed;
pub(crate) mod closing;
pub(crate) mod conditional;
pub(crate) mod elimination;
mod explained;
pub(crate) mod field;
pub(crate) mod forms;
pub(crate) mod gaussian_globals;
pub(crate) mod given_others;
pub(crate) mod integrated;
pub mod joint;
mod lanes;
pub(crate) mod mode;
mod order;
mod plain;
pub(crate) mod presumed;
pub(crate) mod prior;
mod prior_moves;
pub(crate) mod program;
pub(crate) mod shape;
pub(crate) mod spoilt;
pub(crate) mod tape;
mod theta;
pub(crate) mod typed;

use crate::linalg::envelope::Envelope;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::options::{Estimator, GlobalFactor, Options};
use crate::sampling::noise::NoiseSize;
use blocks::BlockLayout;
use closed::{BlockPoint, ClosedBlock, ClosedTable};
use closing::{Closing, OutsideForms};
pub use explained::{Explained, Taken};
use program::{LogParts, Masks, Program};
use shape::Shape;
use std::sync::{Arc, OnceLock};

/// A model with its data as a function of coordinates.
pub(crate) struct Density<'a> {
    pub(crate) program: Box<dyn Program + 'a>,
    pub(crate) layout: BlockLayout,
    /// M + 1 offsets of the tasks' unconstrained coordinates.
    pub(crate) offsets: Vec<usize>,
    /// How many tasks there are; more than the program holds if it is a batch of them.
    pub(crate) total_tasks: usize,
    /// The sites without a closed form.
    pub(crate) open: Masks,
    /// Those of them whose expectation is a sum over nodes.
    pub(crate) integrated: Masks,
    /// Those of them whose expectation is a mean over draws.
    pub(crate) drawn: Masks,
    /// How the expectation of each site is taken: of the globals, the locals, the observed ones.
    pub(crate) taken: Vec<Taken>,
    /// Everything outside the plate, whether it has a closed form or not.
    all_outside: SiteMask,
    closed_outside: Arc<ClosedTable>,
    closed_tasks: ClosedTable,
    /// Whether anything outside the plate has no closed form.
    pub(crate) samples_outside: bool,
    /// Whether anything of a task has none.
    pub(crate) samples_tasks: bool,
    /// By observed site: whether it is outside the plate.
    observed_outside: Vec<bool>,
    /// By local site: whether it is a multivariate normal of a task's first coordinates given theta.
    normal: Vec<bool>,
    /// Whether that is the same for all tasks, so that its expectation is a matter of theta alone.
    pub(crate) has_shared_prior: bool,
    /// By task, once asked for: where the rows of its precision given theta end, if that helps.
    envelopes: OnceLock<Vec<Option<Arc<Envelope>>>>,
    /// Which of the two parts have sites whose expectation is a sum over nodes.
    pub(crate) integrates: Places,
    /// Which have sites whose expectation is a mean over draws.
    pub(crate) draws: Places,
}

/// How the latents of a density are written, and which of its sites are taken in closed form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writing<'a> {
    /// By local site: whether as loc + scale * u; false past the end.
    pub(crate) non_centred: &'a [bool],
    pub(crate) estimator: Estimator,
    /// Whether the log-Jacobian of theta counts.
    pub(crate) jacobian: bool,
}

impl<'a> Writing<'a> {
    /// Everything centred and in closed form where possible.
    pub(crate) const CENTRED: Writing<'static> =
        Writing { non_centred: &[], estimator: Estimator::ClosedForm, jacobian: true };

    pub(crate) fn new(non_centred: &'a [bool], options: &Options) -> Self {
        Self { non_centred, estimator: options.estimator, jacobian: options.global == GlobalFactor::MeanField }
    }

    /// The masks under which every site counts, its latents so written.
    fn masks(&self, signature: &Signature) -> Masks {
        let mut masks = Masks::all(signature);
        masks.outside.jacobian = self.jacobian;
        let sites = masks.tasks.non_centred.iter_mut().zip(self.non_centred);
        sites.for_each(|(to, from)| *to = *from);
        masks
    }

    /// The blocks of a model of known shape, and the masks under which every site counts, its latents so written.
    fn layout(&self, signature: &Signature, shape: &Shape) -> (BlockLayout, Masks) {
        let written = self.masks(signature);
        let identity = shape.local_identity && !written.tasks.non_centred.contains(&true);
        (BlockLayout { identity, ..BlockLayout::new(signature, shape.global.clone(), shape.widest) }, written)
    }
}

/// Whether something is true outside the plate, and of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) outside: bool,
    pub(crate) tasks: bool,
}

/// The closed-form sums of one task, or of what is outside the plate.
#[derive(Clone, Copy)]
pub(crate) struct ClosedParts<'a> {
    pub(crate) latents: ClosedBlock<'a>,
    pub(crate) data: ClosedBlock<'a>,
}

impl ClosedParts<'_> {
    /// The sums at a point of the block's coordinates; adds their gradient.
    #[inline]
    pub(crate) fn at_point(&self, point: BlockPoint<'_>, gradient: &mut [f64]) -> f64 {
        self.latents.at_point(point, gradient) + self.data.at_point(point, gradient)
    }
}

impl<'a> Density<'a> {
    /// The density of a program of known shape.
    pub(crate) fn new(program: Box<dyn Program + 'a>, shape: &Shape, writing: Writing<'_>) -> Self {
        let outside = Self::outside_forms(&*program, shape, writing);
        let closing = Self::closing(&*program, shape, writing, outside);
        Self::with_closing(program, shape, writing, closing)
    }

    /// The closed forms outside the plate of a program of known shape.
    pub(crate) fn outside_forms(program: &dyn Program, shape: &Shape, writing: Writing<'_>) -> OutsideForms {
        let (layout, written) = writing.layout(&program.signature(), shape);
        OutsideForms::of(program, &layout, written, writing.estimator)
    }

    /// The closed forms of a program of known shape, of which those outside the plate are known.
    pub(crate) fn closing(
        program: &dyn Program,
        shape: &Shape,
        writing: Writing<'_>,
        outside: OutsideForms,
    ) -> Closing {
        let (layout, written) = writing.layout(&program.signature(), shape);
        Closing::of(program, &layout, written, writing.estimator, outside)
    }

    /// The density of a program of known shape, whose closed forms are known.
    pub(crate) fn with_closing(
        program: Box<dyn Program + 'a>,
        shape: &Shape,
        writing: Writing<'_>,
        closing: Closing,
    ) -> Self {
        let signature = program.signature();
        let (layout, _) = writing.layout(&signature, shape);
        let (integrated, drawn) = (closing.integrated(), closing.drawn());
        let taken = closing.explain(&signature);
        let Closing { outside, tasks, open, normal, has_shared_prior, .. } = closing;
        let mut all_outside = open.outside.clone();
        all_outside.latents.fill(true);
        all_outside.observed.fill(true);
        let any = |mask: &SiteMask, outside: bool| {
            let observed = || mask.observed.iter().zip(&shape.observed_outside);
            mask.latents.contains(&true) || observed().any(|(&marked, &place)| marked && place == outside)
        };
        let places = |masks: &Masks| Places {
            outside: any(&masks.outside, true),
            tasks: shape.num_tasks() > 0 && any(&masks.tasks, false),
        };
        let Places { outside: samples_outside, tasks: samples_tasks } = places(&open);
        Self {
            program,
            samples_outside,
            samples_tasks,
            observed_outside: shape.observed_outside.clone(),
            normal,
            has_shared_prior,
            envelopes: OnceLock::new(),
            integrates: places(&integrated),
            draws: places(&drawn),
            layout,
            offsets: shape.offsets.clone(),
            total_tasks: shape.num_tasks(),
            open,
            integrated,
            drawn,
            taken,
            all_outside,
            closed_outside: outside,
            closed_tasks: tasks,
        }
    }

    pub(crate) fn num_tasks(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn num_globals(&self) -> usize {
        self.layout.num_globals()
    }

    /// Whether a task has data with closed forms.
    pub(crate) fn has_closed_data(&self) -> bool {
        self.has_task_data(|is_open| !is_open)
    }

    /// Whether a task has data without.
    fn has_open_data(&self) -> bool {
        self.has_task_data(|is_open| is_open)
    }

    fn has_task_data(&self, is_such: impl Fn(bool) -> bool) -> bool {
        let mut sites = self.open.tasks.observed.iter().zip(&self.observed_outside);
        sites.any(|(&is_open, &is_outside)| is_such(is_open) && !is_outside)
    }

    /// Whether any expectation is a mean over draws.
    pub(crate) fn is_sampled(&self) -> bool {
        self.draws.outside || self.draws.tasks || self.has_shared_prior
    }

    /// Whether any expectation is a sum over nodes.
    pub(crate) fn is_integrated(&self) -> bool {
        self.integrates.outside || self.integrates.tasks
    }

    /// The most coordinates that anything is differentiated in at once.
    pub(crate) fn widest_block(&self) -> usize {
        self.num_globals().max(self.layout.task_reads.len() + self.layout.widest.coordinates)
    }

    /// The size of so many draws of everything.
    pub(crate) fn noise_size(&self, draws: usize) -> NoiseSize {
        NoiseSize { draws, globals: self.num_globals(), locals: self.layout.widest.coordinates }
    }

    /// The closed forms outside the plate.
    pub(crate) fn closed_outside(&self) -> ClosedParts<'_> {
        ClosedParts { latents: self.closed_outside.block(0), data: self.closed_outside.block(1) }
    }

    /// The closed forms of task i, in the coordinates (globals that tasks read, task's own).
    pub(crate) fn closed_task(&self, i: usize) -> ClosedParts<'_> {
        ClosedParts { latents: self.closed_tasks.block(2 * i), data: self.closed_tasks.block(2 * i + 1) }
    }

    /// E\[exp\] of the exponents that tasks share, given mean and variance of the globals.
    pub(crate) fn shared(&self, loc: &[f64], variance: &[f64]) -> Vec<f64> {
        self.closed_tasks.shared(loc, variance)
    }

    /// exp of the exponents that tasks share, at a point.
    pub(crate) fn shared_at(&self, theta: &[f64]) -> Vec<f64> {
        self.shared(theta, &vec![0.0; theta.len()])
    }

    /// Everything that counts outside the plate, whether it has a closed form or not.
    pub(crate) fn all_outside(&self, theta: &[f64]) -> LogParts {
        self.program.outside(&self.all_outside, theta)
    }
}

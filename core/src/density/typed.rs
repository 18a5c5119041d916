//! A model as a program: the only place where what the core asks meets the types of a model.

use crate::density::blocks::BlockLayout;
use crate::density::lanes::LaneThetas;
use crate::density::order::{First, GlobalN, Second, TypedOrder};
use crate::density::plain::PlainThetas;
use crate::density::program::{
    Discovery, Fixed, LogParts, Masks, Numbers, Program, Recorder, Scoring, Structured, TaskPoint,
};
use crate::density::tape::{TapeRecorder, TapeThetas, WIDEST_SECOND};
use crate::density::theta::globals;
use crate::guide::{Guide, MeanField};
use crate::interpret::classes::{self, Classes};
use crate::interpret::classify::{Classify, Say};
use crate::interpret::discover::{Discover, LevelVisit, Start};
use crate::interpret::log_density::LogDensity;
use crate::interpret::prior_draw::PriorDraw;
use crate::interpret::rewrite::{FactorOf, Rewrite, Rewriting};
use crate::interpret::structure::{Structure, Visitor};
use crate::model::level::Level;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::{Globals, Latents, Locals, Model};
use crate::numbers::nodal::Nodal;
use crate::numbers::number::Real;
use crate::numbers::pass::{Derivatives, Order, passes};
use rand::Rng;

impl<M: Model> Program for Subset<'_, M> {
    fn signature(&self) -> Signature {
        Signature::of::<M>()
    }

    fn num_tasks(&self) -> usize {
        self.num_tasks()
    }

    fn task_label(&self, task: usize) -> Option<String> {
        self.task_label(task)
    }

    fn all(&self) -> Box<dyn Program + '_> {
        Box::new(self.clone())
    }

    fn some(&self, tasks: &[usize]) -> Box<dyn Program + '_> {
        Box::new(self.of(tasks))
    }

    fn discover<'p>(&'p self, start: &'p Start) -> Discovery<'p> {
        let mut visit = Discover::new(start, None);
        let mut global = Default::default();
        self.model.global(&mut visit, &mut global);
        let task = move |i: usize| -> LevelVisit {
            let mut visit = Discover::new(start, Some(i));
            let mut local = Default::default();
            self.model.local(&mut visit, &global, self.task(i), &mut local);
            if visit.error.is_none() {
                self.model.likelihood(&mut visit, &global, &local, self.task(i));
            }
            visit.finish()
        };
        Discovery { outside: visit.finish(), task: Box::new(task) }
    }

    fn task_level(&self, start: &Start, task: usize) -> Level {
        let (mut global, mut local) = (Default::default(), Default::default());
        self.model.global(&mut Discover::new(start, None), &mut global);
        let mut visit = Discover::new(start, Some(task));
        self.model.local(&mut visit, &global, self.task(task), &mut local);
        if M::HAS_CLASSES {
            self.model.likelihood(&mut visit, &global, &local, self.task(task));
        }
        visit.finish().level
    }

    fn structure<'p>(&'p self, masks: &'p Masks, theta: &[f64], visitor: &mut dyn Visitor) -> Box<dyn Structured + 'p> {
        let mut global = Default::default();
        self.model.global(&mut Structure::new(theta, 0, &masks.outside, visitor), &mut global);
        Box::new(StructuredGlobals { program: self, num_globals: theta.len(), global, mask: &masks.tasks })
    }

    fn outside(&self, mask: &SiteMask, theta: &[f64]) -> LogParts {
        let coordinates: Vec<Real<f64>> = theta.iter().map(|&u| Real(u)).collect();
        let mut run = LogDensity::new(&coordinates, mask);
        self.model.global(&mut run, &mut Default::default());
        LogParts { latents: run.latents.value(), data: run.data().value() }
    }

    fn expand_outside(&self, order: Order, mask: &SiteMask, theta: &[f64], out: &mut Derivatives) -> LogParts {
        match order {
            Order::First => self.expand_global::<First>(mask, theta, out),
            Order::Second => self.expand_global::<Second>(mask, theta, out),
        }
    }

    fn fix<'p>(&'p self, scoring: Scoring, layout: &'p BlockLayout, thetas: &[Vec<f64>]) -> Box<dyn Fixed + 'p> {
        let is_wide = layout.task_reads.is_empty() && layout.widest.coordinates > WIDEST_SECOND;
        match scoring {
            Scoring::Value => Box::new(PlainThetas::new(self, layout, thetas)),
            Scoring::Derivatives(Order::First) => Box::new(LaneThetas::<M, First>::new(self, layout, thetas)),
            Scoring::Derivatives(Order::Second) if is_wide => Box::new(TapeThetas::new(self, thetas)),
            Scoring::Derivatives(Order::Second) => Box::new(LaneThetas::<M, Second>::new(self, layout, thetas)),
        }
    }

    fn recorder(&self) -> Box<dyn Recorder + '_> {
        Box::new(TapeRecorder::<M, 1>::new(self))
    }

    fn draw_globals(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let mut draw = PriorDraw::new(rng);
        self.model.global(&mut draw, &mut Default::default());
        draw.coordinates
    }

    fn global_values(&self, theta: &[f64], out: &mut Vec<f64>) {
        out.clear();
        let global = self.plain_globals(theta);
        M::Global::map(&global, &mut Default::default(), |x: &Real<f64>| out.push(x.0));
    }

    fn local_values(&self, theta: &[f64], at: &TaskPoint<'_>, numbers: Numbers, out: &mut Vec<f64>) {
        out.clear();
        let theta = self.plain_globals(theta);
        let mut local = self.continuous_locals(&theta, at.unscored, at.task, at.u);
        if numbers == Numbers::All {
            local = self.classified(&theta, local, at.task, Say::All).latents;
        }
        M::Local::map(&local, &mut Default::default(), |x: &Real<f64>| out.push(x.0));
    }

    fn rewrite(&self, guide: &Guide, how: Rewriting<'_>) -> MeanField {
        let theta = self.plain_globals(&guide.global.loc);
        let mut local = MeanField::default();
        for i in 0..guide.num_tasks() {
            let range = guide.task(i);
            let read = FactorOf { loc: &guide.local.loc[range.clone()], ln_scale: &guide.local.ln_scale[range] };
            let mut run = Rewrite::new(how, read);
            self.model.local(&mut run, &theta, self.task(i), &mut Default::default());
            local.loc.append(&mut run.loc);
            local.ln_scale.append(&mut run.ln_scale);
        }
        local
    }
}

impl<M: Model> Subset<'_, M> {
    /// The globals at the unconstrained `theta`.
    pub(crate) fn plain_globals(&self, theta: &[f64]) -> Globals<M, f64> {
        globals(self, theta, |_, u| Real(u))
    }

    /// The latents of a task at the unconstrained `u`, given the globals, written as the mask says, with the classes of its
    /// discrete ones; nothing else is scored.
    pub(crate) fn plain_locals(
        &self,
        theta: &Globals<M, f64>,
        unscored: &SiteMask,
        task: usize,
        u: &[f64],
    ) -> Classified<M> {
        self.classified(theta, self.continuous_locals(theta, unscored, task, u), task, Say::All)
    }

    /// The same without the classes.
    fn continuous_locals(
        &self,
        theta: &Globals<M, f64>,
        unscored: &SiteMask,
        task: usize,
        u: &[f64],
    ) -> Locals<M, f64> {
        let coordinates: Vec<Real<f64>> = u.iter().map(|&u| Real(u)).collect();
        let mut local = Default::default();
        self.model.local(&mut LogDensity::new(&coordinates, unscored), theta, self.task(task), &mut local);
        local
    }

    /// The latents of a task with the classes of its discrete ones, given the others.
    pub(crate) fn classified(
        &self,
        theta: &Globals<M, f64>,
        mut latents: Locals<M, f64>,
        task: usize,
        say: Say,
    ) -> Classified<M> {
        let mut classes = Vec::new();
        if M::HAS_CLASSES {
            let mut run = Classify::new(&[], say);
            self.model.likelihood(&mut run, theta, &latents, self.task(task));
            classes = run.found;
            classes::fill::<M::Local>(&mut latents, &classes);
        }
        Classified { latents, classes }
    }

    fn expand_global<O: TypedOrder>(&self, mask: &SiteMask, theta: &[f64], out: &mut Derivatives) -> LogParts {
        out.reset(theta.len(), O::ORDER);
        let mut parts = LogParts::default();
        let mut scratch = Default::default();
        for pass in passes::<GlobalN<M, O>>(theta.len()) {
            let coordinates: Vec<Real<GlobalN<M, O>>> =
                theta.iter().enumerate().map(|(j, &u)| pass.seed(u, j)).collect();
            let mut run = LogDensity::new(&coordinates, mask);
            self.model.global(&mut run, &mut scratch);
            let data = run.data();
            out.take(&(run.latents + data).0, &pass);
            parts = LogParts { latents: run.latents.value(), data: data.value() };
        }
        parts
    }
}

/// The latents of a task, and the classes of its discrete ones.
pub(crate) struct Classified<M: Model> {
    pub(crate) latents: Locals<M, f64>,
    pub(crate) classes: Vec<Classes>,
}

/// The globals as numbers of known structure, for tasks to be shown.
struct StructuredGlobals<'p, 'a, M: Model> {
    program: &'p Subset<'a, M>,
    num_globals: usize,
    global: Globals<M, Nodal>,
    mask: &'p SiteMask,
}

impl<M: Model> Structured for StructuredGlobals<'_, '_, M> {
    fn task(&self, task: usize, u: &[f64], visitor: &mut dyn Visitor) {
        let Self { program, global, .. } = self;
        let mut visit = self.visit(u, visitor);
        let mut local = Default::default();
        program.model.local(&mut visit, global, program.task(task), &mut local);
        program.model.likelihood(&mut visit, global, &local, program.task(task));
    }

    fn latents(&self, task: usize, u: &[f64], visitor: &mut dyn Visitor) {
        let Self { program, global, .. } = self;
        program.model.local(&mut self.visit(u, visitor), global, program.task(task), &mut Default::default());
    }
}

impl<M: Model> StructuredGlobals<'_, '_, M> {
    fn visit<'v>(&'v self, u: &'v [f64], visitor: &'v mut dyn Visitor) -> Structure<'v> {
        Structure::new(u, self.num_globals, self.mask, visitor)
    }
}

//! Tasks scored without derivatives.

use crate::density::blocks::BlockLayout;
use crate::density::prior::NormalPrior;
use crate::density::program::{Fixed, LogParts, Scorer};
use crate::interpret::by_node::ByNode;
use crate::interpret::log_density::LogDensity;
use crate::interpret::prior::FirstNormal;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::{Globals, Locals, Model};
use crate::numbers::number::Real;
use crate::numbers::pass::Derivatives;

/// A model with theta fixed at some values, as plain numbers.
pub(crate) struct PlainThetas<'p, M: Model> {
    program: &'p Subset<'p, M>,
    layout: &'p BlockLayout,
    thetas: Vec<Globals<M, f64>>,
}

impl<'p, M: Model> PlainThetas<'p, M> {
    pub(crate) fn new(program: &'p Subset<'p, M>, layout: &'p BlockLayout, thetas: &[Vec<f64>]) -> Self {
        Self { program, layout, thetas: thetas.iter().map(|u| program.plain_globals(u)).collect() }
    }
}

impl<M: Model> Fixed for PlainThetas<'_, M> {
    fn scorer<'f>(&'f self, mask: &'f SiteMask) -> Box<dyn Scorer + 'f> {
        Box::new(PlainScorer {
            fixed: self,
            mask,
            coordinates: Vec::new(),
            local: Default::default(),
            first: FirstNormal::default(),
        })
    }
}

struct PlainScorer<'f, M: Model> {
    fixed: &'f PlainThetas<'f, M>,
    mask: &'f SiteMask,
    coordinates: Vec<Real<f64>>,
    local: Locals<M, f64>,
    first: FirstNormal<f64>,
}

impl<M: Model> Scorer for PlainScorer<'_, M> {
    fn score(&mut self, theta: usize, task: usize, u: &[f64], out: &mut Derivatives) -> LogParts {
        let parts = self.visit(theta, task, u, None);
        out.value = parts.total();
        parts
    }

    fn score_by_node(&mut self, theta: usize, task: usize, u: &[f64], out: &mut ByNode) {
        self.visit(theta, task, u, Some(out));
    }

    fn prior(&mut self, theta: usize, task: usize, out: &mut NormalPrior) -> bool {
        out.clear();
        let first = self.first_normal(theta, task);
        out.mean.extend(first.mean.iter().map(|x| x.0));
        out.tril.extend(first.tril.iter().map(|x| x.0));
        first.found
    }

    fn natural_prior(&mut self, theta: usize, task: usize, out: &mut Vec<Derivatives>) {
        let value = |parameter: Real<f64>| Derivatives { value: parameter.0, ..Derivatives::default() };
        out.clear();
        out.extend(self.first_normal(theta, task).natural_parameters().into_iter().map(value));
    }
}

impl<M: Model> PlainScorer<'_, M> {
    /// The normal of a task's first latents.
    fn first_normal(&mut self, theta: usize, task: usize) -> &FirstNormal<f64> {
        let PlainThetas { program, layout, thetas } = self.fixed;
        self.coordinates.clear();
        self.coordinates.resize(layout.widest.coordinates, Real(0.0));
        let mut run = LogDensity::telling(&self.coordinates, self.mask, &mut self.first);
        program.model.local(&mut run, &thetas[theta], program.task(task), &mut self.local);
        &self.first
    }

    /// Scores a task; apart by the turns of nested plates where that is wanted, and all together where not.
    fn visit(&mut self, theta: usize, task: usize, u: &[f64], mut by_node: Option<&mut ByNode>) -> LogParts {
        let PlainThetas { program, thetas, .. } = self.fixed;
        let (model, theta, task) = (program.model, &thetas[theta], program.task(task));
        self.coordinates.clear();
        self.coordinates.extend(u.iter().map(|&u| Real(u)));
        let mut run = LogDensity::new(&self.coordinates, self.mask);
        if let Some(sums) = &mut by_node {
            sums.clear();
            run = LogDensity::by_node(&self.coordinates, self.mask, sums);
        }
        model.local(&mut run, theta, task, &mut self.local);
        run.end_latents();
        if self.mask.has_data() {
            model.likelihood(&mut run, theta, &self.local, task);
        }
        run.hand_over();
        LogParts { latents: run.latents.value(), data: run.data().value() }
    }
}

//! Expectations over nodes: of sites whose log density is a function of few leaves.

use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{LogParts, Structured};
use crate::elbo::Bound;
use crate::elbo::leaf_normal::{LeafNormal, Wanted};
use crate::elbo::nodes::Nodes;
use crate::guide::Guide;
use crate::interpret::structure::{Absent, SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::expression::forgetting;
use crate::numbers::leaves::{self, LeafFunction};

/// What takes expectations over nodes of tasks, one after another, in one thread: whoever makes it forgets its forms.
pub(super) struct Integral<'b> {
    bound: &'b Bound<'b>,
    guide: &'b Guide,
    structured: Box<dyn Structured + 'b>,
    normal: LeafNormal,
}

impl<'b> Integral<'b> {
    /// `None` where no task has a site to be integrated.
    pub(super) fn of_tasks(bound: &'b Bound<'b>, guide: &'b Guide) -> Option<Self> {
        let density = bound.density;
        density.integrates.tasks.then(|| {
            let structured = density.program.structure(&density.integrated, &guide.global.loc, &mut Absent);
            Self { bound, guide, structured, normal: LeafNormal::default() }
        })
    }

    /// Expected log densities of a task; adds their derivatives to `sum`.
    pub(super) fn of_task(
        &mut self,
        task: usize,
        seen: BlockView<'_>,
        wanted: Wanted,
        sum: &mut GuideDerivatives,
    ) -> LogParts {
        let Bound { density, nodes, .. } = self.bound;
        let u = &self.guide.local.loc[self.guide.task(task)];
        let mut parts = LogParts::default();
        let mut integrator = Integrator {
            nodes: *nodes,
            mask: &density.integrated.tasks,
            block: Block { seen, reads: Some(&density.layout.task_reads), num_globals: density.num_globals() },
            wanted,
            normal: &mut self.normal,
            parts: &mut parts,
            sum,
        };
        forgetting(|| self.structured.task(task, u, &mut integrator));
        parts
    }
}

impl Bound<'_> {
    /// Expected log densities of the sites outside the plate that are integrated; adds their derivatives to `sum`.
    pub(super) fn integral_outside(&self, seen: BlockView<'_>, wanted: Wanted, sum: &mut GuideDerivatives) -> LogParts {
        let Bound { density, nodes, .. } = self;
        let mut parts = LogParts::default();
        if density.integrates.outside {
            let mut integrator = Integrator {
                nodes: *nodes,
                mask: &density.integrated.outside,
                block: Block { seen, reads: None, num_globals: density.num_globals() },
                wanted,
                normal: &mut LeafNormal::default(),
                parts: &mut parts,
                sum,
            };
            forgetting(|| {
                density.program.structure(&density.integrated, seen.loc, &mut integrator);
            });
        }
        parts
    }
}

/// Where the guide has the coordinates of a block, and which of its coordinates come first.
#[derive(Clone, Copy)]
struct Block<'a> {
    seen: BlockView<'a>,
    /// The globals that the block begins with, ascending; `None` for all there are.
    reads: Option<&'a [usize]>,
    num_globals: usize,
}

impl Block<'_> {
    /// The place in the block of a coordinate.
    fn slot(&self, coordinate: usize) -> usize {
        let Some(reads) = self.reads else { return coordinate };
        match coordinate.checked_sub(self.num_globals) {
            Some(local) => reads.len() + local,
            None => reads.binary_search(&coordinate).expect("a block names only globals that it reads"),
        }
    }
}

/// Sums expectations of the sites of a block.
struct Integrator<'a> {
    nodes: Nodes,
    /// The sites that count.
    mask: &'a SiteMask,
    block: Block<'a>,
    wanted: Wanted,
    normal: &'a mut LeafNormal,
    parts: &'a mut LogParts,
    sum: &'a mut GuideDerivatives,
}

impl Visitor for Integrator<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        match site {
            SiteAt::Latent(id) if self.mask.latents[id] => self.parts.latents += self.expectation(density.value),
            SiteAt::Observed(id) if self.mask.observed[id] => self.parts.data += self.expectation(density.value),
            _ => {}
        }
    }
}

impl Integrator<'_> {
    /// The expectation of a density; NaN if that turns out not to be a function of few leaves, so that the ELBO says so.
    fn expectation(&mut self, density: &dyn Fn() -> LeafFunction) -> f64 {
        leaves::begin();
        leaves::evaluate(density);
        // more leaves may be met at some nodes, a few times at most
        while let Some(count) = leaves::count() {
            let block = self.block;
            self.normal.meet(count, block.seen, |coordinate| block.slot(coordinate));
            if let Some(value) = self.normal.expect(count, self.nodes, density, self.wanted, self.sum) {
                return value;
            }
        }
        f64::NAN
    }
}

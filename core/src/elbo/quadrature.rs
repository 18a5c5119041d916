//! Expectations over nodes: of sites whose log density is a function of few leaves.

use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::{LogParts, Structured};
use crate::elbo::Bound;
use crate::elbo::leaf_normal::{Asked, LeafNormal, Wanted};
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
            asked: Asked { nodes: *nodes, wanted },
            mask: &density.integrated.tasks,
            block: Block { seen, reads: Some(&density.layout.task_reads), num_globals: density.num_globals() },
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
                asked: Asked { nodes: *nodes, wanted },
                mask: &density.integrated.outside,
                block: Block { seen, reads: None, num_globals: density.num_globals() },
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
    asked: Asked,
    /// The sites that count.
    mask: &'a SiteMask,
    block: Block<'a>,
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
            if let Some(value) = self.normal.expect(count, self.asked, density, self.sum) {
                return value;
            }
        }
        f64::NAN
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::shape::Shape;
    use crate::density::{Density, Writing};
    use crate::elbo::nodes::Nodes;
    use crate::guide::MeanField;
    use crate::interpret::discover::Start;
    use crate::model::subset::Subset;
    use crate::prelude::*;
    use crate::special::ln_1p_exp;

    model! {
        /// A predictor and a scale.
        Pooled(data: &[(f64, f64, bool)]) {
            a ~ Normal(0.0, 1.0);
            b ~ Normal(0.0, 1.0);
            s ~ HalfCauchy(0.7);
            for &(x, y, hit) in data {
                hit ~ BernoulliLogit(a + b * x);
                y ~ StudentT(4.0, a + b * x, s);
                factor((a + b * x).sigmoid() * s);
            }
        }
    }

    /// E\[f(z)\] of z ~ Normal(mean, sd^2), by a fine grid.
    fn on_a_grid(mean: f64, sd: f64, f: impl Fn(f64) -> f64) -> f64 {
        let (step, half) = (0.02, 450);
        let density = |t: f64| (-0.5 * t * t).exp() / std::f64::consts::TAU.sqrt();
        (-half..=half).map(|k| step * f64::from(k)).map(|t| step * density(t) * f(mean + sd * t)).sum()
    }

    #[test]
    fn expectations_are_those_of_a_dense_grid() {
        let data = [(-0.5, 0.3, true), (0.8, -0.9, false), (1.5, 2.0, true)];
        let model = Pooled::new(&data);
        let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("the data are valid");
        let density = Density::new(Box::new(Subset::all(&model)), &shape, Writing::CENTRED);
        assert!(!density.is_sampled());
        let global = MeanField { loc: vec![0.3, -0.4, 0.5], ln_scale: vec![-1.0, -1.3, -1.2] };
        let guide = Guide { global: global.clone(), local: MeanField::default(), offsets: shape.offsets.clone() };
        let variance = |j: usize| (2.0 * global.ln_scale[j]).exp();
        let (ln_s, sd) = (global.loc[2], variance(2).sqrt());
        let mut expected = 0.0;
        for (x, y, hit) in data {
            let (mean, spread) = (global.loc[0] + global.loc[1] * x, (variance(0) + variance(1) * x * x).sqrt());
            let sign = if hit { 1.0 } else { -1.0 };
            expected += on_a_grid(mean, spread, |eta| -ln_1p_exp(-sign * eta));
            expected += on_a_grid(ln_s, sd, |ln_s| {
                on_a_grid(mean, spread, |eta| StudentT(4.0, eta, ln_s.exp()).ln_density::<f64>(y).0)
            });
            expected += on_a_grid(ln_s, sd, f64::exp) * on_a_grid(mean, spread, crate::special::sigmoid);
        }
        let of_s = on_a_grid(ln_s, sd, |u| Distribution::<f64>::ln_density(&HalfCauchy(0.7), u.exp()).0 + u);
        let (mut nodes, mut worst) = (Some(Nodes::first()), Vec::new());
        while let Some(these) = nodes {
            let elbo = Bound::new(&density, 1, 0).with_nodes(these).value(&guide);
            worst.push((elbo.reconstruction.iter().sum::<f64>() - expected).abs());
            nodes = these.finer();
        }
        let last = worst[worst.len() - 1];
        assert!(worst[0] < 0.05 && last < 1e-6, "{worst:?}");
        let without: f64 = [0, 1].map(|j| -0.5 * (global.loc[j] * global.loc[j] + variance(j))).iter().sum();
        let latents = without - 2.0 * crate::special::LN_SQRT_2PI + of_s;
        let nodes = Nodes::first().finer().and_then(Nodes::finer).expect("there are finer nodes");
        let found = -Bound::new(&density, 1, 0).with_nodes(nodes).value(&guide).global_kl - guide.global.entropy(0..3);
        assert!((found - latents).abs() < 1e-6, "{found} and {latents}");
    }
}

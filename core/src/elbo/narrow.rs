//! Which directions of the leaves are narrow: a rule of two nodes is enough in them.
//!
//! With t the directions of L in z = m + L t, and g_d(t_d) the mean of f(z) over the others, let p be the polynomial through
//! g_d at the K = 5 nodes t_k of a Gauss-Hermite rule. Two nodes, at -1 and 1, miss of the expectation of p
//!
//! ```text
//! E p - (p(-1) + p(1)) / 2 = sum_k (w_k - q_k) g_d(t_k),  q_k = (l_k(-1) + l_k(1)) / 2
//! ```
//!
//! with l_k the polynomials of Lagrange: about s^4 f'''' / 12 for a direction of standard deviation s. A direction is narrow
//! at a site where that adds up to little over all data: means and standard deviations then move by little, as an error of
//! e nats that goes with s^4 has the derivative 4 e in ln s. Globals that many data know are narrow so, as is what a
//! function bends little in.

use crate::density::closed::BlockView;
use crate::elbo::Bound;
use crate::elbo::expectation::BlockMoments;
use crate::elbo::leaf_normal::LeafNormal;
use crate::elbo::nodes::{Cubature, NarrowDirections, NarrowSites};
use crate::elbo::quadrature::Block;
use crate::guide::{Guide, variances};
use crate::interpret::structure::{Absent, SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::expression::forgetting;
use crate::numbers::leaves::{self, LeafFunction, MOST_LEAVES};
use crate::numbers::number::Number;
use std::sync::LazyLock;

/// How many tasks are looked at, evenly spaced.
const LOOKED_AT: usize = 64;
/// What two nodes in a direction may miss in all, in nats.
const LITTLE: f64 = 0.01;
/// K.
const PROBES: usize = 5;

impl Bound<'_> {
    /// The same with few nodes in the directions that are narrow at a guide.
    pub(crate) fn narrowed_at(mut self, guide: &Guide) -> Self {
        let density = self.density;
        let mut normal = LeafNormal::default();
        if density.integrates.outside {
            let variance = variances(&guide.global.ln_scale);
            let seen = BlockView { loc: &guide.global.loc, variance: &variance, exps: &[] };
            let (mask, block) = (&density.integrated.outside, Block::outside(density, seen));
            let mut missed = Missed::new(mask);
            let mut look = Look { mask, block, normal: &mut normal, missed: &mut missed };
            forgetting(|| drop(density.program.structure(&density.integrated, &guide.global.loc, &mut look)));
            self.nodes.outside = missed.narrow(1.0);
        }
        if density.integrates.tasks {
            self.nodes.tasks = self.narrow_in_tasks(guide, &mut normal);
        }
        self
    }

    /// The narrow directions at the sites of tasks.
    fn narrow_in_tasks(&self, guide: &Guide, normal: &mut LeafNormal) -> NarrowSites {
        let (density, globals) = (self.density, self.global_moments(guide));
        let (all, mask) = (density.num_tasks(), &density.integrated.tasks);
        let count = all.min(LOOKED_AT);
        let mut missed = Missed::new(mask);
        forgetting(|| {
            let structured = density.program.structure(&density.integrated, &guide.global.loc, &mut Absent);
            let mut moments = BlockMoments::of(&globals);
            for task in (0..count).map(|k| k * all / count) {
                moments.fill(&globals, guide, task);
                let block = Block::of_task(density, moments.seen(&globals));
                let mut look = Look { mask, block, normal: &mut *normal, missed: &mut missed };
                forgetting(|| structured.task(task, &guide.local.loc[guide.task(task)], &mut look));
            }
        });
        missed.narrow(all as f64 / count.max(1) as f64)
    }
}

/// What two nodes in each direction miss, of densities of one, two and three leaves, in nats; and how many were met.
#[derive(Clone, Copy, Debug, Default)]
struct MissedAtSite {
    nats: [[f64; MOST_LEAVES]; MOST_LEAVES],
    met: [usize; MOST_LEAVES],
}

/// What is missed at each site of a block.
#[derive(Clone, Debug)]
struct Missed {
    latents: Vec<MissedAtSite>,
    observed: Vec<MissedAtSite>,
}

impl MissedAtSite {
    fn narrow(&self, weight: f64) -> NarrowDirections {
        std::array::from_fn(|leaves| {
            let is_narrow = |direction: usize| self.met[leaves] > 0 && weight * self.nats[leaves][direction] < LITTLE;
            (0..=leaves).filter(|&direction| is_narrow(direction)).map(|direction| 1 << direction).sum()
        })
    }
}

impl Missed {
    fn new(mask: &SiteMask) -> Self {
        let sites = |mask: &[bool]| vec![MissedAtSite::default(); mask.len()];
        Self { latents: sites(&mask.latents), observed: sites(&mask.observed) }
    }

    /// The narrow directions, where each density looked at stands for `weight` of them.
    fn narrow(&self, weight: f64) -> NarrowSites {
        let narrow = |sites: &[MissedAtSite]| sites.iter().map(|site| site.narrow(weight)).collect();
        NarrowSites { latents: narrow(&self.latents), observed: narrow(&self.observed) }
    }
}

/// Looks at the sites of a block.
struct Look<'a> {
    /// The sites that count.
    mask: &'a SiteMask,
    block: Block<'a>,
    normal: &'a mut LeafNormal,
    missed: &'a mut Missed,
}

impl Visitor for Look<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        let missed = match site {
            SiteAt::Latent(id) if self.mask.latents[id] => &mut self.missed.latents[id],
            SiteAt::Observed(id) if self.mask.observed[id] => &mut self.missed.observed[id],
            _ => return,
        };
        self.block.over_leaves(self.normal, density.value, |normal, count| {
            let by_direction = match count {
                0 => return Some(()),
                1 => by_two_nodes::<1>(normal, density.value),
                2 => by_two_nodes::<2>(normal, density.value),
                _ => by_two_nodes::<3>(normal, density.value),
            };
            (leaves::count() == Some(count)).then(|| {
                missed.met[count - 1] += 1;
                missed.nats[count - 1].iter_mut().zip(by_direction).for_each(|(to, nats)| *to += nats.abs());
            })
        });
    }
}

/// The probes in D directions, and w_k - q_k.
struct Probes {
    cubatures: [Cubature; MOST_LEAVES + 1],
    missed: [f64; PROBES],
}

impl Probes {
    fn new() -> Self {
        let cubatures = std::array::from_fn(|directions| Cubature::product(&vec![PROBES; directions]));
        let Cubature { nodes, weights } = &cubatures[1];
        let missed = std::array::from_fn(|k| {
            let others = || (0..PROBES).filter(|&other| other != k).map(|other| nodes[other][0]);
            let lagrange = |t: f64| others().map(|other| (t - other) / (nodes[k][0] - other)).product::<f64>();
            weights[k] - f64::midpoint(lagrange(-1.0), lagrange(1.0))
        });
        Self { cubatures, missed }
    }
}

/// What two nodes in each direction miss of a density of D leaves; 0 in the directions that V has not.
fn by_two_nodes<const D: usize>(normal: &LeafNormal, density: &dyn Fn() -> LeafFunction) -> [f64; MOST_LEAVES] {
    static PROBED: LazyLock<Probes> = LazyLock::new(Probes::new);
    let directions: Vec<usize> = normal.directions(D).collect();
    let (Probes { cubatures, missed }, mut out) = (&*PROBED, [0.0; MOST_LEAVES]);
    let Cubature { nodes, weights } = &cubatures[directions.len()];
    for (at, (node, weight)) in nodes.iter().zip(weights).enumerate() {
        let mut t = [0.0; D];
        directions.iter().zip(node).for_each(|(&a, node)| t[a] = *node);
        normal.move_to(&t);
        let f = weight * leaves::evaluate(density).value();
        // the last direction runs fastest
        let mut rest = at;
        for &a in directions.iter().rev() {
            let k = rest % PROBES;
            rest /= PROBES;
            out[a] += f * missed[k] / cubatures[1].weights[k];
        }
    }
    out
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

    model! {
        /// Leaves that theta makes narrow, and one that is wide; data outside the plate.
        Hits(tasks: &[(f64, bool)], pooled: &[(f64, bool)]) {
            mu ~ Normal(0.0, 2.0);
            slope ~ Normal(0.0, 2.0);
            sigma ~ HalfNormal(2.0);
            for &(x, hit) in pooled {
                hit ~ BernoulliLogit(mu - slope * x);
            }
            for &(x, hit) in tasks {
                z ~ Normal(mu, sigma);
                hit ~ BernoulliLogit(z + slope * x);
            }
        }
    }

    fn tasks() -> Vec<(f64, bool)> {
        (0..400).map(|i| (f64::from(i * 7 % 20 - 10) / 10.0, i * 11 % 5 < 2)).collect()
    }

    /// Does something with the non-centred density, and a guide whose theta has these log standard deviations.
    fn at(ln_scale: f64, check: impl FnOnce(&Density<'_>, &Guide)) {
        let tasks = tasks();
        let model = Hits::new(&tasks, &tasks);
        let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("the data are valid");
        let writing = Writing { non_centred: &[true], ..Writing::CENTRED };
        let density = Density::new(Box::new(Subset::all(&model)), &shape, writing);
        let global = MeanField { loc: vec![-0.4, 0.3, -0.2], ln_scale: vec![ln_scale; 3] };
        let loc = (0..400).map(|i| 0.6 * f64::from(i).sin()).collect();
        let local = MeanField { loc, ln_scale: vec![-0.1; 400] };
        check(&density, &Guide { global, local, offsets: shape.offsets.clone() });
    }

    /// The finest nodes, every direction being wide.
    fn finest(bound: &Bound<'_>) -> Nodes {
        bound
            .nodes
            .finer()
            .and_then(|nodes| nodes.finer())
            .and_then(|nodes| nodes.finer())
            .expect("there are finer nodes")
    }

    #[test]
    fn globals_that_many_data_know_are_narrow() {
        at(-3.5, |density, guide| {
            let bound = Bound::new(density, 1, 0);
            let full = Bound::new(density, 1, 0).with_nodes(finest(&bound));
            let nodes = bound.nodes.finer().expect("there are finer nodes");
            let few = bound.with_nodes(nodes).narrowed_at(guide);
            // mu + slope x and ln sigma, not z
            assert_eq!(few.nodes.tasks.observed[1][2], 0b011, "{:?}", few.nodes);
            assert_eq!(few.nodes.outside.observed[0][0], 0b1, "{:?}", few.nodes);
            let (a, b) = (few.slope(guide), full.slope(guide));
            assert!((a.value - b.value).abs() < 0.02, "{} and {}", a.value, b.value);
            let scales = guide.global.ln_scale.iter().map(|s| s.exp()).chain([1.0; 3]);
            for ((a, b), scale) in a.gradient.global.iter().zip(b.gradient.global.iter()).zip(scales) {
                assert!((a - b).abs() * scale < 0.02, "{a} and {b}");
            }
        });
    }

    #[test]
    fn what_few_data_know_is_wide() {
        at(-0.3, |density, guide| {
            let bound = Bound::new(density, 1, 0);
            let nodes = bound.nodes.finer().expect("there are finer nodes");
            let all_wide = bound.with_nodes(nodes).narrowed_at(guide).nodes;
            assert_eq!(all_wide.tasks.observed[1], [0; 3]);
            assert_eq!(all_wide.outside.observed[0], [0; 3]);
        });
    }

    #[test]
    fn what_two_nodes_miss_is_that_of_a_quartic() {
        // E t^4 = 3, and 1 at -1 and 1; nothing of what is odd or of lower degree
        let Probes { cubatures, missed } = Probes::new();
        for (power, expected) in [(0, 0.0), (1, 0.0), (2, 0.0), (3, 0.0), (4, 2.0)] {
            let of = |node: &[f64; 3]| node[0].powi(power);
            let found: f64 = cubatures[1].nodes.iter().zip(missed).map(|(node, missed)| missed * of(node)).sum();
            assert!((found - expected).abs() < 1e-12, "power {power}: {found}");
        }
    }
}

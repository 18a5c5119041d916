//! Whether what data say of the latents may have several modes.
//!
//! A log density that is concave along every affine number that it reads has one mode given the others. Where one is not, as that of
//! a mixture, of a sum over a discrete latent or of Student's t, and where two numbers may change their signs together, as in a
//! product, there may be several. Data whose log density is no function of few affine numbers may do anything.

use crate::density::program::{Masks, Program};
use crate::density::shape::Shape;
use crate::interpret::structure::{SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::dual::Lanes;
use crate::numbers::expression::forgetting;
use crate::numbers::leaves::{self, MOST_LEAVES};
use crate::numbers::number::Number;

/// Tasks that are looked at, evenly spaced.
const MOST_TASKS: usize = 8;
/// Where leaves are looked at, from where they are at first.
const PROBES: [f64; 5] = [-3.0, -1.0, 0.0, 1.0, 3.0];
/// Curvature upwards is no more than rounding below this.
const FLAT: f64 = 1e-9;

/// Whether some data without a closed form, of which the masks say which those are, may make several modes, all latents being centred:
/// a product with a scale that only says how a latent is written makes none.
pub(crate) fn may_have_several_modes(program: &dyn Program, shape: &Shape, open: &Masks) -> bool {
    let (at, zeros) = (vec![0.0; shape.global.num_coordinates()], vec![0.0; shape.widest.coordinates]);
    let (all, count) = (program.num_tasks(), program.num_tasks().min(MOST_TASKS));
    let mut centred = open.clone();
    centred.tasks.non_centred.fill(false);
    let open = &centred;
    forgetting(|| {
        let mut outside = Bumps { open: &open.outside, is_found: false };
        let structured = program.structure(open, &at, &mut outside);
        let mut tasks = Bumps { open: &open.tasks, is_found: outside.is_found };
        for k in 0..count {
            if !tasks.is_found {
                forgetting(|| structured.task(k * all / count, &zeros, &mut tasks));
            }
        }
        tasks.is_found
    })
}

/// Looks for data whose log density is not concave.
struct Bumps<'m> {
    /// The sites without a closed form.
    open: &'m SiteMask,
    is_found: bool,
}

impl Visitor for Bumps<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        let is_data = matches!(site, SiteAt::Observed(_));
        self.is_found = self.is_found || is_data && site.is_marked_in(self.open) && has_bumps(density);
    }
}

/// Whether a log density is not concave along some leaf, or the same where two leaves or more have the other sign.
fn has_bumps(density: &SiteDensity<'_>) -> bool {
    let Some(count) = leaves::number_of(density.value) else { return true };
    let start = leaves::node();
    let at = |node: [f64; MOST_LEAVES]| {
        leaves::move_to(&node);
        leaves::evaluate(density.value)
    };
    // by which leaves change their signs: two or more
    let mut mirrors: Vec<usize> = (0..1_usize << count).filter(|flips| flips.count_ones() > 1).collect();
    for number in 0..PROBES.len().pow(u32::try_from(count).expect("few leaves")) {
        let mut node = start;
        (0..count).fold(number, |rest, leaf| {
            node[leaf] += PROBES[rest % PROBES.len()];
            rest / PROBES.len()
        });
        let here = at(node);
        if (0..count).any(|leaf| here.triangle()[leaf * (leaf + 3) / 2] > FLAT) {
            return true;
        }
        mirrors.retain(|flips| {
            let mut mirrored = node;
            (0..count).filter(|leaf| flips >> leaf & 1 == 1).for_each(|leaf| mirrored[leaf] = -node[leaf]);
            (at(mirrored).value() - here.value()).abs() <= FLAT
        });
    }
    !mirrors.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::{Density, Writing};
    use crate::interpret::discover::Start;
    use crate::model::Model;
    use crate::model::subset::Subset;
    use crate::prelude::*;

    fn has_bumps<M: Model>(model: &M) -> bool {
        let program = Subset::all(model);
        let shape = Shape::discover(&program, &Start::Zero).expect("valid");
        let density = Density::new(Box::new(program.clone()), &shape, Writing::CENTRED);
        may_have_several_modes(&program, &shape, &density.open)
    }

    model! {
        Linear(ys: &[bool]) {
            a ~ Normal(0.0, 1.0);
            sd ~ HalfNormal(1.0);
            for &y in ys {
                b ~ Normal(a, sd);
                y ~ BernoulliLogit(a + b);
            }
        }
    }

    model! {
        Product(ys: &[bool]) {
            a ~ Normal(0.0, 1.0);
            for &y in ys {
                b ~ Normal(0.0, 1.0);
                y ~ BernoulliLogit(a * b);
            }
        }
    }

    model! {
        Tails(ys: &[f64]) {
            a ~ Normal(0.0, 1.0);
            for &y in ys {
                y ~ StudentT(4.0, a, 1.0);
            }
        }
    }

    model! {
        Mixed(ys: &[f64]) {
            a[_ in 0..2] ~ Normal(0.0, 1.0);
            for &y in ys {
                y ~ Mixture([0.5, 0.5], (Normal(a[0], 1.0), Normal(a[1], 1.0)));
            }
        }
    }

    #[test]
    fn mixtures_products_and_heavy_tails_have_bumps() {
        assert!(!has_bumps(&Linear::new(&[true, false])));
        assert!(has_bumps(&Product::new(&[true, false])));
        assert!(has_bumps(&Tails::new(&[0.0, 1.0])) && has_bumps(&Mixed::new(&[0.0, 1.0])));
    }
}

//! Globals w that have a normal prior with a scale among the other globals, such as the items of a test, proposed given these.
//!
//! What the data say of theta is taken to be quadratic around the guide's mean c: at the maximum of the bound the gradients of
//! prior and data balance, and the bound's curvature H less that of the prior is that of the data,
//!     g = -E\[gradient of the prior\],   J = H - E\[curvature of the prior\].
//! The prior of w itself is exact, so that w becomes as narrow as its scale. Given the others o, w is proposed from the normal
//! with
//!     precision P_ww(o) + J_ww,   gradient at c_w: that of the prior given o, + g_w - J_wo (o - c_o).

use crate::density::Density;
use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::given_others::NormalStep;
use crate::guide::MeanField;
use crate::numbers::pass::Order;
use nalgebra::{DMatrix, DVector};

/// Of fewer coordinates, proposals of all of theta together are as good.
const FEWEST: usize = 4;

/// What the data are taken to say of w.
pub(crate) struct Presumed {
    pub(crate) globals: GaussianGlobals,
    centre: Vec<f64>,
    /// J, its rows of w.
    j: DMatrix<f64>,
    /// g_w.
    gradient: DVector<f64>,
}

impl Density<'_> {
    /// What to propose given the others, if there is anything; from the guide of theta at the maximum of the bound, and the
    /// negative second derivatives of that in the guide's means.
    pub(crate) fn presumed(&self, guide: &MeanField, curvature: &DMatrix<f64>) -> Option<Presumed> {
        let (centre, n) = (&guide.loc, guide.len());
        let (mut is_scaled, is_other) = (vec![false; n], self.not_gaussian_outside(centre));
        let outside = self.closed_outside();
        let blocks = [outside.latents, outside.data];
        for block in blocks {
            block.mark_scaled(&mut |j| is_scaled[j] = true);
        }
        let (w, others): (Vec<usize>, Vec<usize>) = (0..n).partition(|&j| is_scaled[j] && !is_other[j]);
        if w.len() < FEWEST || others.is_empty() {
            return None;
        }
        let mut of_prior = GuideDerivatives::default();
        of_prior.reset(n, Order::Second);
        let variance: Vec<f64> = guide.ln_scale.iter().map(|s| (2.0 * s).exp()).collect();
        for block in blocks {
            block.derivatives(BlockView { loc: centre, variance: &variance, exps: &[] }, &mut of_prior);
        }
        // slots of the guide's means come first
        let j = DMatrix::from_fn(w.len(), n, |r, c| curvature[(w[r], c)] + of_prior.hessian[w[r] * 2 * n + c]);
        let gradient = DVector::from_iterator(w.len(), w.iter().map(|&i| -of_prior.gradient[i]));
        Some(Presumed { globals: GaussianGlobals::without_tasks(w, others), centre: centre.clone(), j, gradient })
    }

    /// The normal of the step from c_w to w, given the others in `theta`, where w is at c_w; `None` where it is none.
    pub(crate) fn presume(&self, presumed: &Presumed, theta: &[f64]) -> Option<NormalStep> {
        let Presumed { globals, centre, j, gradient } = presumed;
        let GaussianGlobals { w, others, .. } = globals;
        let mut sum = self.outside_of(globals, theta, Vec::new());
        for (r, slope) in sum.gradient.iter_mut().enumerate() {
            *slope += gradient[r] - others.iter().map(|&o| j[(r, o)] * (theta[o] - centre[o])).sum::<f64>();
            let row = &mut sum.precision[r * w.len()..(r + 1) * w.len()];
            row.iter_mut().zip(w).for_each(|(p, &col)| *p += j[(r, col)]);
        }
        sum.normal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::shape::Shape;
    use crate::density::{Density, Writing};
    use crate::interpret::discover::Start;
    use crate::model::subset::Subset;
    use crate::prelude::*;

    model! {
        /// Items with a common scale, one datum each.
        Items(ys: &[f64]) {
            mean ~ Normal(0.0, 2.0);
            tau ~ HalfNormal(1.0);
            item[_ in 0..ys.len()] ~ Normal(mean, tau);
            for (item, &y) in item.iter().zip(ys) {
                y ~ Normal(*item, 0.5);
            }
        }
    }

    /// Where the data do say something quadratic, the normal is that of the items and their mean given the scale.
    #[test]
    fn it_is_the_conditional_of_what_is_normal() {
        let ys = [0.3, -1.2, 2.0, 0.7, 0.1];
        let model = Items::new(&ys);
        let program = Subset::all(&model);
        let shape = Shape::discover(&program, &Start::Zero).expect("valid");
        let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
        // a guide whose gradients balance: of the data by hand, as data outside the plate are part of the closed forms here
        let guide = MeanField { loc: vec![0.4, -0.2, 0.2, -0.8, 1.5, 0.6, 0.1], ln_scale: vec![-1.0; 7] };
        let zero = density.presumed(&guide, &DMatrix::zeros(7, 7)).expect("items");
        assert_eq!((&zero.globals.w[..], &zero.globals.others[..]), (&[0, 2, 3, 4, 5, 6][..], &[1][..]));
        // all is in the closed forms, so that nothing is left for the data to say
        let exact = Presumed { j: DMatrix::zeros(6, 7), gradient: DVector::zeros(6), ..zero };
        for ln_tau in [-2.0, 0.5] {
            let mut theta = guide.loc.clone();
            theta[1] = ln_tau;
            let normal = density.presume(&exact, &theta).expect("normal");
            let ln_p = |step: &[f64]| {
                let mut at = theta.clone();
                exact.globals.move_w(&mut at, step);
                density.all_outside(&at).total()
            };
            let (origin, of_origin) = normal.draw(&[0.0; 6]);
            for z in [[1.0, 0.0, -0.5, 0.2, 0.0, 2.0], [-2.0, 0.3, 0.0, 1.0, -1.0, 0.4]] {
                let (step, ln_q) = normal.draw(&z);
                let off = (ln_p(&step) - ln_p(&origin)) - (ln_q - of_origin);
                assert!(off.abs() < 1e-9, "{ln_tau}: {off}");
            }
        }
    }
}

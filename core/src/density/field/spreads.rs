//! V, the covariance of the leaves of a site around a mode: with phi = G w + e, a leaf of coefficients c is (c_w + G' c_phi)' w and
//! c_phi' e, which are independent.

use crate::density::Density;
use crate::density::field::around::{Field, Mode, Spread};
use crate::density::integrated::GivenW;
use crate::interpret::structure::{SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::expression::forgetting;
use crate::numbers::leaves::{self, MOST_LEAVES};
use nalgebra::{DMatrix, Matrix3, SymmetricEigen};

impl Density<'_> {
    /// V of every site, around a mode at the centre.
    pub(super) fn spreads(&self, field: &Field, mode: &Mode<'_>) -> Vec<Vec<Spread>> {
        let (integration, integrated) = (&field.integration, &mode.integrated);
        let theta = field.mean(integrated, &field.centre).theta;
        let mut places = vec![None; theta.len()];
        integration.globals.w.iter().enumerate().for_each(|(place, &j)| places[j] = Some(place));
        let of_w = integrated.w.covariance();
        let see = |mask, of_task| SeeSpreads { mask, places: &places, of_w: &of_w, of_task, spreads: Vec::new() };
        forgetting(|| {
            let mut outside = see(&self.integrated.outside, None);
            let structured = self.program.structure(&self.integrated, &theta, &mut outside);
            let of_task = |i: usize| {
                let mut task = see(&self.integrated.tasks, Some(integrated.given_w(integration, i)));
                let phi = &mode.tasks.means[self.offsets[i]..self.offsets[i + 1]];
                forgetting(|| structured.task(i, phi, &mut task));
                task.spreads
            };
            std::iter::once(outside.spreads).chain((0..self.num_tasks()).map(of_task)).collect()
        })
    }
}

/// Finds V of the sites of a block.
struct SeeSpreads<'a> {
    mask: &'a SiteMask,
    /// By coordinate of theta: which of w it is.
    places: &'a [Option<usize>],
    of_w: &'a DMatrix<f64>,
    of_task: Option<GivenW<'a>>,
    spreads: Vec<Spread>,
}

/// A leaf as a sum of independent parts.
#[derive(Default)]
struct Split {
    /// Which of w, with its coefficient.
    of_w: Vec<(usize, f64)>,
    /// Coefficients of independent numbers of variance 1.
    of_e: Vec<f64>,
}

impl SeeSpreads<'_> {
    fn split(&self, leaf: usize) -> Split {
        let mut split = Split::default();
        leaves::form(leaf).with_terms(|terms| {
            for &(j, c) in terms {
                match (j.checked_sub(self.places.len()), &self.of_task) {
                    (None, _) => split.of_w.extend(self.places[j].map(|place| (place, c))),
                    (Some(local), Some(task)) => {
                        split.of_e.resize(task.coordinates(), 0.0);
                        split.of_e[local] += c;
                    }
                    (Some(_), None) => {}
                }
            }
        });
        if let Some(task) = self.of_task.as_ref().filter(|_| !split.of_e.is_empty()) {
            task.take_apart(&mut split.of_e, &mut split.of_w);
        }
        split
    }

    fn covariance(&self, a: &Split, b: &Split) -> f64 {
        let with_b = |&(j, c): &(usize, f64)| b.of_w.iter().map(|&(k, d)| c * d * self.of_w[(j, k)]).sum::<f64>();
        let of_e = a.of_e.iter().zip(&b.of_e).map(|(x, y)| x * y).sum::<f64>();
        a.of_w.iter().map(with_b).sum::<f64>() + of_e
    }
}

impl Visitor for SeeSpreads<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        if !site.is_marked_in(self.mask) {
            return;
        }
        leaves::begin();
        leaves::evaluate(density.value);
        let split: Vec<Split> = (0..leaves::count().unwrap_or(0)).map(|leaf| self.split(leaf)).collect();
        let mut covariance = [[0.0; MOST_LEAVES]; MOST_LEAVES];
        for (a, row) in split.iter().zip(&mut covariance) {
            split.iter().zip(row).for_each(|(b, entry)| *entry = self.covariance(a, b));
        }
        let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(Matrix3::from(covariance));
        self.spreads.push(eigenvectors * Matrix3::from_diagonal(&eigenvalues.map(|l| l.max(0.0).sqrt())));
    }
}

//! Which coordinates tasks name, in closed forms or leaves.

use crate::density::Density;
use crate::interpret::structure::{Absent, SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::expression::forgetting;
use crate::numbers::leaves;

impl Density<'_> {
    /// By task and coordinate of theta that tasks read, whether a closed form names it outside of exponents, or a leaf.
    pub(super) fn named_by_any(&self, theta: &[f64]) -> Vec<Vec<bool>> {
        let (reads, zeros) = (&self.layout.task_reads, vec![0.0; self.layout.widest.coordinates]);
        forgetting(|| {
            let structured = self.program.structure(&self.integrated, theta, &mut Absent);
            let named = |i: usize| {
                let mut is_named = self.named(i);
                let mut mark = |j: usize| reads.binary_search(&j).into_iter().for_each(|at| is_named[at] = true);
                let mut named = NamedByLeaves { mask: &self.integrated.tasks, mark: &mut mark };
                forgetting(|| structured.task(i, &zeros[..self.offsets[i + 1] - self.offsets[i]], &mut named));
                is_named
            };
            (0..self.num_tasks()).map(named).collect()
        })
    }
}

/// Calls `mark` with the coordinates that leaves name.
struct NamedByLeaves<'a> {
    mask: &'a SiteMask,
    mark: &'a mut dyn FnMut(usize),
}

impl Visitor for NamedByLeaves<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        if site.is_marked_in(self.mask) {
            for leaf in 0..leaves::number_of(density.value).unwrap_or(0) {
                leaves::form(leaf).with_terms(|terms| {
                    for &(j, _) in terms {
                        (self.mark)(j);
                    }
                });
            }
        }
    }
}

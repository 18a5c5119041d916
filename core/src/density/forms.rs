//! What visits find of the sites' structure, and the sums of closed forms.

use crate::density::closed::collect::ClosedSum;
use crate::interpret::structure::{SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::form::ClosedForm;
use crate::numbers::leaves;
use crate::options::Estimator;

/// What one visit of a site found.
enum Finding {
    /// The closed form of its log density.
    Closed(ClosedForm),
    /// It has none; of a site known to have none, the number of leaves, if it is a function of few.
    Open(Option<usize>),
}

/// What the visits of one level found.
pub(crate) struct Forms<'m> {
    /// The sites that are known to have no closed form.
    open: &'m SiteMask,
    estimator: Estimator,
    found: Vec<(SiteAt, Finding)>,
    /// The first latent site, if it is a multivariate normal given what the level is given.
    normal: Option<usize>,
}

/// Of each site of a level without a closed form, the most leaves of any visit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LeafCounts {
    pub(crate) latents: Vec<LeafCount>,
    pub(crate) observed: Vec<LeafCount>,
}

/// The most leaves of any visit of a site, `None` where one was no function of few.
pub(crate) type LeafCount = Option<usize>;

impl LeafCounts {
    /// No leaves, of as many sites as the mask has.
    pub(crate) fn none(mask: &SiteMask) -> Self {
        Self { latents: vec![Some(0); mask.latents.len()], observed: vec![Some(0); mask.observed.len()] }
    }

    fn at(&mut self, site: SiteAt) -> &mut LeafCount {
        match site {
            SiteAt::Latent(id) => &mut self.latents[id],
            SiteAt::Observed(id) => &mut self.observed[id],
        }
    }

    /// Takes the larger count of each site.
    pub(crate) fn join(&mut self, other: &Self) {
        let larger = |(to, from): (&mut LeafCount, &LeafCount)| *to = to.zip(*from).map(|(a, b)| a.max(b));
        self.latents.iter_mut().zip(&other.latents).for_each(larger);
        self.observed.iter_mut().zip(&other.observed).for_each(larger);
    }
}

impl Visitor for Forms<'_> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        let finding = if site.is_marked_in(self.open) {
            let counts = self.estimator == Estimator::ClosedForm;
            Finding::Open(counts.then(|| leaves::number_of(density.value)).flatten())
        } else {
            (density.closed_form)().map_or(Finding::Open(None), Finding::Closed)
        };
        self.found.push((site, finding));
    }

    fn see_normal(&mut self, site: usize) {
        self.normal = Some(site);
    }
}

impl<'m> Forms<'m> {
    /// Before the visits of a level, of which some sites are known to have no closed form.
    pub(crate) fn new(open: &'m SiteMask, estimator: Estimator) -> Self {
        Self { open, estimator, found: Vec::new(), normal: None }
    }

    /// Forgets what was found.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.normal = None;
    }

    /// Marks the sites with a visit that has no closed form.
    pub(crate) fn mark_open(&self, mask: &mut SiteMask) {
        for (site, _) in self.found.iter().filter(|(_, finding)| matches!(finding, Finding::Open(_))) {
            match *site {
                SiteAt::Latent(id) => mask.latents[id] = true,
                SiteAt::Observed(id) => mask.observed[id] = true,
            }
        }
    }

    /// Marks the sites with a closed form that the first mask does not mark.
    pub(crate) fn mark_summed(&self, open: &SiteMask, summed: &mut SiteMask) {
        for (site, finding) in self.found.iter().filter(|(site, _)| !site.is_marked_in(open)) {
            let is_closed = matches!(finding, Finding::Closed(_));
            match *site {
                SiteAt::Latent(id) => summed.latents[id] |= is_closed,
                SiteAt::Observed(id) => summed.observed[id] |= is_closed,
            }
        }
    }

    /// Unmarks the latent sites with a visit that is not a normal of the level's first coordinates.
    pub(crate) fn unmark_others(&self, normal: &mut [bool]) {
        for (site, _) in &self.found {
            if let SiteAt::Latent(id) = *site {
                normal[id] &= self.normal == Some(id);
            }
        }
    }

    /// Counts the leaves of the sites without a closed form.
    pub(crate) fn count_leaves(&self, counts: &mut LeafCounts) {
        for (site, finding) in &self.found {
            if let Finding::Open(leaves) = finding {
                let count = counts.at(*site);
                *count = count.zip(*leaves).map(|(a, b)| a.max(b));
            }
        }
    }

    /// The sums of the forms of sites that the mask does not mark.
    pub(crate) fn collect(&self, mask: &SiteMask, rename: impl Fn(usize) -> usize) -> ClosedSums {
        let mut sums = ClosedSums::default();
        for (site, finding) in self.found.iter().filter(|(site, _)| !site.is_marked_in(mask)) {
            if let Finding::Closed(form) = finding {
                match site {
                    SiteAt::Latent(_) => sums.latents.add(form, &rename),
                    SiteAt::Observed(_) => sums.data.add(form, &rename),
                }
            }
        }
        sums
    }
}

/// The closed-form sums of one task, or of what is outside the plate.
#[derive(Default)]
pub(crate) struct ClosedSums {
    pub(crate) latents: ClosedSum,
    pub(crate) data: ClosedSum,
}

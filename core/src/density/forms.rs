//! The forms that visits find, and their sums.

use crate::density::closed::collect::ClosedSum;
use crate::interpret::structure::{Found, Structure};
use crate::model::site_mask::SiteMask;
use crate::numbers::form::ClosedForm;

/// The forms that a visit of one level found.
pub(crate) struct Forms {
    pub(crate) latents: Vec<Found>,
    pub(crate) observed: Vec<Found>,
    /// The first latent site, if it is a multivariate normal given what the level is given.
    pub(crate) normal: Option<usize>,
}

impl Forms {
    pub(crate) fn of(visit: Structure<'_>) -> Self {
        Self { latents: visit.latents, observed: visit.observed, normal: visit.normal }
    }

    /// Marks the sites with a visit that has no closed form.
    pub(crate) fn mark_open(&self, mask: &mut SiteMask) {
        self.latents.iter().for_each(|(id, form)| mask.latents[*id] |= form.is_none());
        self.observed.iter().for_each(|(id, form)| mask.observed[*id] |= form.is_none());
    }

    /// Marks the sites with a form that the first mask does not mark.
    pub(crate) fn mark_closed(&self, open: &SiteMask, mask: &mut SiteMask) {
        self.latents.iter().for_each(|(id, form)| mask.latents[*id] |= form.is_some() && !open.latents[*id]);
        self.observed.iter().for_each(|(id, form)| mask.observed[*id] |= form.is_some() && !open.observed[*id]);
    }

    /// Unmarks the latent sites with a visit that is not a normal of the level's first coordinates.
    pub(crate) fn unmark_others(&self, normal: &mut [bool]) {
        self.latents.iter().for_each(|(id, _)| normal[*id] &= self.normal == Some(*id));
    }

    /// The sums of the forms of sites that the mask does not mark.
    pub(crate) fn collect(&self, mask: &SiteMask, rename: impl Fn(usize) -> usize) -> ClosedSums {
        let sum = |found: &[Found], open: &[bool]| {
            let mut sum = ClosedSum::default();
            let closed = found.iter().filter(|(id, _)| !open[*id]).filter_map(|(_, form)| form.as_ref());
            closed.for_each(|form: &ClosedForm| sum.add(form, &rename));
            sum
        };
        ClosedSums { latents: sum(&self.latents, &mask.latents), data: sum(&self.observed, &mask.observed) }
    }
}

/// The closed-form sums of one task, or of what is outside the plate.
pub(crate) struct ClosedSums {
    pub(crate) latents: ClosedSum,
    pub(crate) data: ClosedSum,
}

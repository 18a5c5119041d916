//! The sites of a model as plain data.

use crate::model::{Model, Site};

/// The sites of a model and who reads what: the constants of [`Model`] as plain data.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signature {
    pub(crate) global_sites: &'static [Site],
    pub(crate) local_sites: &'static [Site],
    pub(crate) observed_sites: &'static [Site],
    pub(crate) local_reads: &'static [usize],
    pub(crate) likelihood_reads: &'static [usize],
    pub(crate) has_plate: bool,
    pub(crate) has_classes: bool,
}

impl Signature {
    /// The signature of the model `M`.
    pub(crate) const fn of<M: Model>() -> Self {
        Self {
            global_sites: M::GLOBAL_SITES,
            local_sites: M::LOCAL_SITES,
            observed_sites: M::OBSERVED_SITES,
            local_reads: M::LOCAL_READS,
            likelihood_reads: M::LIKELIHOOD_READS,
            has_plate: M::HAS_PLATE,
            has_classes: M::HAS_CLASSES,
        }
    }
}

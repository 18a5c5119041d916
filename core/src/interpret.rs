//! One model body, several interpreters. Each file answers three questions in its header: where does a value come from,
//! how is it transformed, what is accumulated.

/// What an interpreter of latents alone does with data: nothing.
macro_rules! passes_data_by {
    ($number:ty) => {
        fn observe<D: $crate::dist::Distribution<$number>>(&mut self, _: &Site, _: impl $crate::model::Datum, _: D) {}

        fn observe_vector<D: VectorDistribution<$number>>(
            &mut self,
            _: &Site,
            _: impl $crate::model::VectorDatum,
            _: D,
        ) {
        }

        fn factor(&mut self, _: &Site, _: Real<$number>) {}

        fn sum_out<D: $crate::dist::FiniteDistribution<$number>>(
            &mut self,
            _: &Site,
            _: &Site,
            _: D,
            _: impl Fn(&mut Self, usize),
        ) {
        }

        fn sum_chain<D: $crate::dist::ChainDistribution<$number>>(
            &mut self,
            _: &Site,
            _: &Site,
            _: $crate::model::Chain<D>,
            _: impl Fn(&mut Self),
        ) {
        }

        fn given_entry(&mut self, _: usize, _: impl Fn(&mut Self, usize)) {}
    };
}

pub(crate) mod by_node;
pub(crate) mod classes;
pub(crate) mod classify;
pub(crate) mod dataset;
pub mod discover;
mod entry_table;
pub mod expected;
pub(crate) mod given;
pub mod log_density;
pub(crate) mod pointwise;
pub(crate) mod prior;
pub(crate) mod prior_draw;
pub(crate) mod record;
pub(crate) mod rewrite;
pub mod simulate;
pub mod simulated;
pub mod structure;
pub(crate) mod turns;

pub use crate::model::site_mask;

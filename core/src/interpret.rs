//! One model body, several interpreters. Each file answers three questions in its header: where does a value come from,
//! how is it transformed, what is accumulated.

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

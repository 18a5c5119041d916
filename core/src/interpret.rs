//! One model body, several interpreters. Each file answers three questions in its header: where does a value come from,
//! how is it transformed, what is accumulated.

pub mod discover;
pub mod expected;
pub mod log_density;
pub mod prior;
pub(crate) mod rewrite;
pub mod simulate;
pub mod structure;

pub use crate::model::site_mask;

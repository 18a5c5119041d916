//! How well a model predicts: leave-one-out and WAIC, comparison of models by them, posterior predictive checks, and scores of
//! predictions.

pub(crate) mod accumulate;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod elpd;
pub mod metrics;
mod out_of_sample;
pub mod reliability;
#[cfg(test)]
mod tests;

pub use check::Check;
pub use compare::{Compared, Comparison, compare};
pub use elpd::{By, Elpd, ElpdPoint, LeftOut, Method};

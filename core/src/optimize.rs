//! Maximisation of an ELBO. What is maximised, and what the optimiser moves, meet only here.

pub(crate) mod adam;
pub(crate) mod ascent;
pub(crate) mod choose;
pub(crate) mod climb;
mod em;
pub(crate) mod full;
mod lbfgs;
pub(crate) mod newton;

#[cfg(test)]
mod tests;

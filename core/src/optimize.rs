//! Maximisation of an ELBO. What is maximised, and what the optimiser moves, meet only here.

pub(crate) mod adam;
pub(crate) mod choose;
pub(crate) mod climb;
pub(crate) mod draws;
mod em;
pub(crate) mod full;
mod history;
mod judge;
mod lbfgs;
pub(crate) mod newton;
pub(crate) mod plateau;
mod saddle;

#[cfg(test)]
mod tests;

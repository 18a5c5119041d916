//! What comes out: weighted draws, the Gaussian that they correct, and typed views of both.

pub(crate) mod columns;
pub(crate) mod draws;
pub(crate) mod gaussian;
pub(crate) mod lazy;
pub(crate) mod mc_error;
pub mod summary;
pub(crate) mod thetas;
pub(crate) mod view;
pub(crate) mod visits;

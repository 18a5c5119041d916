//! Matrices of a hierarchy.

pub(crate) mod arrow;
pub(crate) mod cholesky;
pub(crate) mod gaussian;
pub(crate) mod ragged;

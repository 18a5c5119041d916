//! Matrices of a hierarchy.

pub(crate) mod arrow;
pub(crate) mod cholesky;
pub(crate) mod envelope;
pub(crate) mod gaussian;
pub(crate) mod ragged;
pub(crate) mod storage;

//! A model with its data as a function of coordinates.

pub(crate) mod closed;
pub mod joint;
pub(crate) mod lanes;
pub(crate) mod mode;
pub(crate) mod wide;

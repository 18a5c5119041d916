//! Randomness and what is made of it: keyed streams, points that fill space evenly, Pareto-smoothed weights.

pub(crate) mod convergence;
pub(crate) mod elliptical;
pub(crate) mod heavy;
pub(crate) mod lattice;
pub(crate) mod noise;
pub(crate) mod nuts;
pub(crate) mod paths;
pub(crate) mod psis;
pub(crate) mod recurrence;
pub(crate) mod resample;
pub(crate) mod strata;
pub(crate) mod stream;

//! From the guide to the posterior: linear response, rounds of importance weights, and how many are worth their cost; and
//! what a second method says of it, chains of slices and score identities.

pub(crate) mod certificate;
pub(crate) mod certify;
pub(crate) mod chains;
mod clock;
pub(crate) mod effort;
pub(crate) mod importance;
pub(crate) mod inquiry;
pub(crate) mod judged;
pub(crate) mod linear_response;
mod log_scales;
mod modes;
mod one_theta;
pub(crate) mod pool;
pub(crate) mod precision;
pub(crate) mod proposal;
mod quadratic_fit;
mod reproposal;
mod rest;
pub(crate) mod reweighting;
pub(crate) mod rounds;
pub(crate) mod scores;
pub(crate) mod search;
pub(crate) mod walk;
mod walked;

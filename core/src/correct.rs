//! From the guide to the posterior: linear response, rounds of importance weights, and how many are worth their cost.

mod clock;
pub(crate) mod effort;
pub(crate) mod importance;
mod inquiry;
pub(crate) mod linear_response;
mod one_theta;
mod proposal;
mod quadratic_fit;
pub(crate) mod round;
mod rounds;

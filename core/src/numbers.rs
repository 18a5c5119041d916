//! What a model computes in: numbers over an algebra, whose values are plain, carry derivatives, are recorded or remember
//! their structure.

mod affine;
pub(crate) mod continued_fraction;
pub(crate) mod dense;
pub mod dual;
mod elementary;
pub(crate) mod expression;
pub mod form;
pub(crate) mod incomplete_beta;
pub(crate) mod incomplete_gamma;
pub(crate) mod jet;
pub(crate) mod leaves;
mod mixed;
pub mod nodal;
pub(crate) mod number;
mod operators;
mod param;
pub mod param_rows;
pub mod param_vec;
pub(crate) mod pass;
pub mod real;
mod refused;
pub(crate) mod scratch;
pub(crate) mod sums;
mod symbolic;
pub(crate) mod tail;
pub(crate) mod tape;
mod taped;
pub mod traced;

pub use jet::{Args, Jet};
pub(crate) use number::{Number, Real};
pub use param::Param;
pub(crate) use taped::Taped;

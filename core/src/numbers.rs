//! What a model computes in: numbers over an algebra, whose values are plain, carry derivatives, are recorded or remember
//! their structure.

pub mod dual;
pub mod form;
pub mod number;
pub mod param_vec;
pub(crate) mod pass;
pub mod real;
pub(crate) mod scratch;
pub(crate) mod tape;

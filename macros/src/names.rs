//! Which variables a piece of code reads, and which a pattern binds.

mod bindings;
mod reads;
mod tokens;

pub(crate) use bindings::{Binding, bound_by, bound_by_condition};
pub(crate) use reads::{in_expr, in_let, in_macro, in_stmt, targets};

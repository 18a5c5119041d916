//! What the code that [`model!`](crate::model!) emits names beside [`model`](mod@crate::model), so that moving a file of
//! this crate never touches the macro. Not for use by hand: it may change in any release.

pub use crate::model::nodes::{Item, Labelled, Unlabelled, map_nodes, node};
pub use crate::model::tasks::{Numbers, Tasks};
pub use crate::numbers::dual::Width;

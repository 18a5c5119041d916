//! What the code that [`model!`](crate::model!) emits names beside [`model`](mod@crate::model), so that moving a file of
//! this crate never touches the macro. Not for use by hand: it may change in any release.

pub use crate::__serde_of_latents as serde_of_latents;
pub use crate::model::chain::Chain;
pub use crate::model::entry::Everywhere;
pub use crate::model::nodes::{Item, Labelled, Unlabelled, map_nodes, node};
pub use crate::model::tasks::{Numbers, Tasks};
pub use crate::numbers::dual::Width;
#[cfg(feature = "serde")]
pub use {
    crate::model::stored::{ReadFields, Values, read_latents},
    serde,
};

/// Without the feature `serde` structs of latents are not written or read.
#[cfg(not(feature = "serde"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __serde_of_latents {
    ($($tokens:tt)*) => {};
}

//! A draw of everything a model does not know.

use crate::model::{Latents, Model};
use std::fmt;

type Globals<M> = <<M as Model>::Global as Latents>::Of<f64>;
type Locals<M> = <<M as Model>::Local as Latents>::Of<f64>;

/// A draw of all latents.
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(bound(
        serialize = "Globals<M>: serde::Serialize, Locals<M>: serde::Serialize",
        deserialize = "Globals<M>: serde::Deserialize<'de>, Locals<M>: serde::Deserialize<'de>"
    ))
)]
pub struct Draw<M: Model> {
    /// theta.
    pub global: Globals<M>,
    /// phi_i, one a task.
    pub local: Vec<Locals<M>>,
}

impl<M: Model> Clone for Draw<M> {
    fn clone(&self) -> Self {
        Self { global: self.global.clone(), local: self.local.clone() }
    }
}

impl<M: Model> fmt::Debug for Draw<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draw").field("global", &self.global).field("local", &self.local).finish()
    }
}

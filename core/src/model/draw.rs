//! A draw of everything a model does not know.

use crate::model::{Latents, Model};
use std::fmt;

/// A draw of all latents.
pub struct Draw<M: Model> {
    /// theta.
    pub global: <M::Global as Latents>::Of<f64>,
    /// phi_i, one a task.
    pub local: Vec<<M::Local as Latents>::Of<f64>>,
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

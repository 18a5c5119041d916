//! Shards as the tasks of a model, whose types are known here and erased below.

use crate::density::program::Program;
use crate::error::Error;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::shards::source::ShardPrograms;

/// Tasks in shards, each of which can be read again and again and gives the same tasks every time.
///
/// ```
/// use hierarch::Error;
/// use hierarch::prelude::*;
/// use hierarch::shards::{InTurn, Shards};
///
/// model! {
///     pub Heights(ys: Vec<f64>) {
///         mu ~ Normal(170.0, 20.0);
///         for y in ys {
///             own ~ Normal(mu, 7.0);
///             y ~ Normal(own, 2.0);
///         }
///     }
/// }
///
/// struct Files;
///
/// impl Shards<f64> for Files {
///     fn num_shards(&self) -> usize {
///         3
///     }
///
///     fn shard(&self, number: usize) -> Result<Vec<f64>, Error> {
///         Ok((0..200).map(|line| 165.0 + f64::from(line % 10) + number as f64).collect())
///     }
/// }
///
/// # fn main() -> Result<(), Error> {
/// let pilot = Heights::new(Files.shard(0)?).fit()?;
/// let fit = pilot.over_shards(&Files, &InTurn)?;
/// assert!(fit.num_tasks() == 600 && fit.trust().is_reliable);
/// assert!((fit.global().mu.mean - 170.5).abs() < 0.1);
/// # Ok(())
/// # }
/// ```
pub trait Shards<T>: Sync {
    /// How many shards there are.
    fn num_shards(&self) -> usize;

    /// The tasks of a shard, read from wherever they are; there may be none.
    ///
    /// # Errors
    /// Whatever keeps them from being read, as an [`Error::Unusable`].
    fn shard(&self, number: usize) -> Result<Vec<T>, Error>;
}

/// Shards as tasks of a model.
pub(super) struct Typed<'a, M: Model, S> {
    pub(super) model: &'a M,
    pub(super) shards: &'a S,
}

impl<M: Model, S: Shards<M::Task>> ShardPrograms for Typed<'_, M, S>
where
    M::Task: Sized,
{
    fn num_shards(&self) -> usize {
        self.shards.num_shards()
    }

    fn visit(&self, number: usize, look: &mut dyn FnMut(&dyn Program) -> Result<(), Error>) -> Result<(), Error> {
        let tasks = self.shards.shard(number)?;
        look(&Subset::with(self.model, tasks.iter().collect()))
    }
}

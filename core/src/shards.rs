//! Fits of more tasks than memory holds: they come in shards, one after another, pass after pass.
//!
//! A fit of some of the tasks, the pilot, says where theta may be. Newton's method finds the mode of ln p(theta, D) of all, and
//! from there on theta is drawn in rounds and weighed as in any fit. Of a shard nothing is kept but its sum of ln Z_i for each
//! theta, an [`ExactSum`]: the same bits for any number of shards, threads and processes.

mod exact_sum;
mod found;
#[cfg(feature = "mpi")]
mod processes;
mod shard_sum;
mod sharded_fit;
mod source;
mod streamed;
mod typed;

use crate::error::Error;
use crate::fit::Fit;
use crate::model::Model;
use crate::model::subset::Subset;
pub use exact_sum::ExactSum;
use found::found;
#[cfg(feature = "mpi")]
pub use processes::Processes;
pub use shard_sum::{InTurn, ShardSum};
pub use sharded_fit::ShardedFit;
pub use typed::Shards;
use typed::Typed;

impl<M: Model> Fit<M> {
    /// The posterior of theta given the tasks of all shards, in place of this fit's own, which serve to find it: a fit of
    /// some hundred of them is a good pilot. Data outside the plate are those of the pilot, and so are the options. Of these
    /// [`posterior_draws`](crate::Options::posterior_draws) says how many draws of theta a round has at most; rounds follow each
    /// other until Monte Carlo errors are small, as long as that takes, whatever
    /// [`correction_budget`](crate::Options::correction_budget) is. The answer depends on the tasks and on the pilot, not on
    /// where one shard ends and the next begins.
    ///
    /// With n coordinates of theta, a step of the search reads all shards for (n + 1)(n + 2) / 2 thetas at once, and once or a
    /// few times more for one. Chains do not check the answer, as they would read all shards for every few thetas.
    ///
    /// # Errors
    /// [`Error::Shard`] for shards that cannot be read, and for data outside their support; [`Error::NoTasks`];
    /// [`Error::Unusable`] for a pilot whose theta is a point or has no coordinates, and where the weights of theta fail.
    pub fn over_shards<S: Shards<M::Task>>(self, shards: &S, sum: &dyn ShardSum) -> Result<ShardedFit<M>, Error>
    where
        M::Task: Sized,
    {
        let found = {
            let all = Subset::all(&self.model);
            found(&self.asking(&all), &Typed { model: &self.model, shards }, sum)?
        };
        Ok(ShardedFit::of(self, found))
    }
}

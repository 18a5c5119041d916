//! Who reads which shard, and how what they say is added up.

use crate::error::Error;
use crate::shards::ExactSum;

/// Shares the shards among processes, and takes the sums over all of them: one process ([`InTurn`]), or several.
pub trait ShardSum {
    /// Whether this process is the one that reads the shard of this number.
    fn reads(&self, shard: usize) -> bool;

    /// The sums over all processes, term by term, of what this process has summed over the shards that it reads. All processes
    /// ask for as many sums, and get the same.
    ///
    /// # Errors
    /// This process' own; in all the other processes an error too.
    fn total(&self, own: Result<Vec<ExactSum>, Error>) -> Result<Vec<ExactSum>, Error>;
}

/// One process reads one shard after another, so that one lies in memory at a time; its threads share the tasks.
#[derive(Clone, Copy, Debug, Default)]
pub struct InTurn;

impl ShardSum for InTurn {
    fn reads(&self, _: usize) -> bool {
        true
    }

    fn total(&self, own: Result<Vec<ExactSum>, Error>) -> Result<Vec<ExactSum>, Error> {
        own
    }
}

/// Fails in every process where the numbers are not the same in all of them.
pub(super) fn agree(sum: &dyn ShardSum, numbers: &[f64]) -> Result<(), Error> {
    let own: Vec<ExactSum> = [1.0].iter().chain(numbers).map(|number| ExactSum::of(*number)).collect();
    let total = sum.total(Ok(own.clone()))?;
    let is_same = own.iter().zip(&total).all(|(number, sum)| sum.times(own[0]) == number.times(total[0]));
    let different =
        || Error::Unusable("the pilot is not the same in all processes: did it run out of time?".to_owned());
    sum.total(if is_same { Ok(Vec::new()) } else { Err(different()) }).map(drop)
}

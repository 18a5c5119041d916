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

/// Rounding of sums over processes, relative to their terms.
const ROUNDING: f64 = 1e-12;

/// Fails in every process where the numbers are not the same in all of them.
pub(super) fn agree(sum: &dyn ShardSum, numbers: &[f64]) -> Result<(), Error> {
    let own: Vec<ExactSum> = [1.0].iter().chain(numbers).map(|number| ExactSum::of(*number)).collect();
    let total: Vec<f64> = sum.total(Ok(own.clone()))?.into_iter().map(ExactSum::value).collect();
    let is_same = own.iter().zip(&total).all(|(own, sum)| {
        let alike = total[0] * own.value();
        (sum - alike).abs() <= ROUNDING * alike.abs()
    });
    let different =
        || Error::Unusable("the pilot is not the same in all processes: did it run out of time?".to_owned());
    sum.total(if is_same { Ok(Vec::new()) } else { Err(different()) }).map(drop)
}

//! Shards shared by processes that speak MPI.

use crate::error::Error;
use crate::shards::{ExactSum, ShardSum};
use mpi::collective::SystemOperation;
use mpi::traits::CommunicatorCollectives;

/// Process r of n reads the shards r, r + n, r + 2n, ..., and all get the sums of all; the same bits as one process gets.
/// All processes make the same calls, of the same pilot; threads besides want an MPI that is initialised `Funneled`.
#[derive(Debug)]
pub struct Processes<'a, C>(pub &'a C);

impl<C: CommunicatorCollectives> Processes<'_, C> {
    fn added(&self, own: &[i64]) -> Vec<i64> {
        let mut sums = vec![0; own.len()];
        self.0.all_reduce_into(own, &mut sums[..], SystemOperation::sum());
        sums
    }
}

impl<C: CommunicatorCollectives> ShardSum for Processes<'_, C> {
    fn reads(&self, shard: usize) -> bool {
        let [rank, size] = [self.0.rank(), self.0.size()].map(|n| usize::try_from(n).expect("ranks are not negative"));
        shard % size == rank
    }

    fn total(&self, own: Result<Vec<ExactSum>, Error>) -> Result<Vec<ExactSum>, Error> {
        // a process that failed has no sums to send, and the others must not wait for them
        let failed = self.added(&[i64::from(own.is_err())])[0];
        let own = own?;
        if failed > 0 {
            return Err(Error::Unusable(format!("{failed} other processes have failed to read their shards")));
        }
        let limbs: Vec<i64> = own.into_iter().flat_map(ExactSum::limbs).collect();
        Ok(self.added(&limbs).as_chunks().0.iter().map(|limbs| ExactSum::of_limbs(*limbs)).collect())
    }
}

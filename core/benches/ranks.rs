//! Shards shared by processes: the same bits as one process gets, and what each of them took.
//!
//! cargo bench -p hierarch --features mpi --bench ranks --no-run
//! mpirun -n 2 target/release/deps/ranks-...

use cpu_time::ProcessTime;
use hierarch::prelude::*;
use hierarch::shards::{InTurn, Processes, ShardSum, ShardedFit, Shards};
use hierarch::{AdaptOptions, Error};
use mpi::Threading;
use mpi::traits::{Communicator, CommunicatorCollectives};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

model! {
    Tosses(coins: Vec<u32>) {
        centre ~ Normal(0.0, 2.0);
        spread ~ HalfNormal(2.0);
        for &heads in coins {
            log_odds ~ Normal(centre, spread);
            heads ~ BinomialLogit(10, log_odds);
        }
    }
}

const TASKS: usize = 10_000;
const SHARDS: usize = 7;

struct Coins;

impl Shards<u32> for Coins {
    fn num_shards(&self) -> usize {
        SHARDS
    }

    fn shard(&self, number: usize) -> Result<Vec<u32>, Error> {
        Ok((number * TASKS / SHARDS..(number + 1) * TASKS / SHARDS).map(coin).collect())
    }
}

/// The truth: centre 0.4, spread 0.7.
fn coin(number: usize) -> u32 {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let log_odds = 0.4 + 0.7 * rng.sample::<f64, _>(StandardNormal);
    let p = 1.0 / (1.0 + (-log_odds).exp());
    (0..10).map(|_| u32::from(rng.random::<f64>() < p)).sum()
}

fn fit(sum: &dyn ShardSum) -> Result<ShardedFit<Tosses>, Error> {
    Tosses::new((0..500).map(coin).collect()).fit()?.over_shards(&Coins, sum)
}

fn main() -> Result<(), Error> {
    let Some((universe, _)) = mpi::initialize_with_threading(Threading::Funneled) else {
        return Err(Error::Unusable("MPI does not start".to_owned()));
    };
    let world = universe.world();
    let (rank, processes) = (world.rank(), Processes(&world));
    let started = ProcessTime::now();
    let shared = fit(&processes)?;
    let mut tasks = 0;
    let few = AdaptOptions { global_draws: 16, ..AdaptOptions::default() };
    shared.each_task(&Coins, &processes, &few, |_, task| {
        tasks += usize::from(task.trust().is_reliable);
        Ok(())
    })?;
    let took = started.elapsed().as_secs_f64();
    println!("rank {rank} of {}: {took:.1} processor seconds, {tasks} of {TASKS} tasks reliable", world.size());
    world.barrier();
    if rank == 0 {
        let (alone, global) = (fit(&InTurn)?.global(), shared.global());
        for (name, one, two) in [("centre", alone.centre, global.centre), ("spread", alone.spread, global.spread)] {
            println!("{name} {:.5} +- {:.5}", two.mean, two.sd);
            assert!(one.mean.to_bits() == two.mean.to_bits() && one.sd.to_bits() == two.sd.to_bits(), "{name}");
        }
    }
    Ok(())
}

//! A million tasks that never lie in memory together: straight lines of 20 points, and 10 tosses of each of many coins.
//!
//! cargo run --release --example million -- --quick
//! cargo run --release --example million
//!
//! A shard of tasks is made anew whenever it is read, as another program would read it from a file. The first thousand tasks
//! are the pilot. With `--quick` there are 1,000 tasks of each kind, and a pilot of 100; whether there are 1, 3 or 7 shards makes
//! no difference.

use cpu_time::ProcessTime;
use hierarch::prelude::*;
use hierarch::shards::{InTurn, ShardedFit, Shards};
use hierarch::{AdaptOptions, Correction, Error, Evidence, Model, Options, Summary};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

model! {
    Lines(tasks: Vec<Vec<(f64, f64)>>) {
        level ~ Normal(0.0, 5.0);
        slope ~ Normal(0.0, 5.0);
        tau_level ~ HalfNormal(2.0);
        tau_slope ~ HalfNormal(2.0);
        sigma ~ HalfNormal(2.0);
        for points in tasks {
            a ~ Normal(level, tau_level);
            b ~ Normal(slope, tau_slope);
            for &(x, y) in points {
                y ~ Normal(a + b * x, sigma);
            }
        }
    }
}

model! {
    Coins(tasks: Vec<u32>) {
        centre ~ Normal(0.0, 2.0);
        spread ~ HalfNormal(2.0);
        for &heads in tasks {
            log_odds ~ Normal(centre, spread);
            heads ~ BinomialLogit(10, log_odds);
        }
    }
}

/// One of so many tasks is the pilot's, but no more than these.
const PILOT_OF: usize = 10;
const PILOT: usize = 1000;

/// Tasks that are made by their number, in shards of equal size.
struct Made<T> {
    tasks: usize,
    shards: usize,
    make: fn(usize) -> T,
}

impl<T> Shards<T> for Made<T> {
    fn num_shards(&self) -> usize {
        self.shards
    }

    fn shard(&self, number: usize) -> Result<Vec<T>, Error> {
        let first = |number: usize| number * self.tasks / self.shards;
        Ok((first(number)..first(number + 1)).map(self.make).collect())
    }
}

/// The truth: level 1, slope -0.5, of standard deviations 0.8 and 0.3; noise of 0.5.
fn line(number: usize) -> Vec<(f64, f64)> {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let mut normal = || rng.sample::<f64, _>(StandardNormal);
    let (a, b) = (1.0 + 0.8 * normal(), -0.5 + 0.3 * normal());
    (0..20).map(|j| f64::from(j) / 10.0 - 0.95).map(|x| (x, a + b * x + 0.5 * normal())).collect()
}

/// The truth: centre 0.4, spread 0.7.
fn coin(number: usize) -> u32 {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let log_odds = 0.4 + 0.7 * rng.sample::<f64, _>(StandardNormal);
    let p = 1.0 / (1.0 + (-log_odds).exp());
    (0..10).map(|_| u32::from(rng.random::<f64>() < p)).sum()
}

fn made<T>(tasks: usize, shards: usize, make: fn(usize) -> T) -> Made<T> {
    Made { tasks, shards, make }
}

/// The process' peak of resident memory in megabytes, where the system tells.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// A global's name, what is found of it, and the truth.
type Global = (&'static str, Summary, f64);

/// What is done with a model's tasks, whatever they are.
struct Study<M: Model, T> {
    model: fn(Vec<T>) -> M,
    make: fn(usize) -> T,
    tasks: usize,
    globals: fn(&ShardedFit<M>) -> Vec<Global>,
}

impl<T: Send + Sync, M: Model<Task = T>> Study<M, T> {
    fn fit(&self, shards: usize) -> Result<ShardedFit<M>, Error> {
        let some = (0..PILOT.min(self.tasks / PILOT_OF)).map(self.make).collect();
        // a pilot finds the way, for which its own posterior need not be exact
        let options = Options { correction: Correction::LinearResponse, ..Options::default() };
        (self.model)(some).fit_with(&options)?.over_shards(&made(self.tasks, shards, self.make), &InTurn)
    }

    /// Fits the tasks, and prints what it took; every task is adapted to afterwards.
    fn run(&self, shards: usize) -> Result<ShardedFit<M>, Error> {
        let started = ProcessTime::now();
        let fit = self.fit(shards)?;
        println!("{} tasks in {shards} shards: {:.1} processor seconds", self.tasks, started.elapsed().as_secs_f64());
        for (name, found, truth) in (self.globals)(&fit) {
            let Summary { mean, sd, mc_error, .. } = found;
            println!("  {name:10} {mean:.5} +- {sd:.5} (mc error {:.3} sd), in truth {truth}", mc_error / sd);
            assert!((mean - truth).abs() < 4.5 * sd && mc_error < 0.1 * sd, "{name}: {found:?}");
        }
        let evidence = fit.evidence();
        let Evidence { k_hat, draws, effective_sample_size: effective, ln_evidence, ln_evidence_error, .. } = evidence;
        println!(
            "  {effective:.0} effective draws of {draws}, k-hat {k_hat:.2}, ln evidence {ln_evidence:.3} +- {ln_evidence_error:.3}"
        );
        assert!(fit.trust().is_reliable, "{:?}", fit.trust());
        let (started, mut reliable) = (ProcessTime::now(), 0);
        let few = AdaptOptions { global_draws: 16, ..AdaptOptions::default() };
        fit.each_task(&made(self.tasks, shards, self.make), &InTurn, &few, |_, task| {
            reliable += usize::from(task.trust().is_reliable);
            Ok(())
        })?;
        println!("  {reliable} of the tasks reliable: {:.1} processor seconds", started.elapsed().as_secs_f64());
        if let Some(peak) = peak() {
            println!("  peak of memory so far: {peak:.0} MB");
        }
        Ok(fit)
    }

    /// The same bits whatever the number of shards.
    fn assert_same(&self, fit: &ShardedFit<M>, shards: usize) -> Result<(), Error> {
        let other = self.fit(shards)?;
        assert_eq!(fit.evidence(), other.evidence());
        for ((name, one, _), (_, two, _)) in (self.globals)(fit).into_iter().zip((self.globals)(&other)) {
            assert!(one.mean.to_bits() == two.mean.to_bits() && one.sd.to_bits() == two.sd.to_bits(), "{name}");
        }
        Ok(())
    }
}

fn main() -> Result<(), Error> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let of = |whole: usize| if quick { 1_000 } else { whole };
    let lines = Study {
        model: Lines::new,
        make: line,
        tasks: of(1_000_000),
        globals: |fit| {
            let g = fit.global();
            let taus = [("tau_level", g.tau_level, 0.8), ("tau_slope", g.tau_slope, 0.3), ("sigma", g.sigma, 0.5)];
            [("level", g.level, 1.0), ("slope", g.slope, -0.5)].into_iter().chain(taus).collect()
        },
    };
    let coins = Study {
        model: Coins::new,
        make: coin,
        tasks: of(100_000),
        globals: |fit| {
            let g = fit.global();
            vec![("centre", g.centre, 0.4), ("spread", g.spread, 0.7)]
        },
    };
    if !quick {
        coins.run(20)?;
        lines.run(100)?;
        return Ok(());
    }
    let (of_coins, of_lines) = (coins.run(3)?, lines.run(3)?);
    for shards in [1, 7] {
        coins.assert_same(&of_coins, shards)?;
        lines.assert_same(&of_lines, shards)?;
    }
    Ok(())
}

//! Tasks in shards: against closed forms, whatever the shards, and where they cannot be read.

use hierarch::prelude::*;
use hierarch::shards::{InTurn, ShardedFit, Shards};
use hierarch::{AdaptOptions, Error};

model! {
    Means(values: Vec<f64>) {
        mu ~ Normal(0.0, 10.0);
        for &value in values {
            phi ~ Normal(mu, 1.0);
            value ~ Normal(phi, 1.0);
        }
    }
}

model! {
    Wide(values: Vec<f64>) {
        level[_ in 0..9] ~ Normal(0.0, 1.0);
        for &value in values {
            phi ~ Normal(level[0], 1.0);
            value ~ Normal(phi, 1.0);
        }
    }
}

const TASKS: usize = 3000;

fn value(i: usize) -> f64 {
    1.5 + 2.0 * (i as f64 * 0.7).sin() + (i as f64 * 0.013).cos()
}

fn values(range: std::ops::Range<usize>) -> Vec<f64> {
    range.map(value).collect()
}

/// So many shards of equal size.
struct Equal(usize);

impl Shards<f64> for Equal {
    fn num_shards(&self) -> usize {
        self.0
    }

    fn shard(&self, number: usize) -> Result<Vec<f64>, Error> {
        Ok(values(number * TASKS / self.0..(number + 1) * TASKS / self.0))
    }
}

fn over<S: Shards<f64>>(shards: &S) -> Result<ShardedFit<Means>, Error> {
    Means::new(values(0..100)).fit().expect("a pilot").over_shards(shards, &InTurn)
}

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

/// y_i ~ Normal(mu, sqrt(2)) independently given mu, so that mu is normal with precision 1/100 + n/2, and phi_i given y_i and mu
/// normal around (y_i + mu) / 2 with variance 1/2.
#[test]
fn conjugate_means_are_exact() {
    let fit = over(&Equal(4)).expect("a fit");
    assert!(fit.trust().is_reliable && fit.num_tasks() == TASKS);
    let (n, all) = (TASKS as f64, values(0..TASKS));
    let (sum, squares): (f64, f64) = (all.iter().sum(), all.iter().map(|y| y * y).sum());
    let precision = 0.01 + 0.5 * n;
    let (mean, sd) = (0.5 * sum / precision, precision.sqrt().recip());
    let mu = fit.global().mu;
    assert!((mu.mean - mean).abs() < 4.0 * mu.mc_error && mu.mc_error < 0.2 * sd, "{mu:?}, not {mean}");
    assert!((mu.sd - sd).abs() < 4.0 * mu.sd_mc_error && mu.sd_mc_error < 0.2 * sd, "{mu:?}, not {sd}");
    // ln N(y; 0, 2 I + 100 J), by the determinant and the inverse of a multiple of I plus one of J
    let ln_determinant = n * 2.0_f64.ln() + (1.0 + 50.0 * n).ln();
    let quadratic = 0.5 * squares - 0.25 * sum * sum / precision;
    let ln_evidence = -0.5 * (n * std::f64::consts::TAU.ln() + ln_determinant + quadratic);
    let found = fit.evidence();
    assert!(
        (found.ln_evidence - ln_evidence).abs() < 4.0 * found.ln_evidence_error + 1e-6,
        "{found:?}, not {ln_evidence}"
    );
    let mut next = 0;
    let many = AdaptOptions { global_draws: 64, ..AdaptOptions::default() };
    fit.each_task(&Equal(4), &InTurn, &many, |number, task| {
        assert!(number == next && task.trust().is_reliable, "{number}");
        next += 1;
        let phi = task.local().phi;
        assert!((phi.mean - 0.5 * (value(number) + mean)).abs() < 0.05 && (phi.sd - 0.5_f64.sqrt()).abs() < 0.05);
        Ok(())
    })
    .expect("every task");
    assert_eq!(next, TASKS);
}

#[test]
fn any_number_of_shards_gives_the_same_bits() {
    let [one, three, seven] = [1, 3, 7].map(|shards| over(&Equal(shards)).expect("a fit"));
    for other in [&three, &seven] {
        assert_eq!(one.evidence(), other.evidence());
        let [a, b] = [&one, other].map(|fit| fit.global().mu);
        assert!(a.mean.to_bits() == b.mean.to_bits() && a.sd.to_bits() == b.sd.to_bits());
    }
    let strangers = one.each_task(&Equal(2), &InTurn, &AdaptOptions::default(), |_, _| Ok(()));
    assert_eq!(message(strangers), "there are 2 shards, and the fit has read 1");
}

/// Shards that are read differently at each time.
struct Read<F>(std::sync::atomic::AtomicUsize, F);

impl<F: Fn(usize) -> Result<Vec<f64>, Error> + Sync> Shards<f64> for Read<F> {
    fn num_shards(&self) -> usize {
        1
    }

    fn shard(&self, _: usize) -> Result<Vec<f64>, Error> {
        self.1(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}

fn read<F: Fn(usize) -> Result<Vec<f64>, Error> + Sync>(at_time: F) -> Result<ShardedFit<Means>, Error> {
    over(&Read(0.into(), at_time))
}

#[test]
fn shards_that_cannot_be_used_say_why() {
    assert!(matches!(read(|_| Ok(Vec::new())), Err(Error::NoTasks)));
    let changed = read(|time| Ok(values(0..10 + time)));
    assert_eq!(message(changed), "shard 0 has 11 tasks, and had 10 when it was first read");
    let lost = |time| if time < 2 { Ok(values(0..10)) } else { Err(Error::Unusable("the disk is gone".to_owned())) };
    assert_eq!(message(read(lost)), "the disk is gone");
    let not_a_number = read(|_| Ok(vec![0.5, f64::NAN]));
    assert!(message(not_a_number).contains("NaN"));
    let wide = Wide::new(values(0..100)).fit().expect("a pilot").over_shards(&Equal(2), &InTurn);
    assert_eq!(message(wide), "shards take a theta of 1 to 8 coordinates that is no point, not of 9");
}

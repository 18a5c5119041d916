//! Tasks in shards: against closed forms and ordinary fits, whatever the shards, and where they cannot be read.

use hierarch::prelude::*;
use hierarch::shards::{ExactSum, InTurn, ShardSum, ShardedFit, Shards};
use hierarch::{AdaptOptions, Correction, Error, GlobalFactor, Model, Options, Summary};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

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
    Tosses(coins: Vec<u32>) {
        centre ~ Normal(0.0, 2.0);
        spread ~ HalfNormal(2.0);
        for &heads in coins {
            log_odds ~ Normal(centre, spread);
            heads ~ BinomialLogit(10, log_odds);
        }
    }
}

model! {
    /// Some of the tasks, not all, are Gaussian given theta.
    Uneven(tasks: Vec<(bool, f64)>) {
        mu ~ Normal(0.0, 10.0);
        tau ~ HalfNormal(2.0);
        for &(has_tails, value) in tasks {
            phi ~ Normal(mu, tau);
            if has_tails {
                value ~ StudentT(4.0, phi, 1.0);
            } else {
                value ~ Normal(phi, 1.0);
            }
        }
    }
}

model! {
    Lines(tasks: Vec<(Vec<f64>, f64)>) {
        level[_ in 0..9] ~ Normal(0.0, 3.0);
        spread ~ HalfNormal(2.0);
        for (xs, value) in tasks {
            phi ~ Normal(0.0, spread);
            value ~ Normal(dot(&level, xs) + phi, 0.5);
        }
    }
}

model! {
    /// Tasks that are neither Gaussian nor of few latents: their evidences are means over proposals.
    Counts(tasks: Vec<[u32; 8]>) {
        level ~ Normal(0.0, 1.0);
        for counts in tasks {
            rate[_ in 0..8] ~ Normal(level, 3.0);
            for (k, &count) in counts.iter().enumerate() {
                count ~ PoissonLog(rate[k] + 0.7 * rate[(k + 1) % 8]);
            }
        }
    }
}

fn value(i: usize) -> f64 {
    1.5 + 2.0 * (i as f64 * 0.7).sin() + (i as f64 * 0.013).cos()
}

fn heads(i: usize) -> u32 {
    [3, 7, 5, 9, 4, 6, 8, 5, 2, 6, 7][i % 11]
}

/// So many tasks, each made by its number, in so many shards of equal size.
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

/// A fit of the first tasks, and of all by shards.
fn over<M: Model>(model: fn(Vec<M::Task>) -> M, pilot: usize, shards: &Made<M::Task>) -> Result<ShardedFit<M>, Error>
where
    M::Task: Sized + Send + Sync,
{
    model((0..pilot).map(shards.make).collect()).fit().expect("a pilot").over_shards(shards, &InTurn)
}

fn means(shards: usize) -> Made<f64> {
    Made { tasks: 3000, shards, make: value }
}

fn message<T>(result: Result<T, Error>) -> String {
    result.err().expect("an error").to_string()
}

/// Each is known to a twentieth of a standard deviation, and they differ by no more than their errors allow.
fn assert_alike(name: &str, sharded: Summary, plain: Summary) {
    let [error, error_of_plain] = [sharded.mc_error, plain.mc_error].map(|error| error / plain.sd);
    let (off, wider) = ((sharded.mean - plain.mean) / plain.sd, sharded.sd / plain.sd);
    assert!(error.max(error_of_plain) < 0.06, "{name}: {sharded:?} and {plain:?}");
    let is_near = off.abs() < 3.0 * error.hypot(error_of_plain).max(0.03);
    assert!(is_near && (0.9..1.1).contains(&wider), "{name}: {sharded:?} and {plain:?}");
}

/// y_i ~ Normal(mu, sqrt(2)) independently given mu, so that mu is normal with precision 1/100 + n/2, and phi_i given y_i and mu
/// normal around (y_i + mu) / 2 with variance 1/2.
#[test]
fn conjugate_means_are_exact() {
    let shards = means(4);
    let fit = over(Means::new, 100, &shards).expect("a fit");
    assert!(fit.trust().is_reliable && fit.num_tasks() == shards.tasks, "{:?}", fit.trust());
    let (n, all) = (shards.tasks as f64, (0..shards.tasks).map(value).collect::<Vec<_>>());
    let (sum, squares): (f64, f64) = (all.iter().sum(), all.iter().map(|y| y * y).sum());
    let precision = 0.01 + 0.5 * n;
    let (mean, sd) = (0.5 * sum / precision, precision.sqrt().recip());
    let mu = fit.global().mu;
    assert!((mu.mean - mean).abs() < 4.0 * mu.mc_error && mu.mc_error < 0.05 * sd, "{mu:?}, not {mean}");
    assert!((mu.sd - sd).abs() < 4.0 * mu.sd_mc_error && mu.sd_mc_error < 0.05 * sd, "{mu:?}, not {sd}");
    // ln N(y; 0, 2 I + 100 J), by the determinant and the inverse of a multiple of I plus one of J
    let ln_determinant = n * 2.0_f64.ln() + (1.0 + 50.0 * n).ln();
    let quadratic = 0.5 * squares - 0.25 * sum * sum / precision;
    let ln_evidence = -0.5 * (n * std::f64::consts::TAU.ln() + ln_determinant + quadratic);
    let found = fit.evidence();
    assert!((found.ln_evidence - ln_evidence).abs() < 4.0 * found.ln_evidence_error + 1e-6, "{found:?}, {ln_evidence}");
    let mut next = 0;
    fit.each_task(&shards, &InTurn, &AdaptOptions::default(), |number, task| {
        assert!(number == next && task.trust().is_reliable, "{number}");
        next += 1;
        let phi = task.local().phi;
        assert!((phi.mean - 0.5 * (value(number) + mean)).abs() < 0.05 && (phi.sd - 0.5_f64.sqrt()).abs() < 0.05);
        // y_i given all others: normal around their mu, with variance 2 and that of mu
        let precision = precision - 0.5;
        let (away, variance) = (value(number) - 0.5 * (sum - value(number)) / precision, 2.0 + precision.recip());
        let exact = -0.5 * (away * away / variance + (std::f64::consts::TAU * variance).ln());
        let found = task.evidence().expect("it was adapted to");
        let off = (found.ln_evidence - exact).abs();
        assert!(off < 4.0 * found.ln_evidence_error + 1e-4 && found.ln_evidence_error < 0.02, "{found:?}, {exact}");
        Ok(())
    })
    .expect("every task");
    assert_eq!(next, shards.tasks);
    let new = fit.adapt(&4.0).expect("one more task").local().phi;
    assert!((new.mean - 0.5 * (4.0 + mean)).abs() < 0.05, "{new:?}");
}

#[test]
fn shards_give_what_an_ordinary_fit_gives() {
    let shards = Made { tasks: 400, shards: 4, make: heads };
    let (sharded, plain) = (
        over(Tosses::new, 100, &shards).expect("a fit"),
        Tosses::new((0..400).map(heads).collect()).fit().expect("a fit"),
    );
    assert!(sharded.trust().is_reliable && plain.trust().is_reliable, "{:?}", sharded.trust());
    let (a, b) = (sharded.global(), plain.global());
    assert_alike("centre", a.centre, b.centre);
    assert_alike("spread", a.spread, b.spread);
    let (a, b) = (sharded.evidence(), plain.evidence().expect("corrected"));
    let error = a.ln_evidence_error.hypot(b.ln_evidence_error);
    assert!((a.ln_evidence - b.ln_evidence).abs() < 4.0 * error, "{a:?} and {b:?}");
    sharded
        .each_task(&shards, &InTurn, &AdaptOptions::default(), |number, task| {
            assert_alike(&format!("log_odds of {number}"), task.local().log_odds, plain.local(number).log_odds);
            Ok(())
        })
        .expect("every task");
}

#[test]
fn a_theta_of_ten_coordinates_is_no_exception() {
    let make = |i: usize| {
        let xs: Vec<f64> = (1..10).map(|k| (i as f64 * 0.37 * f64::from(k) + f64::from(k)).sin()).collect();
        let signal: f64 = xs.iter().zip(1..).map(|(x, k)| x * f64::from(k) / 5.0).sum();
        (xs, signal + 0.6 * value(i) - 0.9)
    };
    let shards = Made { tasks: 600, shards: 3, make };
    let sharded = over(Lines::new, 150, &shards).expect("a fit");
    let plain = Lines::new((0..600).map(make).collect()).fit().expect("a fit");
    assert!(sharded.trust().is_reliable, "{:?}", sharded.trust());
    let (a, b) = (sharded.global(), plain.global());
    a.level.iter().zip(&b.level).for_each(|(a, b)| assert_alike("level", *a, *b));
    assert_alike("spread", a.spread, b.spread);
}

/// ... also where some of the shards hold tasks of one kind alone.
#[test]
fn any_number_of_shards_gives_the_same_bits() {
    let fit = |shards: usize| {
        let make = |i: usize| (i >= 250, value(i));
        over(Uneven::new, 60, &Made { tasks: 350, shards, make }).expect("a fit")
    };
    let one = fit(1);
    for other in [3, 7].map(fit) {
        assert_eq!(one.evidence(), other.evidence());
        let [a, b] = [&one, &other].map(ShardedFit::global);
        for (a, b) in [(a.mu, b.mu), (a.tau, b.tau)] {
            assert!(a.mean.to_bits() == b.mean.to_bits() && a.sd.to_bits() == b.sd.to_bits(), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn noise_of_the_tasks_evidences_is_told() {
    let make = |i: usize| std::array::from_fn(|k| [0, 1, 0, 0, 2, 11, 0][(i + k * k) % 7]);
    let options = Options { posterior_draws: 100, correction: Correction::LinearResponse, ..Options::default() };
    let fit = |tasks: usize| {
        let pilot = Counts::new((0..10).map(make).collect()).fit_with(&options).expect("a pilot");
        pilot.over_shards(&Made { tasks, shards: 2, make }, &InTurn).expect("a fit")
    };
    let (quiet, loud) = (fit(10), fit(70));
    assert!(quiet.trust().is_reliable, "{:?}", quiet.trust());
    let notes = &loud.trust().notes;
    let is_told = notes.iter().any(|note| note.starts_with("ln p(D | theta) has a noise of variance"));
    assert!(loud.trust().is_doubtful && is_told, "{notes:?}");
    // e^-1 of the draws that would count, or fewer
    let share = |fit: &ShardedFit<Counts>| fit.evidence().effective_sample_size / fit.evidence().draws as f64;
    assert!(share(&loud) < 0.5 * share(&quiet), "{:?} and {:?}", loud.evidence(), quiet.evidence());
}

/// Two threads as if they were processes: what they send each other are numbers.
struct Table {
    barrier: Barrier,
    sent: Mutex<Vec<Option<Vec<[i64; 5]>>>>,
}

struct Rank<'t>(usize, &'t Table);

impl ShardSum for Rank<'_> {
    fn reads(&self, shard: usize) -> bool {
        shard % 2 == self.0
    }

    fn total(&self, own: Result<Vec<ExactSum>, Error>) -> Result<Vec<ExactSum>, Error> {
        let Table { barrier, sent } = self.1;
        let limbs = own.as_ref().ok().map(|sums| sums.iter().map(|sum| sum.limbs()).collect());
        sent.lock().expect("nobody panics").push(limbs);
        barrier.wait();
        let all: Option<Vec<Vec<[i64; 5]>>> = sent.lock().expect("nobody panics").iter().cloned().collect();
        if barrier.wait().is_leader() {
            sent.lock().expect("nobody panics").clear();
        }
        barrier.wait();
        let own = own?;
        let all = all.ok_or_else(|| Error::Unusable("the other one has failed".to_owned()))?;
        let added =
            |i: usize| ExactSum::of_limbs(std::array::from_fn(|limb| all.iter().map(|sums| sums[i][limb]).sum()));
        Ok((0..own.len()).map(added).collect())
    }
}

/// What each of two processes gets whose pilots have so many tasks.
fn by_two<S: Shards<f64>>(pilots: [usize; 2], shards: &S) -> [Result<ShardedFit<Means>, Error>; 2] {
    let table = Table { barrier: Barrier::new(2), sent: Mutex::default() };
    let fit = |rank: usize| {
        let pilot = Means::new((0..pilots[rank]).map(value).collect()).fit().expect("a pilot");
        pilot.over_shards(shards, &Rank(rank, &table))
    };
    std::thread::scope(|scope| {
        [0, 1].map(|rank| scope.spawn(move || fit(rank))).map(|thread| thread.join().expect("no panic"))
    })
}

#[test]
fn processes_share_shards() {
    let alone = over(Means::new, 100, &means(3)).expect("a fit");
    for fit in by_two([100, 100], &means(3)) {
        let fit = fit.expect("a fit");
        assert_eq!(fit.evidence(), alone.evidence());
        assert!(fit.num_tasks() == 3000 && fit.global().mu.mean.to_bits() == alone.global().mu.mean.to_bits());
    }
    let [one, two] = by_two([100, 100], &Made { make: |i| if i == 2500 { f64::NAN } else { value(i) }, ..means(2) });
    assert_eq!(message(one), "the other one has failed");
    assert!(message(two).starts_with("shard 1, task 1000: `value`"));
    let [one, two] = by_two([100, 101], &means(2)).map(message);
    assert!(one.contains("the pilot is not the same in all processes") && one == two, "{one} and {two}");
}

/// Shards that are read differently at each time.
struct Read<F>(AtomicUsize, F);

impl<F: Fn(usize) -> Result<Vec<f64>, Error> + Sync> Shards<f64> for Read<F> {
    fn num_shards(&self) -> usize {
        1
    }

    fn shard(&self, _: usize) -> Result<Vec<f64>, Error> {
        self.1(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

fn read<F: Fn(usize) -> Result<Vec<f64>, Error> + Sync>(at_time: F) -> Result<ShardedFit<Means>, Error> {
    Means::new((0..100).map(value).collect()).fit().expect("a pilot").over_shards(&Read(0.into(), at_time), &InTurn)
}

#[test]
fn shards_that_cannot_be_used_say_why() {
    let some = |tasks: usize| Ok((0..tasks).map(value).collect());
    assert!(matches!(read(|_| some(0)), Err(Error::NoTasks)));
    assert_eq!(message(read(|time| some(10 + time))), "shard 0: 11 tasks, but 10 when it was first read");
    let lost = |time| if time < 2 { some(10) } else { Err(Error::Unusable("the disk is gone".to_owned())) };
    assert_eq!(message(read(lost)), "shard 0: the disk is gone");
    let bad = Made { make: |i| if i == 2003 { f64::INFINITY } else { value(i) }, ..means(3) };
    let said = message(over(Means::new, 100, &bad));
    assert!(said.starts_with("shard 2, task 3: `value`, observation 0 (") && said.contains("observed inf"), "{said}");
    let fit = over(Means::new, 100, &means(3)).expect("a fit");
    let late = fit.each_task(&bad, &InTurn, &AdaptOptions::default(), |_, _| Ok(()));
    assert!(message(late).starts_with("shard 2, task 3: `value`, observation 0 ("));
    let strangers = fit.each_task(&means(2), &InTurn, &AdaptOptions::default(), |_, _| Ok(()));
    assert_eq!(message(strangers), "there are 2 shards, and the fit has read 3");
    let full =
        fit.each_task(&means(3), &InTurn, &AdaptOptions::default(), |_, _| Err(Error::Unusable("full".to_owned())));
    assert_eq!(message(full), "full");
    let point = Options { global: GlobalFactor::Point, ..Options::default() };
    let pilot = Means::new((0..100).map(value).collect()).fit_with(&point).expect("a pilot");
    assert!(message(pilot.over_shards(&means(3), &InTurn)).contains("not of a point"));
}

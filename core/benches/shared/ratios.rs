//! Rows of the panel that are not whole default fits: ratios of times, and adaptation of a wide model.

use crate::by_hand::by_hand;
use crate::full_covariance::{Full, Truth, options};
use crate::measure::{median, one_thread, seconds};
use crate::panel_rows::counts::LOGIT_1000;
use crate::regression::{Regression, Task, tasks};
use cpu_time::ProcessTime;
use hierarch::prelude::*;
use hierarch::{Joint, LocalFactor, Options};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A figure under a name.
pub(crate) struct Ratio {
    pub(crate) name: &'static str,
    /// Measures it, and says what it is.
    pub(crate) measure: fn() -> String,
}

pub(crate) const RATIOS: &[Ratio] = &[
    Ratio { name: "gradient, 10,000 x 20 visited, over by hand", measure: gradient },
    Ratio { name: "adapt, full covariance of 200", measure: adapt },
    Ratio { name: "two threads over one, logit 1,000 x 10", measure: two_threads },
];

/// Processor time of `f`, the median of so many runs.
fn timed(runs: usize, mut f: impl FnMut()) -> Duration {
    let run = |_| {
        let started = ProcessTime::now();
        f();
        started.elapsed()
    };
    median((0..runs).map(run).collect())
}

/// A gradient of ln p that visits all observations, over one by hand; neither divides within its loops.
fn gradient() -> String {
    const RUNS: usize = 31;
    let tasks: Vec<Task> = tasks(10_000);
    let model = Regression::new(&tasks);
    let joint = Joint::by_dual_numbers(&model).expect("the data are valid");
    let u: Vec<f64> = (0..joint.num_coordinates()).map(|k| 0.1 * (k as f64).cos()).collect();
    let (mut dual, mut hand) = (vec![0.0; u.len()], vec![0.0; u.len()]);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be started");
    let ours = pool.install(|| timed(RUNS, || _ = black_box(joint.gradient(black_box(&u), black_box(&mut dual)))));
    let by_hand = timed(RUNS, || _ = black_box(by_hand(black_box(&tasks), black_box(&u), black_box(&mut hand))));
    let ratio = ours.as_secs_f64() / by_hand.as_secs_f64();
    format!("{ratio:.2} ({} over {})", seconds(ours), seconds(by_hand))
}

/// A new task's weights; of the climb that comes before two steps are enough to adapt from.
fn adapt() -> String {
    const WEIGHTS: usize = 200;
    const POINTS: usize = 120;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let truth = Truth::new(WEIGHTS);
    let tasks: Vec<_> = (0..100).map(|_| truth.task(POINTS, &mut rng)).collect();
    let new = truth.task(POINTS, &mut rng);
    let climb = Options { max_iterations: Some(2), threads: Some(1), progress: false, ..options(LocalFactor::Full) };
    let started = ProcessTime::now();
    let fit = Full::new(&tasks, WEIGHTS).fit_with(&climb).expect("the data are valid");
    let climbed = started.elapsed();
    let adapted = timed(1, || _ = black_box(fit.adapt(&new).expect("the data are valid").local()));
    format!("{} (after a climb of two steps, {})", seconds(adapted), seconds(climbed))
}

/// Seconds that pass during a whole default fit.
fn two_threads() -> String {
    let job = (LOGIT_1000.job)();
    let [one, two] = [1, 2].map(|threads| {
        let started = Instant::now();
        let fit = job(&Options { threads: Some(threads), ..one_thread() });
        assert!(fit.is_ok(), "the data are valid");
        started.elapsed()
    });
    format!("{:.2} ({} over {}, wall)", two.as_secs_f64() / one.as_secs_f64(), seconds(two), seconds(one))
}

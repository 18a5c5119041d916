//! Two environments of PACOH (Rothfuss et al. 2021): 20 tasks to learn from, then a few points of new ones.
//!
//! Sinusoid: 5 points a task of a line plus a wave. The model is linear in a task's latents, given a frequency that is
//! learned. Cauchy: 20 points a task in the plane. The model is a sum of peaks that all tasks share, learned with their
//! fall-off, and for each task a Gaussian process around it, summed out; how many peaks, training tasks held out say.
//! A plain version of each model shows what is gained by the wave and by the peaks. The published methods are not told
//! of waves or peaks. The oracle knows the distribution of tasks and computes exactly: no method can do better on average.
//! Its calibration error is not 0, because errors within a task are dependent.
//!
//! cargo run --release --example `pacoh_regression`

#[path = "pacoh_regression/cauchy.rs"]
mod cauchy;
#[path = "pacoh_regression/gaussian_process.rs"]
mod gaussian_process;
#[path = "shared/panel.rs"]
mod panel;
#[path = "pacoh_regression/score.rs"]
mod score;
#[path = "pacoh_regression/sinusoid.rs"]
mod sinusoid;

use indicatif::ProgressBar;
use score::{Row, Scores, estimates};

/// The scores of three methods in several environments, by method.
fn over(
    environments: u64,
    tests: usize,
    bar: &ProgressBar,
    environment: impl Fn(u64, usize) -> Result<[Scores; 3], hierarch::Error>,
) -> Result<[Vec<Scores>; 3], hierarch::Error> {
    let mut by_method: [Vec<Scores>; 3] = Default::default();
    for seed in 0..environments {
        by_method.iter_mut().zip(environment(seed, tests)?).for_each(|(all, scores)| all.push(scores));
        bar.inc(1);
    }
    Ok(by_method)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let quick = std::env::args().any(|arg| arg == "--quick");
    let (environments, tests) = if quick { (2, 20) } else { (10, 60) };
    let ([one, five], [none, eight]) = (sinusoid::panels()?, cauchy::panels()?);
    panel::save("pacoh_regression", &[one, five, none, eight])?;
    if !quick {
        cauchy::choose()?;
    }

    let bar = ProgressBar::new(2 * environments);
    let [exact, line, wave] = over(environments, tests, &bar, sinusoid::environment)?;
    let [exact_cauchy, process, peaks] = over(environments, tests, &bar, cauchy::environment)?;
    bar.finish_and_clear();

    println!("\n{environments} environments, {tests} test tasks each; means and standard errors over environments");
    let ([rmse, calibration], [_, floor]) = (estimates(&wave), estimates(&exact));
    let sinusoid = [
        Row::Ours("line and wave, frequency learned (this model)", wave),
        Row::Ours("line only", line),
        Row::Ours("the true distribution of tasks, exact", exact),
        Row::Published("meta-learned deep GP (PACOH-MAP style)", [0.287, 0.124]),
        Row::Published("best entry of that report, each column", [0.218, 0.142]),
        Row::Published("regression on learned features", [0.340, 0.118]),
    ];
    score::print("Sinusoid", &sinusoid);
    let [rmse_cauchy, calibration_cauchy] = estimates(&peaks);
    let cauchy = [
        Row::Ours("shared peaks and a Gaussian process (this model)", peaks),
        Row::Ours("a Gaussian process only", process),
        Row::Ours("the true distribution of tasks, exact", exact_cauchy),
        Row::Published("meta-learned deep GP (PACOH-MAP style)", [0.217, 0.069]),
        Row::Published("best entry of that report, each column", [0.200, 0.060]),
        Row::Published("regression on learned features", [0.225, 0.078]),
    ];
    score::print("Cauchy", &cauchy);

    let slack = if quick { 0.03 } else { 0.0 };
    assert!(rmse.mean <= 0.170 + slack, "Sinusoid, RMSE {rmse}");
    assert!((calibration.mean - floor.mean).abs() <= 0.03, "Sinusoid, {calibration}, exact {floor}");
    assert!(rmse_cauchy.mean <= 0.188, "Cauchy, RMSE {rmse_cauchy}");
    assert!(calibration_cauchy.mean <= 0.058 + slack, "Cauchy, {calibration_cauchy}");
    Ok(())
}

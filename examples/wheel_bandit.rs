//! The wheel bandit (Riquelme et al. 2018), meta-learned as in table 1 of Ravi & Beatson (2019).
//!
//! A context is a point of the unit disk, an arm one of five. Within `delta` of the centre arm 4 pays 1.2 and the others
//! 1; further out, one arm pays 50: another one in each quadrant. Before acting on a new wheel one sees 562 random
//! triples (context, arm, reward) of each of 64 other wheels. Three models learn from those only:
//!
//! - stepwise: told that a reward depends on arm, quadrant and radius, in which it may step once. The levels of all 20
//!   pairs of arm and quadrant, the noise, and how far apart a wheel's cells step, are learned: that 50 is to be had,
//!   which arm pays it where, and that all steps of a wheel are at one radius. Acting, each reward is taken to have its
//!   own step, logistic around the wheel's one edge. Even this model is told more than the published networks, which see
//!   the point itself.
//! - structured: told the rules above, but for `delta` of each wheel, the three rewards, their noise, and how sharp the
//!   step at `delta` is: as far as 64 wheels tell, a reward may have a step of its own some 0.0006 away from it.
//! - sharp: the same, told that all rewards step at `delta` itself.
//!
//! To be told more is worse for Thompson sampling. Playing safe says nothing of `delta`, and a miss costs 49 times an
//! ordinary reward; where the step is not known to be sharp, the chance of 50 close to the edge is worth 1 out of 1.2, so
//! that the edge is approached from the cheap side. Where it is, Thompson sampling gambles with even odds. The last row
//! of the table is Thompson sampling by one who knows all but `delta`, uniform between the bounds that rewards have set:
//! the sharp model does no worse than that. Acting on the posterior mean is best of all, and then it is better to be told
//! more: one who thinks that the step may be soft tries for 50 just within it for ever.
//!
//! A full run takes 17 seconds of processor time.
//!
//! cargo run --release --example wheel_bandit [-- --quick] [-- --figures]

use hierarch::prelude::*;
use hierarch::{Correction, GlobalFactor, Options, Parameterisation};
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use std::error::Error;

#[path = "wheel_bandit/bandit.rs"]
mod bandit;
#[path = "shared/figure.rs"]
mod figure;
#[path = "wheel_bandit/report.rs"]
mod report;
#[path = "wheel_bandit/split.rs"]
mod split;
#[path = "wheel_bandit/wheel.rs"]
mod wheel;

use bandit::{CELLS, GRID, Learned, Policy, cell, play};
use hierarch::assess::metrics::Estimate;
use report::{Row, draw, print, published_tables};
use split::{Split, ln_stepwise};
use wheel::{ARMS, DELTAS, SAFE_ARM, Triple, training_wheels};

/// A step between two radii.
struct Between {
    lower: f64,
    upper: f64,
}

model! {
    /// Stepwise, first part: a task is a cell, with the splits of each training wheel.
    Levels(cells: &[Vec<Vec<Split>>]) {
        typical ~ Normal(0.0, 1.0);
        variety ~ HalfNormal(1.0);
        noise ~ HalfNormal(1.0);
        for cell in cells {
            inner ~ Normal(typical, variety);
            outer ~ Normal(typical, variety);
            for splits in cell {
                factor(ln_stepwise(splits, inner, outer, noise));
            }
        }
    }
}

model! {
    /// Stepwise, second part: a task is a wheel, with the bounds that its rewards set to the step of each cell that has
    /// one. The steps are logistic around the wheel's edge.
    Edges(wheels: &[Vec<Between>]) {
        /// 0 if all cells of a wheel step at the same radius.
        spread ~ HalfNormal(1.0);
        for wheel in wheels {
            edge ~ Uniform(0.0, 1.0);
            for step in wheel {
                let (lower, upper) = ((step.lower - edge) / spread, (step.upper - edge) / spread);
                // ln(sigmoid(upper) - sigmoid(lower))
                factor((lower - upper).ln_1m_exp() - (-upper).ln_1p_exp() - lower.ln_1p_exp());
            }
        }
    }
}

/// The rewards of a wheel by what the rules say of them.
struct Ruled {
    safe: Vec<f64>,
    ordinary: Vec<f64>,
    /// Of the arm that pays outside.
    paying: Vec<Split>,
}

model! {
    /// Structured: a task is a wheel, its delta summed out.
    Rules(wheels: &[Ruled]) {
        safe ~ Normal(0.0, 1.0);
        ordinary ~ Normal(0.0, 1.0);
        jackpot ~ Normal(0.0, 1.0);
        noise ~ HalfNormal(1.0);
        for wheel in wheels {
            for &reward in &wheel.safe {
                reward ~ Normal(safe, noise);
            }
            for &reward in &wheel.ordinary {
                reward ~ Normal(ordinary, noise);
            }
            factor(ln_stepwise(&wheel.paying, ordinary, jackpot, noise));
        }
    }
}

/// What a wheel says of its delta.
struct Around {
    /// Radii between which delta must be, densely.
    deltas: Vec<f64>,
    /// Radii near them at which the paying arm paid, and by what sign: 1 for 50, -1 for no more than the others.
    paid: Vec<(f64, f64)>,
}

model! {
    /// Structured, second part: how sharp the step at delta is. Each reward has its own, logistic around delta, which is
    /// summed out.
    Steps(wheels: &[Around]) {
        /// 0 if sharp.
        width ~ HalfNormal(1.0);
        for wheel in wheels {
            let ln_likelihood = |delta: f64| {
                let logits = wheel.paid.iter().map(|&(radius, sign)| sign * (radius - delta) / width);
                logits.fold(Real::constant(0.0), |sum, logit| sum - (-logit).ln_1p_exp())
            };
            factor(log_sum_exp(wheel.deltas.iter().map(|&delta| ln_likelihood(delta))));
        }
    }
}

impl Around {
    /// `rewards` are radii with signs. Beyond the last -1 and the first 1 a step that is not wide has nothing to say.
    fn new(rewards: Vec<(f64, f64)>) -> Self {
        const MARGIN: f64 = 0.03;
        const DELTAS: usize = 200;
        let last = rewards.iter().filter(|r| r.1 < 0.0).fold(0.0_f64, |bound, r| bound.max(r.0));
        let first = rewards.iter().filter(|r| r.1 > 0.0).fold(1.0_f64, |bound, r| bound.min(r.0));
        let (low, high) = ((last - MARGIN).max(0.0), (first + MARGIN).min(1.0));
        let delta = |k: usize| low + (high - low) * (k as f64 + 0.5) / DELTAS as f64;
        let is_near = |r: &(f64, f64)| r.0 > low - 2.0 * MARGIN && r.0 < high + 2.0 * MARGIN;
        Self { deltas: (0..DELTAS).map(delta).collect(), paid: rewards.into_iter().filter(is_near).collect() }
    }
}

/// theta as a point, as Ravi & Beatson have it: there are 36,000 triples to learn it from.
fn point() -> Options {
    Options {
        global: GlobalFactor::Point,
        correction: Correction::LinearResponse,
        parameterisation: Parameterisation::Centred,
        draws: 2,
        ..Options::default()
    }
}

/// What the three models learn from the training wheels.
fn learn() -> Result<[Learned; 3], Box<dyn Error>> {
    let wheels = training_wheels(&mut ChaCha8Rng::seed_from_u64(562));
    let rewards: Vec<f64> = wheels.iter().flatten().map(|t| t.reward).collect();
    let n = rewards.len() as f64;
    let unit = (rewards.iter().map(|r| r * r).sum::<f64>() / n).sqrt();
    let stepwise = learn_stepwise(&wheels, unit)?;
    let [structured, sharp] = learn_structured(&wheels, unit)?;
    Ok([stepwise, structured, sharp])
}

fn learn_stepwise(wheels: &[Vec<Triple>], unit: f64) -> Result<Learned, Box<dyn Error>> {
    let of_cell = |wheel: &[Triple], c: usize| -> Vec<(f64, f64)> {
        let triples = wheel.iter().filter(|t| cell(t.context.quadrant, t.arm) == c);
        triples.map(|t| (t.context.radius, t.reward / unit)).collect()
    };
    let cells: Vec<Vec<Vec<Split>>> =
        (0..CELLS).map(|c| wheels.iter().map(|wheel| Split::all(of_cell(wheel, c))).collect()).collect();
    let fit = Levels::new(&cells).fit_with(&point())?;
    println!("stepwise, levels: {:?}", fit.verdict());
    let noise = fit.global().noise.mean;
    let levels: Vec<(f64, f64)> = (0..CELLS).map(|c| (fit.local(c).inner.mean, fit.local(c).outer.mean)).collect();

    let bounds = |wheel: &[Triple], c: usize| {
        let (inner, outer) = levels[c];
        let (inside, outside): (Vec<_>, Vec<_>) =
            of_cell(wheel, c).into_iter().partition(|&(_, y)| (y - inner).abs() < (y - outer).abs());
        let lower = inside.iter().fold(0.0_f64, |bound, d| bound.max(d.0));
        Between { lower, upper: outside.iter().fold(1.0_f64, |bound, d| bound.min(d.0)) }
    };
    let stepping: Vec<usize> = (0..CELLS).filter(|&c| (levels[c].0 - levels[c].1).abs() > 10.0 * noise).collect();
    let steps: Vec<Vec<Between>> =
        wheels.iter().map(|wheel| stepping.iter().map(|&c| bounds(wheel, c)).collect()).collect();
    let options = Options { correction: Correction::LinearResponse, ..Options::default() };
    let fit = Edges::new(&steps).fit_with(&options)?;
    let spread = fit.global().spread.mean;
    println!("stepwise, edges: {:?}; {} cells of {CELLS} step, {spread:.4} apart", fit.verdict(), stepping.len());
    let scaled = |level: &dyn Fn(&(f64, f64)) -> f64| std::array::from_fn(|c| unit * level(&levels[c]));
    Ok(Learned { inner: scaled(&|l| l.0), outer: scaled(&|l| l.1), noise: unit * noise, spread })
}

fn learn_structured(triples: &[Vec<Triple>], unit: f64) -> Result<[Learned; 2], Box<dyn Error>> {
    let ruled = |wheel: &Vec<Triple>| {
        let rewards = |wanted: &dyn Fn(&Triple) -> bool| -> Vec<(f64, f64)> {
            wheel.iter().filter(|t| wanted(t)).map(|t| (t.context.radius, t.reward / unit)).collect()
        };
        let pays = |t: &Triple| t.arm == t.context.quadrant;
        let plain = |pairs: Vec<(f64, f64)>| pairs.into_iter().map(|(_, y)| y).collect();
        Ruled {
            safe: plain(rewards(&|t| t.arm == SAFE_ARM)),
            ordinary: plain(rewards(&|t| t.arm != SAFE_ARM && !pays(t))),
            paying: Split::all(rewards(&pays)),
        }
    };
    let wheels: Vec<Ruled> = triples.iter().map(ruled).collect();
    let fit = Rules::new(&wheels).fit_with(&point())?;
    let theta = fit.global();
    let (safe, ordinary, jackpot) = (unit * theta.safe.mean, unit * theta.ordinary.mean, unit * theta.jackpot.mean);
    println!("structured: {:?}; rewards {ordinary:.4}, {safe:.4}, {jackpot:.4}", fit.verdict());
    let inner = std::array::from_fn(|c| if c % ARMS == SAFE_ARM { safe } else { ordinary });
    let outer = std::array::from_fn(|c| if c % ARMS == c / ARMS { jackpot } else { inner[c] });
    let paid = |t: &Triple| (t.context.radius, (2.0 * t.reward - ordinary - jackpot).signum());
    let paying = |wheel: &Vec<Triple>| wheel.iter().filter(|t| t.arm == t.context.quadrant).map(paid).collect();
    let steps: Vec<Around> = triples.iter().map(|wheel| Around::new(paying(wheel))).collect();
    let options = Options { correction: Correction::LinearResponse, draws: 16, most_draws: 16, ..Options::default() };
    let fit = Steps::new(&steps).fit_with(&options)?;
    let width = fit.global().width;
    println!("structured, steps: {:?}; {:.4} +- {:.4} wide", fit.verdict(), width.mean, width.sd);
    let noise = unit * theta.noise.mean;
    // a sharp step is as wide as a grid can hold
    Ok([width.mean, 0.5 / GRID as f64].map(|spread| Learned { inner, outer, noise, spread }))
}

fn main() -> Result<(), Box<dyn Error>> {
    let flag = |name: &str| std::env::args().any(|a| a == name);
    let quick = flag("--quick");
    let (runs, steps): (u64, &[usize]) = if quick { (20, &[2_000]) } else { (50, &[2_000, 80_000]) };

    let [stepwise, structured, sharp] = learn()?;
    let (thompson, greedy) = (Policy::Thompson, Policy::Greedy);
    let players = [
        ("stepwise, Thompson", Some((&stepwise, thompson)), runs),
        ("stepwise, greedy", Some((&stepwise, greedy)), runs),
        ("structured, Thompson", Some((&structured, thompson)), runs),
        ("structured, greedy", Some((&structured, greedy)), runs),
        ("sharp, Thompson", Some((&sharp, thompson)), runs),
        ("sharp, greedy", Some((&sharp, greedy)), runs),
        // a rare miss costs 49: Thompson sampling varies from run to run
        (ALL_BUT_DELTA, None, 20 * runs),
    ];
    let bar = ProgressBar::new(players.iter().map(|player| DELTAS.len() as u64 * player.2).sum());
    let mut tables = published_tables();
    tables.truncate(steps.len());
    for (name, learned, runs) in players {
        let percent = DELTAS.map(|delta| -> Vec<Vec<f64>> {
            let one = |run| {
                bar.inc(1);
                play(learned, delta, steps, run)
            };
            (0..runs).into_par_iter().map(one).collect()
        });
        for (at, table) in tables.iter_mut().enumerate() {
            let cell = |d: usize| Estimate::of(&percent[d].iter().map(|run| run[at]).collect::<Vec<f64>>());
            table.push(Row { name, cells: std::array::from_fn(cell) });
        }
    }
    bar.finish_and_clear();
    report::explain(runs);
    steps.iter().zip(&tables).for_each(|(n, table)| print(*n, table));
    draw(steps, &tables)?;
    let ours = players.iter().filter(|player| player.1.is_some()).map(|player| player.0);
    check(&tables, &ours.collect::<Vec<_>>());
    Ok(())
}

/// Asserts that our players are below Ravi & Beatson, and what the text above says of them.
fn check(tables: &[Vec<Row>], ours: &[&str]) {
    for table in tables {
        let theirs = &row(table, "Ravi & Beatson").cells;
        for ours in ours.iter().map(|name| row(table, name)) {
            assert!((0..5).all(|d| ours.cells[d].mean < theirs[d].mean), "{} is below Ravi & Beatson", ours.name);
        }
    }
    let short = |name: &str| &row(&tables[0], name).cells;
    let at_most = |name: &str, bounds: [f64; 5]| short(name).iter().zip(bounds).all(|(cell, bound)| cell.mean <= bound);
    assert!(at_most("structured, Thompson", [0.5, 0.5, 1.1, 1.2, 5.0]), "knowing the rules, Thompson sampling is good");
    assert!(at_most("sharp, greedy", [0.1; 5]), "and acting on the posterior mean better");
    let no_worse =
        |ours: &Estimate, other: &Estimate| ours.mean < other.mean + 4.0 * ours.std_error.hypot(other.std_error);
    let known = short(ALL_BUT_DELTA);
    assert!(short("sharp, Thompson").iter().zip(known).all(|(ours, known)| no_worse(ours, known)));
}

const ALL_BUT_DELTA: &str = "all but delta, Thompson";

fn row<'a>(table: &'a [Row], name: &str) -> &'a Row {
    table.iter().find(|row| row.name == name).expect("the table has a row of that name")
}

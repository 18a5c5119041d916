//! Lattices against dense quadrature, and against trees that are Gaussian.

use crate::conditional::Conditionals;
use crate::conditional::ask::TaskGiven;
use crate::conditional::tests::{Asks, density};
use crate::conditional::tree::frame::TreeFrame;
use crate::conditional::tree::lattice::{Laid, Lattices, Summed};
use crate::conditional::tree::{NodeScorers, Tree};
use crate::density::Density;
use crate::density::mode::find_mode;
use crate::density::program::{Masks, Scoring};
use crate::linalg::gaussian::Gaussian;
use crate::numbers::pass::Order;
use crate::prelude::*;
use crate::sampling::stream::keyed;
use crate::special::ln_1p_exp;
use nalgebra::DVector;
use rand::RngExt;

/// Answers, by school.
type Area = Vec<Vec<bool>>;

model! {
    /// Schools in areas, of pupils who pass or do not.
    Passes(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        of_areas ~ HalfNormal(1.0);
        of_schools ~ HalfNormal(1.0);
        for schools in areas {
            area ~ Normal(mean, of_areas);
            for pupils in schools {
                school ~ Normal(area, of_schools);
                for passed in pupils {
                    passed ~ BernoulliLogit(school);
                }
            }
        }
    }
}

model! {
    /// The same with latents that are deviations.
    Deviations(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        of_areas ~ HalfNormal(1.0);
        of_schools ~ HalfNormal(1.0);
        for schools in areas {
            area ~ Normal(0.0, of_areas);
            for pupils in schools {
                school ~ Normal(0.0, of_schools);
                for passed in pupils {
                    passed ~ BernoulliLogit(mean + area + school);
                }
            }
        }
    }
}

fn areas() -> Vec<Area> {
    vec![vec![vec![true, true, false, true], vec![true; 6]], vec![vec![false, true], vec![], vec![false; 3]]]
}

/// ln Z, and the means of area, of the first school, and of their product.
struct Quadrature {
    ln_z: f64,
    means: [f64; 3],
}

/// Z = int N(a; mean, of_areas) prod_j int N(s_j; a, of_schools) p(D_j | s_j) ds_j da, by the trapezoid rule.
fn quadrature(area: &Area, [mean, of_areas, of_schools]: [f64; 3]) -> Quadrature {
    const STEP: f64 = 0.05;
    let points = || (-200..=200).map(|k| STEP * f64::from(k));
    let normal =
        |x: f64, loc: f64, scale: f64| (-0.5 * ((x - loc) / scale).powi(2)).exp() / (scale * 2.506_628_274_631);
    let likelihood = |school: &[bool], s: f64| -> f64 {
        school.iter().map(|&passed| -ln_1p_exp(if passed { -s } else { s })).sum::<f64>().exp()
    };
    let (mut z, mut means) = (0.0, [0.0; 3]);
    for a in points() {
        let prior = STEP * normal(a, mean, of_areas);
        // of a school: the integral, and that of s
        let school = |school: &Vec<bool>| {
            points().fold([0.0; 2], |[one, of_s], s| {
                let term = STEP * normal(s, a, of_schools) * likelihood(school, s);
                [one + term, of_s + term * s]
            })
        };
        let schools: Vec<[f64; 2]> = area.iter().map(school).collect();
        let others: f64 = schools[1..].iter().map(|[one, _]| one).product();
        let [one, of_s] = schools[0];
        z += prior * one * others;
        for (mean, term) in means.iter_mut().zip([a * one, of_s, a * of_s]) {
            *mean += prior * others * term;
        }
    }
    Quadrature { ln_z: z.ln(), means: means.map(|mean| mean / z) }
}

/// The mean of Z over thetas is right with hardly any noise, and draws have the right moments, however the model is written.
#[test]
fn a_tree_is_what_dense_quadrature_says() {
    let areas = areas();
    let (centred, deviations) = (Passes::new(&areas), Deviations::new(&areas));
    let densities = [density(&centred), density(&deviations)];
    for (written, density) in densities.iter().enumerate() {
        let conditionals = Conditionals::new(density);
        for (task, area) in areas.iter().enumerate() {
            let theta = [0.4, 0.7, 0.9];
            let expected = quadrature(area, theta);
            let u = [theta[0], theta[1].ln(), theta[2].ln()];
            let mut asks = Asks::new(keyed(1, 2, task as u64), 8);
            let (count, mut means, mut noise) = (1000, [0.0; 3], 0.0);
            for _ in 0..count {
                let answer = asks.answer(&conditionals, &u, task);
                assert!(answer.weights.is_empty(), "it is summed, not sampled");
                noise += (answer.ln_z - expected.ln_z).powi(2) / f64::from(count);
                for draw in answer.draws {
                    let area = if written == 0 { draw[0] } else { theta[0] + draw[0] };
                    let school = if written == 0 { draw[1] } else { area + draw[1] };
                    for (mean, term) in means.iter_mut().zip([area, school, area * school]) {
                        *mean += term / (8.0 * f64::from(count));
                    }
                }
            }
            // of 2 exp(-2 pi^2 / 1.75^2) a node
            assert!(noise.sqrt() < 8e-3, "{written} {task}: ln Z is off by {}", noise.sqrt());
            for (found, expected) in means.iter().zip(expected.means) {
                // 8000 draws of standard deviation 1 and less
                assert!((found - expected).abs() < 0.035, "{written} {task}: {means:?}, not {expected:?}");
            }
        }
    }
}

/// Scores and a covariate of a class, by school.
type Schools = Vec<Vec<Vec<f64>>>;

model! {
    /// Classes in schools in areas, all of it Gaussian given theta.
    Scores(areas: &[Schools]) {
        mean ~ Normal(0.0, 2.0);
        noise ~ HalfNormal(1.0);
        for schools in areas {
            area ~ Normal(mean, 0.8);
            for classes in schools {
                school ~ Normal(0.5 * area, 0.6);
                for scores in classes {
                    class ~ Normal(school, 0.4);
                    for score in scores {
                        score ~ Normal(class, noise);
                    }
                }
            }
        }
    }
}

fn scores() -> Vec<Schools> {
    vec![
        vec![vec![vec![0.3, 0.9], vec![-1.0]], vec![vec![], vec![1.2, 0.4, 0.8], vec![0.1]], vec![]],
        vec![vec![vec![2.0, 1.5]]],
        vec![vec![], vec![vec![-0.4], vec![0.2, 0.3]]],
    ]
}

/// What scores the tasks of a density by nodes at one theta.
fn with_nodes<T>(density: &Density<'_>, theta: &[f64], ask: impl FnOnce(&mut NodeScorers<'_>) -> T) -> T {
    let conditionals = Conditionals::new(density);
    let fixed = density.program.fix(Scoring::Value, &conditionals.layout, &[theta.to_vec()]);
    let scorer = |mask| fixed.scorer(mask);
    ask(&mut NodeScorers::new(scorer(&conditionals.prior), scorer(&conditionals.data)))
}

/// The Gaussian of a task at its mode.
fn gaussian(density: &Density<'_>, theta: &[f64], task: usize) -> Gaussian {
    let conditionals = Conditionals::new(density);
    let mask = Masks::all(&density.program.signature()).tasks;
    let order = Scoring::Derivatives(Order::Second);
    let fixed = density.program.fix(order, &conditionals.layout, &[theta.to_vec()]);
    let mut scorer = fixed.scorer(&mask);
    let n = density.offsets[task + 1] - density.offsets[task];
    let mode = find_mode(DVector::zeros(n), &mut |u, out| {
        scorer.score(0, task, u.as_slice(), out);
    });
    Gaussian::of_precision(mode.at.clone(), mode.precision.as_ref().expect("a Gaussian"))
}

/// Three levels in a task, of unequal numbers, some of none: Z and the moments are those of the Gaussian, which is
/// eliminated exactly.
#[test]
fn a_gaussian_tree_is_summed_as_it_is_eliminated() {
    let areas = scores();
    let model = Scores::new(&areas);
    let density = density(&model);
    let conditionals = Conditionals::new(&density);
    let (theta, mut rng, mut lattices) = ([0.2, -0.7], keyed(4, 5, 6), Lattices::default());
    for task in 0..areas.len() {
        let exact = Asks::new(keyed(1, 2, 3), 1).answer(&conditionals, &theta, task).ln_z;
        let gaussian = gaussian(&density, &theta, task);
        let at = TaskGiven { task, theta: 0 };
        with_nodes(&density, &theta, |scorers| {
            let tree = Tree::find(scorers, at, gaussian.mean.as_slice()).expect("it is a tree");
            assert!(!tree.data_read_parents);
            let frame = TreeFrame::of(&gaussian, &tree);
            for spacing in [0.75, 1.5] {
                let shift: Vec<f64> = frame.0.iter().map(|_| rng.random()).collect();
                let laid = Laid { frame: &frame, spacing, shift: &shift };
                assert_eq!(lattices.sum(&tree, laid, scorers, at), Summed::Done);
                // of 2 exp(-2 pi^2 / 1.5^2) a node, and what is left out behind the ends
                assert!((lattices.ln_z - exact).abs() < 2e-3, "{task} {spacing}: {}, not {exact}", lattices.ln_z);
                let found = lattices.moments(&tree);
                for (found, expected) in found.0.iter().zip(&frame.0) {
                    assert!((found.centre - expected.centre).abs() < 0.01 * expected.sd, "{found:?} {expected:?}");
                    assert!((found.sd / expected.sd - 1.0).abs() < 0.02, "{found:?} {expected:?}");
                    assert!((found.sd_given / expected.sd_given - 1.0).abs() < 0.03, "{found:?} {expected:?}");
                }
            }
        });
    }
}

model! {
    /// Data of a school that depend on its area and on the one before it.
    Tangled(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        for schools in areas {
            area ~ Normal(mean, 1.0);
            for pupils in schools {
                school ~ Normal(area, 1.0);
                for passed in pupils.chunks(2) {
                    pair ~ Normal(school, 0.5);
                    for passed in passed {
                        passed ~ BernoulliLogit(pair + area);
                    }
                }
            }
        }
    }
}

model! {
    /// Two latents in the middle.
    Wide(areas: &[Area]) {
        mean ~ Normal(0.0, 2.0);
        for schools in areas {
            area ~ Normal(mean, 1.0);
            for pupils in schools {
                level ~ Normal(area, 1.0);
                slope ~ Normal(area, 1.0);
                for (k, passed) in pupils.iter().enumerate() {
                    passed ~ BernoulliLogit(level + slope * k as f64);
                }
            }
        }
    }
}

/// What is no tree of single latents is sampled, and right all the same.
#[test]
fn what_is_no_tree_is_none() {
    let areas = areas();
    let (tangled, wide) = (Tangled::new(&areas), Wide::new(&areas));
    for density in [density(&tangled), density(&wide)] {
        let n = density.offsets[1];
        with_nodes(&density, &[0.1], |scorers| {
            assert!(Tree::find(scorers, TaskGiven { task: 0, theta: 0 }, &vec![0.3; n]).is_none());
        });
        let conditionals = Conditionals::new(&density);
        let mut asks = Asks::new(keyed(1, 2, 3), 1);
        let answers = [0, 1].map(|_| asks.answer(&conditionals, &[0.1], 0));
        assert!(answers.iter().all(|answer| answer.ln_z.is_finite() && !answer.weights.is_empty()));
    }
}

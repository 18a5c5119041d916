use super::*;
use crate::density::Writing;
use crate::density::shape::Shape;
use crate::interpret::discover::Start;
use crate::model::Model;
use crate::model::subset::Subset;
use crate::prelude::*;

model! {
    /// Hits of two groups of tasks, whose shifts are read by index.
    Hits(tasks: &[Vec<(usize, bool)>]) {
        tau ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        shift[_ in 0..2] ~ Normal(0.0, tau);
        for task in tasks {
            own ~ Normal(0.3, sigma);
            for &(group, hit) in task {
                hit ~ BernoulliLogit(own + shift[group]);
            }
        }
    }
}

model! {
    /// The same of what is normal.
    Heights(tasks: &[Vec<(usize, f64)>]) {
        tau ~ HalfNormal(1.0);
        sigma ~ HalfNormal(1.0);
        shift[_ in 0..3] ~ Normal(0.0, tau);
        for task in tasks {
            own ~ Normal(0.3, sigma);
            for &(group, height) in task {
                height ~ Normal(own + shift[group], 0.5);
            }
        }
    }
}

fn with_density<M: Model>(model: &M, check: impl FnOnce(&Density<'_>)) {
    let program = Subset::all(model);
    let shape = Shape::discover(&program, &Start::Zero).expect("valid");
    check(&Density::new(Box::new(program), &shape, Writing::CENTRED));
}

fn hits() -> Vec<Vec<(usize, bool)>> {
    (0..3).map(|i| (0..8).map(|k| (usize::from(k % 3 == i % 2), (k * k + i) % 4 != 0)).collect()).collect()
}

const THETA: [f64; 4] = [-0.2, -0.5, 0.0, 0.0];

/// What of normal data there is in closed forms alone is what integration finds, although tasks name different globals.
#[test]
fn of_normal_data_it_is_exact() {
    let height = |i: usize, k: usize| ((i + k % 2) % 3, 0.3 * ((i * 7 + k * 5) % 6) as f64 - 0.4);
    let tasks: Vec<Vec<(usize, f64)>> = (0..4).map(|i| (0..4).map(|k| height(i, k)).collect()).collect();
    with_density(&Heights::new(&tasks), |density| {
        let modes = vec![DVector::zeros(1); 4];
        let theta = [-0.2, -0.5, 0.1, -0.3, 0.2];
        let field = density.field(&theta, &modes).expect("shifts");
        assert_eq!(field.integration.globals.w, [2, 3, 4]);
        let exact = density.integration(&theta, &modes).expect("Gaussian");
        let (mut one, mut two) = (IntegrationSpace::default(), IntegrationSpace::default());
        for others in [[-0.2, -0.5], [0.4, 0.1]] {
            let at = |centre: &[f64]| [&others, &centre[2..]].concat();
            let found = density.mode_given(&field, &at(&field.centre), EXACT, &mut one).expect("a mode");
            let expected = density.integrate(&exact, &at(&theta), &mut two).expect("Gaussian");
            assert!((found.ln_p - expected.ln_p).abs() < 1e-9);
            let means = found.w.mean().iter().zip(&field.centre[2..]).map(|(step, w)| step + w);
            let off = means.zip(expected.w.mean().iter().zip(&theta[2..])).map(|(a, (step, w))| (a - step - w).abs());
            assert!(off.fold(0.0, f64::max) < 1e-9);
        }
    });
}

/// ln p of the scales and the data, and the moments of shifts given the scales, by sums over grids.
fn on_a_grid(density: &Density<'_>) -> (f64, [f64; 2], [f64; 2]) {
    let (step, half, sigma) = (0.1, 45, THETA[1].exp());
    let grid: Vec<f64> = (-half..=half).map(|k| step * f64::from(k)).collect();
    let of_task = |task: &[(usize, bool)], shift: [f64; 2]| {
        let given = |own: f64| {
            let chance = |&(group, hit): &(usize, bool)| {
                let eta = own + shift[group];
                (1.0 + (if hit { -eta } else { eta }).exp()).recip()
            };
            let z = (own - 0.3) / sigma;
            (-0.5 * z * z).exp() / (sigma * std::f64::consts::TAU.sqrt()) * task.iter().map(chance).product::<f64>()
        };
        grid.iter().map(|&own| step * given(own)).sum::<f64>()
    };
    let (mut total, mut first, mut second) = (0.0, [0.0; 2], [0.0; 2]);
    for (a, b) in grid.iter().flat_map(|&a| grid.iter().map(move |&b| (a, b))) {
        let outside = density.all_outside(&[THETA[0], THETA[1], a, b]).total().exp();
        let p = step * step * outside * hits().iter().map(|task| of_task(task, [a, b])).product::<f64>();
        total += p;
        for (k, x) in [a, b].into_iter().enumerate() {
            first[k] += p * x;
            second[k] += p * x * x;
        }
    }
    let mean = first.map(|m| m / total);
    (total.ln(), mean, [0, 1].map(|k| second[k] / total - mean[k] * mean[k]))
}

/// Its bound is below the evidence by next to nothing, and its moments are near those of the density.
#[test]
fn of_binary_data_it_is_near_to_what_a_grid_says() {
    let tasks = hits();
    with_density(&Hits::new(&tasks), |density| {
        let field = density.field(&THETA, &[DVector::zeros(1), DVector::zeros(1), DVector::zeros(1)]).expect("shifts");
        let mut space = IntegrationSpace::default();
        let found = density.mode_given(&field, &field.centre, EXACT, &mut space).expect("a mode");
        let (ln_evidence, mean, variance) = on_a_grid(density);
        let gap = ln_evidence - found.ln_p;
        assert!((0.0..0.03).contains(&gap), "{} is not just below {ln_evidence}", found.ln_p);
        let covariance = found.w.covariance();
        for k in 0..2 {
            let (at, sd) = (field.centre[2 + k] + found.w.mean()[k], variance[k].sqrt());
            assert!((at - mean[k]).abs() < 0.03 * sd, "{at} is not {}", mean[k]);
            assert!((covariance[(k, k)].sqrt() / sd - 1.0).abs() < 0.05, "{} is not {sd}", covariance[(k, k)].sqrt());
        }
    });
}

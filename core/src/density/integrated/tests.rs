use super::*;
use crate::density::Writing;
use crate::density::shape::Shape;
use crate::interpret::discover::Start;
use crate::model::subset::Subset;
use crate::prelude::*;

model! {
    /// mean, slope and shifts are Gaussian given the scales.
    Lines(lines: &[Vec<(f64, f64)>]) {
        mean ~ Normal(0.0, 3.0);
        slope ~ Normal(mean, 2.0);
        shift[_ in 0..3] ~ Normal(0.0, 0.7);
        tau ~ HalfCauchy(1.0);
        sigma ~ HalfNormal(1.0);
        for line in lines {
            a ~ Normal(mean, tau);
            for (k, &(x, y)) in line.iter().enumerate() {
                y ~ Normal(a + slope * x + shift[(line.len() + k) % 2 + line.len() % 2], sigma);
            }
        }
    }
}

/// The same as one w after another and one task after another say; tasks name different shifts.
#[test]
fn it_is_the_density_of_what_is_integrated_out() {
    let lines: Vec<Vec<(f64, f64)>> =
        (0..4).map(|i| (0..i + 2).map(|k| (f64::from(k) - 1.0, f64::from(i * k % 3) + 0.5)).collect()).collect();
    let model = Lines::new(&lines);
    let program = Subset::all(&model);
    let shape = Shape::discover(&program, &Start::Zero).expect("valid");
    let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
    let modes: Vec<DVector<f64>> = (0..4).map(|i| DVector::from_element(1, f64::from(i) - 1.0)).collect();
    let w_0 = [5.0, -3.0, 0.4, -0.2, 0.1];
    let integration = density.integration(&[&w_0[..], &[0.0; 2]].concat(), &modes).expect("mean, slope and shifts");
    let globals = &integration.globals;
    assert_eq!((&globals.w[..], &globals.others[..]), (&[0, 1, 2, 3, 4][..], &[5, 6][..]));
    let seats: Vec<usize> = integration.tasks.iter().map(|task| task.extent.seats.len()).collect();
    assert_eq!(seats, [4; 4], "two shifts each");
    let theta = [&w_0[..], &[-0.4, 0.3]].concat();
    for z in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
        check(&density, &integration, &theta, &[z[0], z[1], z[0] - z[1], 0.5 * z[1], -z[0]]);
    }
}

model! {
    /// means, pull and shift are Gaussian given scales, correlation and tilt; the prior of a task has no closed form.
    Slopes(lines: &[Vec<(f64, f64)>]) {
        scales[_ in 0..2] ~ HalfNormal(1.0);
        corr ~ LkjCholesky(2, 2.0);
        means[_ in 0..2] ~ Normal(0.0, 3.0);
        pull ~ Normal(0.0, 1.0);
        shift ~ Normal(0.0, 1.0);
        tilt ~ Normal(0.0, 1.0);
        sigma ~ HalfNormal(1.0);
        for line in lines {
            b ~ MultivariateNormal(
                [means[0] + pull * (line.len() as f64), means[1] - 0.5 * pull + tilt],
                diag_pre_multiply(&scales, &corr),
            );
            for &(x, y) in line {
                y ~ Normal(b[0] + b[1] * x + shift * x * x, sigma * tilt.exp());
            }
        }
    }
}

#[test]
fn it_is_that_with_correlated_slopes_too() {
    let line = |i: u32| (0..i + 2).map(|k| (f64::from(k) - 1.0, f64::from(i * k % 3) + 0.5)).collect();
    let lines: Vec<Vec<(f64, f64)>> = (0..4).map(line).collect();
    let model = Slopes::new(&lines);
    let program = Subset::all(&model);
    let shape = Shape::discover(&program, &Start::Zero).expect("valid");
    let density = Density::new(Box::new(program), &shape, Writing::CENTRED);
    let modes: Vec<DVector<f64>> = (0..4).map(|i| DVector::from_vec(vec![f64::from(i) - 1.0, 0.4])).collect();
    let theta = [-0.3, 0.4, 0.8, 1.0, -2.0, 0.3, 0.5, 0.6, 0.2];
    let integration = density.integration(&theta, &modes).expect("means, pull and shift");
    let globals = &integration.globals;
    assert_eq!((&globals.w[..], &globals.others[..]), (&[3, 4, 5, 6][..], &[0, 1, 2, 7, 8][..]));
    for z in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
        check(&density, &integration, &theta, &[z[0], z[1], z[0] - z[1], 0.5 * z[1]]);
    }
}

/// ln p(D, the others) is the same by any w, here by that which z stands for, with one task after another.
fn check(density: &Density<'_>, integration: &Integration, theta: &[f64], z: &[f64]) {
    let mut space = IntegrationSpace::default();
    let given = density.integrate(integration, theta, &mut space).expect("Gaussian");
    let (ln_p, (step, ln_q)) = (given.ln_p, given.w.draw(z));
    let mut moved = theta.to_vec();
    integration.globals.move_w(&mut moved, &step);
    let fixed = density.fix_gaussian(std::slice::from_ref(&moved));
    let mut eliminator = fixed.eliminator();
    let found = given.tasks_given(integration, &step);
    let mut sum = 0.0;
    for (i, at) in integration.tasks.iter().enumerate() {
        let conditional = eliminator.eliminate(i, 0).expect("Gaussian");
        assert!((found.ln_z[i] - conditional.ln_z()).abs() < 1e-9, "task {i}: {}", found.ln_z[i]);
        let z = &[0.7, -0.4][..at.extent.coordinates];
        let (mut draw, mut same) = (Vec::new(), Vec::new());
        found.draw_into(at, &mut z.to_vec(), &mut draw);
        conditional.draw_into(&mut z.to_vec(), &mut same);
        assert!(draw.iter().zip(&same).all(|(a, b)| (a - b).abs() < 1e-9), "{draw:?} is not {same:?}");
        sum += conditional.ln_z();
    }
    let off = density.all_outside(&moved).total() + sum - ln_q - ln_p;
    assert!(off.abs() < 1e-9, "{z:?}: {off}");
}

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
    let at = |w: &[f64], others: [f64; 2]| [w, &others].concat();
    let integration = density.integration(&at(&w_0, [0.0; 2]), &modes).expect("mean, slope and shifts");
    let globals = &integration.globals;
    assert_eq!((&globals.w[..], &globals.others[..]), (&[0, 1, 2, 3, 4][..], &[5, 6][..]));
    let seats: Vec<usize> = integration.tasks.iter().map(|task| task.extent.seats.len()).collect();
    assert_eq!(seats, [4; 4], "two shifts each");
    let mut space = IntegrationSpace::default();
    for z in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.3, 2.0], [-2.0, -1.5]] {
        let (z, theta) = ([z[0], z[1], z[0] - z[1], 0.5 * z[1], -z[0]], at(&w_0, [-0.4, 0.3]));
        let given = density.integrate(&integration, &theta, &mut space).expect("Gaussian");
        let (ln_p, (step, ln_q)) = (given.ln_p, given.w.draw(&z));
        let moved: Vec<f64> = w_0.iter().zip(&step).map(|(w, step)| w + step).collect();
        let theta = at(&moved, [-0.4, 0.3]);
        // ln p(D, the others) is the same by any w
        let fixed = density.fix_gaussian(std::slice::from_ref(&theta));
        let mut eliminator = fixed.eliminator();
        let found = given.tasks_given(&integration, &step);
        let mut sum = 0.0;
        for (i, at) in integration.tasks.iter().enumerate() {
            let conditional = eliminator.eliminate(i, 0).expect("Gaussian");
            assert!((found.ln_z[i] - conditional.ln_z()).abs() < 1e-9, "task {i}: {}", found.ln_z[i]);
            let (mut draw, mut same) = (Vec::new(), Vec::new());
            found.draw_into(at, &mut [0.7], &mut draw);
            conditional.draw_into(&mut [0.7], &mut same);
            assert!((draw[0] - same[0]).abs() < 1e-9, "{draw:?} is not {same:?}");
            sum += conditional.ln_z();
        }
        let off = density.all_outside(&theta).total() + sum - ln_q - ln_p;
        assert!(off.abs() < 1e-9, "{z:?}: {off}");
    }
}

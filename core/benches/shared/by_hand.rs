//! A hand-written gradient to compare with.

use crate::regression::Task;

const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;

/// The density of [`Regression`](crate::regression::Regression), and its gradient, by hand: u = (mu_a, mu_b, ln tau_a,
/// ln tau_b, ln sigma), then (a, b) a task. Nothing is divided in the loops.
pub(crate) fn by_hand(tasks: &[Task], u: &[f64], gradient: &mut [f64]) -> f64 {
    let [mu_a, mu_b, tau_a, tau_b, sigma] = [u[0], u[1], u[2].exp(), u[3].exp(), u[4].exp()];
    let mut value = 0.0;
    for k in 0..2 {
        let z = u[k] / 10.0;
        value += -0.5 * z * z - 10.0_f64.ln() - LN_SQRT_2PI;
        gradient[k] = -z / 10.0;
    }
    for k in 2..5 {
        let s = u[k].exp();
        value += -0.5 * s * s - LN_SQRT_2PI + 2.0_f64.ln() + u[k];
        gradient[k] = 1.0 - s * s;
    }
    let (ln_sigma, precision) = (sigma.ln(), 1.0 / (sigma * sigma));
    let (of_a, of_b, ln_taus) = (1.0 / tau_a, 1.0 / tau_b, tau_a.ln() + tau_b.ln());
    for (i, task) in tasks.iter().enumerate() {
        let (a, b) = (u[5 + 2 * i], u[6 + 2 * i]);
        let (mut sum, mut sum_x, mut squares) = (0.0, 0.0, 0.0);
        for &(x, y) in task {
            let r = y - a - b * x;
            sum += r;
            sum_x += r * x;
            squares += r * r;
        }
        let n = task.len() as f64;
        value += -0.5 * precision * squares - n * (ln_sigma + LN_SQRT_2PI);
        gradient[4] += precision * squares - n;
        let (za, zb) = ((a - mu_a) * of_a, (b - mu_b) * of_b);
        value -= 0.5 * (za * za + zb * zb) + ln_taus + 2.0 * LN_SQRT_2PI;
        gradient[0] += za * of_a;
        gradient[1] += zb * of_b;
        gradient[2] += za * za - 1.0;
        gradient[3] += zb * zb - 1.0;
        gradient[5 + 2 * i] = precision * sum - za * of_a;
        gradient[6 + 2 * i] = precision * sum_x - zb * of_b;
    }
    value
}

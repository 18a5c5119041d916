//! The No-U-Turn sampler (Hoffman & Gelman 2014) with multinomial weights (Betancourt 2017), in coordinates of unit scale.
//!
//! With momenta p ~ N(0, 1) and the energy H = |p|^2 / 2 - ln pi(x), leapfrog steps of length e
//!     p += e / 2 g(x),   x += e p,   p += e / 2 g(x)
//! go on, forwards and backwards by chance, twice as far each time, until the trajectory turns back on itself: until the sum of
//! its momenta points against the momentum at one end. The next state is one of its points in proportion to exp(-H).

use crate::linalg::gaussian::standard_normal;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Trajectories double so many times at most.
const MOST_DOUBLINGS: usize = 10;
/// An energy that has grown by so much has left the path.
const DIVERGENT: f64 = 1000.0;
/// Steps are as long as leaves so much of the acceptance (Hoffman & Gelman 2014).
const TARGET: f64 = 0.8;

/// A log density and its gradient, which replaces the content of the second argument.
pub(crate) type Target<'t> = dyn Fn(&[f64], &mut [f64]) -> f64 + Sync + 't;

/// A point of a trajectory.
#[derive(Clone)]
struct Point {
    x: Vec<f64>,
    momentum: Vec<f64>,
    gradient: Vec<f64>,
    ln_density: f64,
}

impl Point {
    /// -H
    fn ln_weight(&self) -> f64 {
        self.ln_density - 0.5 * dot(&self.momentum, &self.momentum)
    }

    fn leap(&self, step: f64, target: &Target<'_>) -> Self {
        let mut next = self.clone();
        let push = |point: &mut Self| {
            point.momentum.iter_mut().zip(&point.gradient).for_each(|(p, g)| *p += 0.5 * step * g);
        };
        push(&mut next);
        next.x.iter_mut().zip(&next.momentum).for_each(|(x, p)| *x += step * p);
        next.ln_density = target(&next.x, &mut next.gradient);
        push(&mut next);
        next
    }
}

/// A stretch of a trajectory, in the direction that it was gone.
struct Stretch {
    first: Point,
    last: Point,
    /// The sum of its momenta.
    sum: Vec<f64>,
    chosen: Point,
    /// ln of the sum of exp(-H).
    ln_weight: f64,
    /// Whether it turned back on itself, or left the path.
    is_over: bool,
}

impl Stretch {
    fn of(point: Point) -> Self {
        let (sum, ln_weight) = (point.momentum.clone(), point.ln_weight());
        Self { first: point.clone(), last: point.clone(), sum, chosen: point, ln_weight, is_over: false }
    }

    /// Whether the momenta at two ends point against the sum of those between.
    fn turns(sum: &[f64], from: &Point, to: &Point) -> bool {
        dot(sum, &from.momentum) < 0.0 || dot(sum, &to.momentum) < 0.0
    }

    /// This and the one that goes on from it, of which `is_next` was chosen or not.
    fn followed_by(self, next: Self, is_next: bool) -> Self {
        let with = |sum: &[f64], point: &Point| add(sum, &point.momentum);
        let sum = add(&self.sum, &next.sum);
        let is_over = next.is_over
            || Self::turns(&sum, &self.first, &next.last)
            || Self::turns(&with(&self.sum, &next.first), &self.first, &next.first)
            || Self::turns(&with(&next.sum, &self.last), &self.last, &next.last);
        let ln_weight = ln_add_exp(self.ln_weight, next.ln_weight);
        let chosen = if is_next { next.chosen } else { self.chosen };
        Self { first: self.first, last: next.last, sum, chosen, ln_weight, is_over }
    }

    /// Gone the other way.
    fn reversed(self) -> Self {
        Self { first: self.last, last: self.first, ..self }
    }
}

/// A chain.
pub(crate) struct Chain {
    at: Point,
    rng: ChaCha8Rng,
    step: StepSize,
    /// Trajectories that left the path since it was last asked.
    pub(crate) divergent: usize,
}

/// What trajectories have in common.
struct Going<'g> {
    target: &'g Target<'g>,
    /// -H where it began.
    ln_first: f64,
    accepted: f64,
    leaps: f64,
    is_divergent: bool,
}

impl Going<'_> {
    /// 2^doublings leaps on from a point.
    fn stretch(&mut self, from: &Point, step: f64, doublings: usize, rng: &mut ChaCha8Rng) -> Stretch {
        if doublings == 0 {
            let next = Stretch::of(from.leap(step, self.target));
            let gained = next.ln_weight - self.ln_first;
            let is_lost = gained.is_nan() || gained <= -DIVERGENT;
            self.accepted += if gained.is_nan() { 0.0 } else { gained.exp().min(1.0) };
            self.leaps += 1.0;
            self.is_divergent |= is_lost;
            return Stretch { is_over: is_lost, ..next };
        }
        let near = self.stretch(from, step, doublings - 1, rng);
        if near.is_over {
            return near;
        }
        let far = self.stretch(&near.last, step, doublings - 1, rng);
        let share = (far.ln_weight - ln_add_exp(near.ln_weight, far.ln_weight)).exp();
        let is_far = rng.random::<f64>() < share;
        near.followed_by(far, is_far)
    }
}

impl Chain {
    /// A chain that starts there.
    pub(crate) fn new(x: Vec<f64>, target: &Target<'_>, rng: ChaCha8Rng) -> Self {
        let mut gradient = vec![0.0; x.len()];
        let ln_density = target(&x, &mut gradient);
        let step = StepSize::new((x.len().max(1) as f64).powf(-0.25));
        Self { at: Point { momentum: vec![0.0; x.len()], x, gradient, ln_density }, rng, step, divergent: 0 }
    }

    /// Where it is.
    pub(crate) fn at(&self) -> &[f64] {
        &self.at.x
    }

    /// Goes on from where it is in other units, in which a coordinate's is so many times as large.
    pub(crate) fn rescale(&mut self, times: &[f64]) {
        let Point { x, gradient, .. } = &mut self.at;
        x.iter_mut().zip(times).for_each(|(x, t)| *x /= t);
        gradient.iter_mut().zip(times).for_each(|(g, t)| *g *= t);
        self.step = StepSize::new(self.step.settled());
    }

    /// The next state; while it learns the length of its steps changes.
    pub(crate) fn go(&mut self, target: &Target<'_>, learns: bool) {
        let n = self.at.x.len();
        self.at.momentum = standard_normal(n, &mut self.rng).as_slice().to_vec();
        let step = if learns { self.step.tried() } else { self.step.settled() };
        let ln_first = self.at.ln_weight();
        let mut going = Going { target, ln_first, accepted: 0.0, leaps: 0.0, is_divergent: false };
        let mut path = Stretch::of(self.at.clone());
        for doublings in 0..MOST_DOUBLINGS {
            let is_forward = self.rng.random::<bool>();
            if !is_forward {
                path = path.reversed();
            }
            let signed = if is_forward { step } else { -step };
            let next = going.stretch(&path.last, signed, doublings, &mut self.rng);
            if next.is_over {
                break;
            }
            let is_next = self.rng.random::<f64>() < (next.ln_weight - path.ln_weight).exp();
            path = path.followed_by(next, is_next);
            if !is_forward {
                path = path.reversed();
            }
            if path.is_over {
                break;
            }
        }
        self.at = path.chosen;
        self.divergent += usize::from(going.is_divergent);
        if learns {
            self.step.learn(going.accepted / going.leaps);
        }
    }
}

/// The length of steps by dual averaging (Nesterov 2009; Hoffman & Gelman 2014, section 3.2).
struct StepSize {
    ln_shrunk_to: f64,
    ln_tried: f64,
    ln_mean: f64,
    error: f64,
    count: f64,
}

impl StepSize {
    fn new(first: f64) -> Self {
        Self { ln_shrunk_to: (10.0 * first).ln(), ln_tried: first.ln(), ln_mean: first.ln(), error: 0.0, count: 0.0 }
    }

    fn tried(&self) -> f64 {
        self.ln_tried.exp()
    }

    fn settled(&self) -> f64 {
        self.ln_mean.exp()
    }

    fn learn(&mut self, accepted: f64) {
        let (slow, first, forget) = (0.05, 10.0, 0.75);
        self.count += 1.0;
        let weight = (self.count + first).recip();
        self.error += weight * (TARGET - accepted - self.error);
        self.ln_tried = self.ln_shrunk_to - self.count.sqrt() / slow * self.error;
        let share = self.count.powf(-forget);
        self.ln_mean += share * (self.ln_tried - self.ln_mean);
    }
}

/// ln(exp(a) + exp(b))
fn ln_add_exp(a: f64, b: f64) -> f64 {
    let (least, most) = (a.min(b), a.max(b));
    if least == f64::NEG_INFINITY { most } else { most + (least - most).exp().ln_1p() }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sampling::stream::keyed;

    /// y ~ N(0, 1), x ~ N(y^2 / 2, 1): E x = 1/2, var x = 3/2.
    fn banana(v: &[f64], gradient: &mut [f64]) -> f64 {
        let away = v[0] - 0.5 * v[1] * v[1];
        gradient.copy_from_slice(&[-away, away * v[1] - v[1]]);
        -0.5 * v[1] * v[1] - 0.5 * away * away
    }

    #[test]
    fn states_have_the_moments_of_what_is_sampled() {
        let mut chain = Chain::new(vec![0.0, 0.0], &banana, keyed(1, 2, 3));
        (0..500).for_each(|_| chain.go(&banana, true));
        chain.divergent = 0;
        let states: Vec<[f64; 2]> = (0..20_000)
            .map(|_| {
                chain.go(&banana, false);
                [chain.at()[0], chain.at()[1]]
            })
            .collect();
        let mean = |f: &dyn Fn(&[f64; 2]) -> f64| states.iter().map(f).sum::<f64>() / states.len() as f64;
        let (x, y) = (mean(&|v| v[0]), mean(&|v| v[1]));
        assert!((x - 0.5).abs() < 0.05 && y.abs() < 0.04, "{x} {y}");
        let (xx, yy) = (mean(&|v| (v[0] - x).powi(2)), mean(&|v| v[1] * v[1]));
        assert!((xx / 1.5).ln().abs() < 0.1 && yy.ln().abs() < 0.05, "{xx} {yy}");
        assert!(chain.divergent < 400, "{}", chain.divergent);
    }

    #[test]
    fn other_units_are_the_same_place() {
        let mut chain = Chain::new(vec![2.0, 3.0], &banana, keyed(1, 2, 3));
        chain.rescale(&[4.0, 0.5]);
        assert_eq!(chain.at(), [0.5, 6.0]);
    }

    #[test]
    fn a_cliff_is_not_crossed() {
        let wall = |v: &[f64], gradient: &mut [f64]| {
            gradient[0] = -v[0];
            if v[0] > 0.0 { -0.5 * v[0] * v[0] } else { f64::NEG_INFINITY }
        };
        let mut chain = Chain::new(vec![1.0], &wall, keyed(1, 2, 3));
        (0..200).for_each(|_| chain.go(&wall, true));
        let mean = (0..4000).fold(0.0, |sum, _| {
            chain.go(&wall, false);
            assert!(chain.at()[0] > 0.0);
            sum + chain.at()[0] / 4000.0
        });
        // of a half normal, sqrt(2 / pi)
        assert!((mean - 0.798).abs() < 0.05, "{mean}");
    }
}

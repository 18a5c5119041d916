//! E\[ln p(phi_i | theta)\] where that is one multivariate normal for all tasks, given theta.
//!
//! It is linear in the natural parameters (c, P m, P), functions of theta alone, and in what the guide of a task says of their
//! statistics: with mean m_i and variances v_i
//!     t = (1, m_ia, -m_ia m_ib for a > b, -(m_ia^2 + v_ia) / 2).
//! Means over draws of theta are taken once, of the parameters and their derivatives, and serve every task.

use crate::density::closed::BlockView;
use crate::density::closed::derivatives::GuideDerivatives;
use crate::density::program::Scoring;
use crate::elbo::Bound;
use crate::guide::Guide;
use crate::numbers::pass::Order;

/// The natural parameters, averaged over the guide of theta.
pub(super) struct SharedPrior {
    /// How many coordinates of a task it is of: the first.
    own: usize,
    /// By parameter, its mean, and derivatives of that in the guide of what tasks read of theta.
    parameters: Vec<(f64, GuideDerivatives)>,
}

/// A statistic of a task's guide: its value, and its derivatives in slots of the task's own coordinates.
#[derive(Default)]
struct Statistic {
    value: f64,
    slopes: Vec<(usize, f64)>,
    /// Row, column and second derivative; on the diagonal, or of both triangles.
    bends: Vec<(usize, usize, f64)>,
}

impl Bound<'_> {
    /// The prior that tasks share, if they do, with these derivatives.
    pub(super) fn shared_prior(&self, guide: &Guide, scoring: Scoring) -> Option<SharedPrior> {
        let (density, noise) = (self.density, &self.noise);
        if !density.has_shared_prior {
            return None;
        }
        let reads = &density.layout.task_reads;
        let order = match scoring {
            Scoring::Value => Order::First,
            Scoring::Derivatives(order) => order,
        };
        let fixed = self.fix(guide, scoring);
        let mut scorer = fixed.scorer(&density.open.tasks);
        let (mut parameters, mut found) = (Vec::new(), Vec::new());
        let weight = (noise.draws as f64).recip();
        for s in 0..noise.draws {
            scorer.natural_prior(s, 0, &mut found);
            if parameters.is_empty() {
                let mut zero = GuideDerivatives::default();
                zero.reset(reads.len(), order);
                parameters = vec![(0.0, zero); found.len()];
            }
            let spread: Vec<f64> = reads.iter().map(|&j| noise.theta(s)[j] * guide.global.ln_scale[j].exp()).collect();
            for ((mean, sum), parameter) in parameters.iter_mut().zip(&found) {
                *mean += weight * parameter.value;
                if scoring != Scoring::Value {
                    sum.add_draw(parameter, &spread, weight);
                }
            }
        }
        // (n + 1) (n + 2) / 2 of them
        let own = (8 * parameters.len() + 1).isqrt().checked_sub(3)? / 2;
        Some(SharedPrior { own, parameters })
    }
}

impl SharedPrior {
    /// The expected log density of a task.
    pub(super) fn value(&self, seen: BlockView<'_>, reads: usize) -> f64 {
        let statistics = self.statistics(seen, reads);
        statistics.iter().zip(&self.parameters).map(|(statistic, (mean, _))| statistic.value * mean).sum()
    }

    /// The same; adds its derivatives to those of the task.
    pub(super) fn add_to(&self, seen: BlockView<'_>, reads: usize, sum: &mut GuideDerivatives) -> f64 {
        let n = sum.n;
        let slot_of_theta = |at: usize| if at < reads { at } else { n + at - reads };
        let mut value = 0.0;
        for (statistic, (mean, by_theta)) in self.statistics(seen, reads).iter().zip(&self.parameters) {
            value += statistic.value * mean;
            for (at, slope) in by_theta.gradient.iter().enumerate() {
                sum.gradient[slot_of_theta(at)] += statistic.value * slope;
            }
            statistic.slopes.iter().for_each(|&(slot, slope)| sum.gradient[slot] += slope * mean);
            if !sum.is_second() {
                continue;
            }
            for (row, bends) in by_theta.hessian.chunks(2 * reads).enumerate() {
                for (column, bend) in bends.iter().enumerate() {
                    sum.add_second(slot_of_theta(row), slot_of_theta(column), statistic.value * bend);
                }
            }
            for &(slot, own) in &statistic.slopes {
                for (at, slope) in by_theta.gradient.iter().enumerate() {
                    sum.add_both(slot, slot_of_theta(at), own * slope);
                }
            }
            for &(row, column, bend) in &statistic.bends {
                if row == column {
                    sum.add_second(row, row, bend * mean);
                } else {
                    sum.add_both(row, column, bend * mean);
                }
            }
        }
        value
    }

    /// t of a task whose block begins with so many globals, in the order of the parameters.
    fn statistics(&self, BlockView { loc, variance, .. }: BlockView<'_>, reads: usize) -> Vec<Statistic> {
        let (n, own) = (loc.len(), reads..reads + self.own);
        let one = Statistic { value: 1.0, ..Statistic::default() };
        let mean = |a: usize| Statistic { value: loc[a], slopes: vec![(a, 1.0)], bends: Vec::new() };
        let square = |a: usize| Statistic {
            value: -0.5 * (loc[a] * loc[a] + variance[a]),
            slopes: vec![(a, -loc[a]), (n + a, -variance[a])],
            bends: vec![(a, a, -1.0), (n + a, n + a, -2.0 * variance[a])],
        };
        let product = |a: usize, b: usize| Statistic {
            value: -loc[a] * loc[b],
            slopes: vec![(a, -loc[b]), (b, -loc[a])],
            bends: vec![(a, b, -1.0)],
        };
        let pairs = own.clone().flat_map(|a| (reads..=a).map(move |b| (a, b)));
        let second = pairs.map(|(a, b)| if a == b { square(a) } else { product(a, b) });
        std::iter::once(one).chain(own.map(mean)).chain(second).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::density::shape::Shape;
    use crate::density::{Density, Writing};
    use crate::elbo::Expansion;
    use crate::guide::MeanField;
    use crate::interpret::discover::Start;
    use crate::model::subset::Subset;
    use crate::options::Estimator;
    use crate::prelude::*;
    use nalgebra::DVector;

    model! {
        Slopes(lines: &[Vec<(f64, f64)>]) {
            scales[_ in 0..2] ~ HalfNormal(1.0);
            corr ~ LkjCholesky(2, 2.0);
            mean ~ Normal(0.0, 3.0);
            for line in lines {
                b ~ MultivariateNormal([mean, 2.0 * mean], diag_pre_multiply(&scales, &corr));
                for &(x, y) in line {
                    y ~ Normal(b[0] + b[1] * x, 0.5);
                }
            }
        }
    }

    fn guide(shape: &Shape) -> Guide {
        let own = shape.num_locals();
        let ln_scale = |j: usize| -1.0 - 0.1 * j as f64;
        Guide {
            global: MeanField { loc: vec![-0.2, 0.4, 0.3, 0.7], ln_scale: (0..4).map(ln_scale).collect() },
            local: MeanField {
                loc: (0..own).map(|j| (j as f64).sin()).collect(),
                ln_scale: (0..own).map(ln_scale).collect(),
            },
            offsets: shape.offsets.clone(),
        }
    }

    /// Calls `f` with the shape and the bound over so many draws.
    fn with_bound<T>(estimator: Estimator, draws: usize, f: impl FnOnce(&Shape, &Bound<'_>) -> T) -> T {
        let lines: Vec<Vec<(f64, f64)>> = (0..3).map(|i| vec![(f64::from(i), 0.5), (1.0, -0.3)]).collect();
        let model = Slopes::new(&lines);
        let shape = Shape::discover(&Subset::all(&model), &Start::Zero).expect("valid");
        let density = Density::new(Box::new(Subset::all(&model)), &shape, Writing { estimator, ..Writing::CENTRED });
        assert_eq!(density.has_shared_prior, estimator == Estimator::ClosedForm);
        f(&shape, &Bound::new(&density, draws, 7))
    }

    #[test]
    fn it_is_what_draws_of_locals_come_to() {
        let total = |estimator, draws| with_bound(estimator, draws, |shape, bound| bound.value(&guide(shape)).total());
        let (found, sampled) = (total(Estimator::ClosedForm, 1 << 14), total(Estimator::Sampled, 1 << 14));
        assert!((found - sampled).abs() < 0.03, "{found} is not {sampled}");
    }

    const STEP: f64 = 1e-5;

    /// The guide with one slot moved up and down by a step; of theta or of all tasks, locs first.
    fn around(at: &Guide, is_local: bool, slot: usize) -> [Guide; 2] {
        [STEP, -STEP].map(|by| {
            let mut guide = at.clone();
            let factor = if is_local { &mut guide.local } else { &mut guide.global };
            let n = factor.len();
            let number = if slot < n { &mut factor.loc[slot] } else { &mut factor.ln_scale[slot - n] };
            *number += by;
            guide
        })
    }

    fn slope_of_value(bound: &Bound<'_>, around: &[Guide; 2]) -> f64 {
        let [up, down] = around.each_ref().map(|guide| bound.value(guide).total());
        (up - down) / (2.0 * STEP)
    }

    /// Differences of the gradients of theta, and of all tasks, one behind the other.
    fn bends(bound: &Bound<'_>, around: &[Guide; 2]) -> (DVector<f64>, Vec<f64>) {
        let [up, down] = around.each_ref().map(|guide| bound.slope(guide).gradient);
        let of = |a: f64, b: f64| (a - b) / (2.0 * STEP);
        let of_tasks = up.tasks.iter().flatten().zip(down.tasks.iter().flatten()).map(|(a, b)| of(*a, *b));
        (up.global.zip_map(&down.global, of), of_tasks.collect())
    }

    #[test]
    fn derivatives_in_theta_are_those_of_its_value() {
        with_bound(Estimator::ClosedForm, 16, |shape, bound| {
            let at = guide(shape);
            let (Expansion { arrow, .. }, of_theta) = (bound.expand(&at), bound.slope(&at).gradient.global);
            assert!((&of_theta - &arrow.global_gradient).amax() < 1e-10);
            for slot in 0..8 {
                let around = around(&at, false, slot);
                let slope = slope_of_value(bound, &around);
                assert!((slope - of_theta[slot]).abs() < 1e-5, "{slot}: {slope} and {}", of_theta[slot]);
                let off = (bends(bound, &around).0 - arrow.global_hessian.column(slot)).amax();
                assert!(off < 1e-5, "{slot}: {off}");
            }
        });
    }

    /// A task has two locs, then two log scales.
    #[test]
    fn derivatives_in_tasks_are_those_of_its_value() {
        with_bound(Estimator::ClosedForm, 16, |shape, bound| {
            let at = guide(shape);
            let (Expansion { arrow, .. }, of_tasks) = (bound.expand(&at), bound.slope(&at).gradient.tasks);
            for (task, slot) in [(0, 0), (1, 1), (2, 2), (1, 3)] {
                let around = around(&at, true, if slot < 2 { 2 * task + slot } else { 6 + 2 * task + slot - 2 });
                let slope = slope_of_value(bound, &around);
                assert!((slope - of_tasks[task][slot]).abs() < 1e-5, "{task} {slot}: {slope}");
                let (in_theta, in_tasks) = bends(bound, &around);
                for row in 0..4 {
                    let (bend, found) = (in_tasks[4 * task + row], arrow.tasks.hessian[task][4 * row + slot]);
                    assert!((bend - found).abs() < 1e-5, "{task} {row} {slot}: {bend} and {found}");
                }
                let border = &arrow.tasks.border[task][arrow.border_slots.len() * slot..];
                for (found, &of_theta) in border.iter().zip(&arrow.border_slots) {
                    let bend = in_theta[of_theta];
                    assert!((bend - found).abs() < 1e-5, "{task} {slot} {of_theta}: {bend} and {found}");
                }
            }
        });
    }
}

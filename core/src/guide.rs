//! The mean-field guide q(theta) prod_i q(phi_i): an independent normal for every unconstrained coordinate.

pub(crate) mod metric;

use std::f64::consts::PI;
use std::ops::Range;

/// Log-scale that a guide starts with.
pub(crate) const FIRST_LN_SCALE: f64 = -1.0;

/// Independent normals, one a coordinate.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MeanField {
    /// Mean of each unconstrained coordinate.
    pub loc: Vec<f64>,
    /// Log of the standard deviation of each; -inf for a point.
    pub ln_scale: Vec<f64>,
}

impl MeanField {
    pub(crate) fn new(len: usize, loc: f64, ln_scale: f64) -> Self {
        Self { loc: vec![loc; len], ln_scale: vec![ln_scale; len] }
    }

    /// Number of coordinates.
    pub fn len(&self) -> usize {
        self.loc.len()
    }

    /// Whether there are no coordinates.
    pub fn is_empty(&self) -> bool {
        self.loc.is_empty()
    }

    /// loc + scale * noise, for as many normal draws as there are coordinates.
    pub(crate) fn at(&self, noise: &[f64]) -> Vec<f64> {
        let scaled = self.ln_scale.iter().zip(noise).map(|(ln_scale, e)| ln_scale.exp() * e);
        self.loc.iter().zip(scaled).map(|(loc, e)| loc + e).collect()
    }

    /// H(q) = sum_j ln_scale_j + ln(2 pi e) / 2 over the coordinates in `range`, in nats; a point has none.
    pub(crate) fn entropy(&self, range: Range<usize>) -> f64 {
        let half_ln_2_pi_e = 0.5 * (1.0 + (2.0 * PI).ln());
        self.ln_scale[range].iter().filter(|s| s.is_finite()).map(|s| s + half_ln_2_pi_e).sum()
    }
}

/// scale^2 of coordinates with these log standard deviations.
pub(crate) fn variances(ln_scale: &[f64]) -> Vec<f64> {
    ln_scale.iter().map(|s| (2.0 * s).exp()).collect()
}

/// The guide of a model: a factor for theta, and one for all tasks' phi side by side.
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guide {
    /// q(theta).
    pub global: MeanField,
    /// q(phi_1) q(phi_2) ...; task i has the coordinates `task(i)`.
    pub local: MeanField,
    pub(crate) offsets: Vec<usize>,
}

impl Guide {
    /// The local coordinates of task `i`.
    pub fn task(&self, i: usize) -> Range<usize> {
        self.offsets[i]..self.offsets[i + 1]
    }

    /// The task that a local coordinate belongs to.
    pub(crate) fn task_of(&self, coordinate: usize) -> usize {
        self.offsets.partition_point(|&o| o <= coordinate) - 1
    }

    /// M, the number of tasks.
    pub fn num_tasks(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The factors of theta and of the first tasks only.
    pub(crate) fn first(&self, tasks: usize) -> Self {
        let n = self.offsets[tasks];
        let MeanField { loc, ln_scale } = &self.local;
        let local = MeanField { loc: loc[..n].to_vec(), ln_scale: ln_scale[..n].to_vec() };
        Self { global: self.global.clone(), local, offsets: self.offsets[..=tasks].to_vec() }
    }

    /// The guide where another of some of its tasks, ascending, leads to: these tasks as they are there; the others as those
    /// are on average, if all are as wide; theta as much narrower as more tasks make it, whose precisions add up.
    pub(crate) fn grown_from(mut self, other: &Self, tasks: &[usize]) -> Self {
        self.global.clone_from(&other.global);
        if tasks.is_empty() {
            return self;
        }
        let (all, some) = (self.num_tasks() as f64, tasks.len() as f64);
        self.global.ln_scale.iter_mut().for_each(|ln_scale| *ln_scale -= 0.5 * (all / some).ln());
        let width = other.task(0).len();
        if self.offsets.windows(2).all(|ends| ends[1] - ends[0] == width) {
            for j in 0..width {
                let mean = |of: &[f64]| of.iter().skip(j).step_by(width).sum::<f64>() / some;
                let (loc, ln_scale) = (mean(&other.local.loc), mean(&other.local.ln_scale));
                self.local.loc.iter_mut().skip(j).step_by(width).for_each(|to| *to = loc);
                self.local.ln_scale.iter_mut().skip(j).step_by(width).for_each(|to| *to = ln_scale);
            }
        }
        for (position, &i) in tasks.iter().enumerate() {
            let (from, to) = (other.task(position), self.task(i));
            self.local.loc[to.clone()].copy_from_slice(&other.local.loc[from.clone()]);
            self.local.ln_scale[to].copy_from_slice(&other.local.ln_scale[from]);
        }
        self
    }

    /// Whether q(theta) is a point.
    pub fn is_point(&self) -> bool {
        self.global.ln_scale.contains(&f64::NEG_INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guide_of_some_tasks_grows() {
        let local = MeanField { loc: vec![1.0, 2.0, 3.0, 6.0], ln_scale: vec![-1.0, -2.0, -2.0, -4.0] };
        let global = MeanField { loc: vec![0.5], ln_scale: vec![-1.0] };
        let some = Guide { global, local, offsets: vec![0, 2, 4] };
        let none = MeanField::new(1, 0.0, 0.0);
        let all =
            Guide { global: none, local: MeanField::new(16, 9.0, 9.0), offsets: (0..=8).map(|i| 2 * i).collect() };
        let grown = all.clone().grown_from(&some, &[1, 6]);
        assert_eq!(grown.global.loc, [0.5]);
        // four times as many tasks, half the standard deviation
        assert!((grown.global.ln_scale[0] + 1.0 + std::f64::consts::LN_2).abs() < 1e-12);
        assert_eq!((&grown.local.loc[2..4], &grown.local.loc[12..14]), (&[1.0, 2.0][..], &[3.0, 6.0][..]));
        assert_eq!((&grown.local.loc[..2], &grown.local.ln_scale[14..]), (&[2.0, 4.0][..], &[-1.5, -3.0][..]));
        // tasks of several widths stay where they are
        let uneven = Guide { offsets: vec![0, 2, 4, 7, 16], ..all };
        let grown = uneven.grown_from(&some, &[0, 1]);
        assert_eq!((&grown.local.loc[..4], &grown.local.loc[4..]), (&some.local.loc[..], &[9.0; 12][..]));
    }
}

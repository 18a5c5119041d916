//! Where grids are laid: the centre and the widths of a task's density.

use crate::linalg::gaussian::Gaussian;
use nalgebra::DVector;

/// Tasks of more latents are not summed over grids.
pub(super) const WIDEST: usize = 2;

/// Numbers around a centre that are this close to each other, relative to it, are too few to tell a density by.
const RESOLVED: f64 = 2.5e-13;

/// Whether floating-point numbers around each centre lie closer together by far than its standard deviation.
pub(super) fn is_resolved(sds_and_centres: impl IntoIterator<Item = (f64, f64)>) -> bool {
    sds_and_centres.into_iter().all(|(sd, centre)| sd > RESOLVED * centre.abs())
}

/// Where a task's density is large, and how wide it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Frame {
    pub(super) n: usize,
    pub(super) centre: [f64; WIDEST],
    /// Lower triangle of R: (0, 0), (1, 0), (1, 1).
    pub(super) root: [f64; 3],
}

impl Frame {
    pub(super) fn of(gaussian: &Gaussian) -> Self {
        let n = gaussian.mean.len();
        let covariance = gaussian.covariance();
        let mut out = Self { n, root: [1.0, 0.0, 1.0], ..Self::default() };
        out.centre[..n].copy_from_slice(gaussian.mean.as_slice());
        out.root[0] = covariance[(0, 0)].sqrt();
        if n == 2 {
            out.root[1] = covariance[(1, 0)] / out.root[0];
            out.root[2] = (covariance[(1, 1)] - out.root[1] * out.root[1]).max(0.0).sqrt();
        }
        out
    }

    /// The numbers that describe it: the centre, the logarithms of the diagonal of R, what is below it over that.
    pub(super) fn features(&self) -> DVector<f64> {
        let Self { n, centre: [x, y], root: [a, b, c] } = *self;
        match n {
            1 => DVector::from_column_slice(&[x, a.ln()]),
            _ => DVector::from_column_slice(&[x, y, a.ln(), c.ln(), b / a]),
        }
    }

    /// The frame that these numbers describe.
    pub(super) fn of_features(n: usize, features: &[f64]) -> Self {
        match *features {
            [x, y, a, c, below] => Self { n, centre: [x, y], root: [a.exp(), below * a.exp(), c.exp()] },
            _ => Self { n, centre: [features[0], 0.0], root: [features[1].exp(), 0.0, 1.0] },
        }
    }

    /// |R|.
    pub(super) fn volume(&self) -> f64 {
        self.root[0] * self.root[2]
    }

    /// A grid of that spacing in the frame; the uniform numbers are its shift, and what its draws are picked by.
    pub(super) fn laid(self, spacing: f64, uniform: [f64; WIDEST + 1]) -> Laid {
        let mut shift = [0.0; WIDEST];
        shift[..self.n].copy_from_slice(&uniform[..self.n]);
        Laid { frame: self, spacing, shift: shift.map(|s| s - 0.5), pick: uniform[self.n] }
    }

    /// Whether it is a place to start from.
    pub(super) fn is_regular(&self) -> bool {
        let Self { n, centre, root: [a, b, c] } = *self;
        let is_finite = [a, b, c].iter().chain(&centre).all(|x| x.is_finite());
        let sds = [a, b.hypot(c)];
        a > 0.0 && c > 0.0 && is_finite && is_resolved(sds.into_iter().zip(centre).take(n))
    }

    /// R z behind the centre.
    pub(super) fn at(&self, z: [f64; WIDEST]) -> [f64; WIDEST] {
        let [a, b, c] = self.root;
        [self.centre[0] + a * z[0], self.centre[1] + b * z[0] + c * z[1]]
    }

    /// z of a point.
    pub(super) fn z_of(&self, u: &[f64]) -> [f64; WIDEST] {
        let first = (u[0] - self.centre[0]) / self.root[0];
        let second = u.get(1).map_or(0.0, |u| (u - self.centre[1] - self.root[1] * first) / self.root[2]);
        [first, second]
    }
}

/// Where the nodes of a grid are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Laid {
    pub(super) frame: Frame,
    pub(super) spacing: f64,
    pub(super) shift: [f64; WIDEST],
    pub(super) pick: f64,
}

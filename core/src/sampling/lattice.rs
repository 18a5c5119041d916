//! Points that fill space evenly, and the standardised proposals made of them.
//!
//! In few coordinates proposals are products of Student-t with 4 degrees of freedom, which are heavy enough for anything. In
//! more, where that would waste most of them, they are cubes of normal ones: with g normal,
//!     z = g + c g^3,   ln q(z) = ln N(g) - ln(1 + 3 c g^2),   g = 2 sinh(asinh(3 z sqrt(3 c) / 2) / 3) / sqrt(3 c),
//! close to normal in the middle, with tails of exp(-|z|^(2/3)).

use crate::sampling::recurrence::{MOST_EVEN, Recurrence};
use crate::special::{LN_SQRT_2PI, normal_quantile};
use nalgebra::DVector;
use rand::{Rng, RngExt};

/// Up to this many coordinates proposals of phi are Student-t; of theta, which come singly, as long as they are even.
const MOST_HEAVY: usize = 2;
/// c
const CUBE: f64 = 0.02;
/// ln t_4(0) = ln(3 / 8)
const LN_PEAK: f64 = -0.980_829_253_011_726_2;

/// A lattice of rank 1 whose first 2^m points are one too, for every m (Hickernell, Hong, L'Ecuyer & Lemieux 2000):
/// point k is phi(k) GENERATOR + shift modulo 1, phi(k) being the bits of k behind the binary point.
///
/// The weight of a Student-t proposal is a smooth and periodic function of the point that it is made of, where lattices
/// integrate far better than random points: in one dimension this is the trapezoidal rule.
pub(crate) struct Lattice {
    shift: Vec<f64>,
    next: u32,
}

/// Found component by component: each the best for P_2 over 4 to 256 points, geometric mean.
const GENERATOR: [f64; MOST_EVEN] = [1.0, 45.0, 99.0, 21.0, 81.0, 71.0, 69.0, 37.0];

impl Lattice {
    /// With a random shift, so that every point alone is uniform.
    pub(crate) fn shifted<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        Self { shift: (0..dimensions).map(|_| rng.random()).collect(), next: 0 }
    }

    /// The next standardised proposal replaces the content of `z`; returns its log density.
    pub(crate) fn propose<R: Rng>(&mut self, z: &mut DVector<f64>, rng: &mut R) -> f64 {
        if z.len() > MOST_EVEN {
            return propose_cubes(z, || rng.sample(rand_distr::StandardNormal));
        }
        let phi = f64::from(self.next.reverse_bits()) / (f64::from(u32::MAX) + 1.0);
        self.next += 1;
        let mut point = self.shift.iter().zip(GENERATOR).map(|(shift, g)| (phi * g + shift).fract());
        let mut point = || point.next().expect("a coordinate each");
        if z.len() > MOST_HEAVY {
            propose_cubes(z, || normal_quantile(point().clamp(1e-12, 1.0 - 1e-12)))
        } else {
            propose_heavy(z, point)
        }
    }
}

/// A stream of standardised proposals of any length.
pub(crate) struct Points(Recurrence);

impl Points {
    pub(crate) fn new<R: Rng>(dimensions: usize, rng: &mut R) -> Self {
        Self(Recurrence::shifted(dimensions, rng))
    }

    pub(crate) fn next<R: Rng>(&mut self, rng: &mut R) -> DVector<f64> {
        let mut z = DVector::zeros(self.0.dimensions());
        if z.len() > MOST_EVEN {
            propose_cubes(&mut z, || rng.sample(rand_distr::StandardNormal));
        } else {
            let mut point = self.0.point();
            propose_heavy(&mut z, || point.next().expect("a coordinate each"));
        }
        z
    }
}

fn propose_cubes(z: &mut DVector<f64>, mut normal: impl FnMut() -> f64) -> f64 {
    z.apply(|z| *z = normal());
    cube(z.as_mut_slice())
}

/// Puts cubes in place of the standard normal numbers that they are of; returns their log density.
pub(crate) fn cube(normals: &mut [f64]) -> f64 {
    let mut ln_q = 0.0;
    for z in normals {
        let g = *z;
        *z = g * (1.0 + CUBE * g * g);
        ln_q += ln_cube(g);
    }
    ln_q
}

/// ln q(z) of z = g + c g^3
fn ln_cube(g: f64) -> f64 {
    -0.5 * g * g - LN_SQRT_2PI - (1.0 + 3.0 * CUBE * g * g).ln()
}

/// The quantiles of t_4 in closed form (Shaw 2006): with q = cos(acos(sqrt(alpha)) / 3) / sqrt(alpha), alpha = 4 p (1 - p),
/// z^2 / 4 = q - 1, and so ln t_4(z) = ln t_4(0) - (5 / 2) ln q.
fn propose_heavy(z: &mut DVector<f64>, mut point: impl FnMut() -> f64) -> f64 {
    let mut product = 1.0;
    for z in z.iter_mut() {
        let p = point().clamp(1e-12, 1.0 - 1e-12);
        let alpha = (4.0 * p * (1.0 - p)).sqrt();
        let q = ((alpha.acos() / 3.0).cos() / alpha).max(1.0);
        product *= q;
        *z = (2.0 * (q - 1.0).sqrt()).copysign(p - 0.5);
    }
    z.len() as f64 * LN_PEAK - 2.5 * product.ln()
}

/// The log density of a standardised proposal of a lattice.
pub(crate) fn ln_density(z: &DVector<f64>) -> f64 {
    ln_density_of(z, MOST_HEAVY)
}

/// The log density of a standardised proposal of a stream of points.
pub(crate) fn points_ln_density(z: &DVector<f64>) -> f64 {
    ln_density_of(z, MOST_EVEN)
}

fn ln_density_of(z: &DVector<f64>, most_heavy: usize) -> f64 {
    if z.len() <= most_heavy {
        return z.len() as f64 * LN_PEAK - 2.5 * z.iter().map(|z| 0.25 * z * z + 1.0).product::<f64>().ln();
    }
    let width = (3.0 * CUBE).sqrt();
    z.iter().map(|z| ln_cube(2.0 * ((1.5 * z * width).asinh() / 3.0).sinh() / width)).sum()
}

//! A distribution under test, with the algebra erased: the checks are compiled once, not once a distribution.

mod scalar;
mod vector;

pub(super) use scalar::{Coordinate, Density, Erased};
pub(super) use vector::{ErasedVector, VectorDensity, num_coordinates};

use crate::dist::{Distribution, VectorDistribution};
use crate::numbers::dual::Lanes;
use crate::numbers::{Number, Param, Real};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// Builds a distribution from parameters in any algebra. The macros implement it.
pub trait Build {
    /// Hands the distribution with these parameters to `visit`.
    fn visit<N: Number, P: Param<N>, V: Visit<N>>(&self, parameters: &[P], visit: V) -> V::Out;
}

/// What a continuous distribution has beyond [`Build`]: the coordinate of its support.
pub trait BuildContinuous: Build {
    /// The support's `constrain`.
    fn constrain<N: Number>(&self, parameters: &[Real<N>], u: Real<N>) -> (Real<N>, Real<N>);
    /// The support's `unconstrain`.
    fn unconstrain(&self, parameters: &[f64], x: f64) -> f64;
}

/// Builds a distribution over vectors from parameters in any algebra. The macro implements it.
pub trait BuildVector {
    /// Hands the distribution with these parameters to `visit`.
    fn visit<N: Number, P: Param<N>, V: VisitVector<N>>(&self, parameters: &[P], visit: V) -> V::Out;
}

/// What is done with a distribution that was built.
pub trait Visit<N: Number> {
    /// What comes of it.
    type Out;
    /// Does it with `distribution`.
    fn visit<D: Distribution<N>>(self, distribution: D) -> Self::Out;
}

/// What is done with a distribution over vectors that was built.
pub trait VisitVector<N: Number> {
    /// What comes of it.
    type Out;
    /// Does it with `distribution`.
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> Self::Out;
}

/// A value and its derivatives with respect to two arguments; second: (0,0), (1,0), (1,1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) value: f64,
    pub(super) first: [f64; 2],
    pub(super) second: [f64; 3],
}

impl Pair {
    pub(super) fn of(number: impl Lanes) -> Self {
        let mut out = Self { value: number.value(), first: [0.0; 2], second: [0.0; 3] };
        out.first.copy_from_slice(number.partials());
        out.second[..number.triangle().len()].copy_from_slice(number.triangle());
        out
    }
}

/// A parameter that is a constant or varies, as decided at run time.
#[derive(Clone, Copy, Debug)]
struct Mixed<N: Number> {
    number: Real<N>,
    varies: bool,
}

impl<N: Number> Param<N> for Mixed<N> {
    fn value(self) -> f64 {
        self.number.value()
    }
    fn real(self) -> Real<N> {
        if self.varies { self.number } else { Real::constant(self.number.value()) }
    }
    fn varying(self) -> Option<N> {
        self.varies.then_some(self.number.0)
    }
}

/// The arguments as numbers, those of `pair` independent variables.
fn seed<N: Lanes>(args: &[f64], pair: [usize; 2]) -> Vec<Real<N>> {
    let number = |(i, &value): (usize, &f64)| {
        let lane = pair.iter().position(|&p| p == i);
        Real(lane.map_or(N::constant(value), |lane| N::variable(value, lane)))
    };
    args.iter().enumerate().map(number).collect()
}

/// The seed of every sampler under test.
fn generator() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20_190_506)
}

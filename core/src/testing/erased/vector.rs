//! Distributions over vectors, erased.

use super::{BuildVector, Mixed, Pair, VisitVector, generator, seed};
use crate::dist::VectorDistribution;
use crate::error::Invalid;
use crate::numbers::dual::{Dual, Dual2, Lanes};
use crate::numbers::{Number, Param, Real};
use crate::support::VectorSupport;
use crate::testing::vector_support;

/// A distribution over vectors, and how many coordinates its support has.
pub(in crate::testing) struct ErasedVector<'a, B> {
    pub(in crate::testing) build: &'a B,
    pub(in crate::testing) coordinates: usize,
}

/// A distribution over vectors. Arguments are the coordinates of its support, then the parameters.
pub(in crate::testing) trait VectorDensity {
    /// Log density plus log-Jacobian.
    fn ln_density(&self, args: &[f64]) -> f64;
    /// With first derivatives.
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives.
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives by arguments `pair`, the other arguments being constants.
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// The distribution's own check.
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid>;
    /// Draws from a fixed seed, as coordinates; `None` without a sampler. The complaint, if a draw is not in the support.
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Result<Vec<Vec<f64>>, String>>;
    /// The checks of its support.
    fn check_support(&self, parameters: &[f64]) -> Result<(), String>;
}

struct ScoreVector<'a, N: Number, W> {
    u: &'a [Real<N>],
    wrap: W,
}

impl<N: Number, X: Param<N>, W: Fn(Real<N>) -> X> VisitVector<N> for ScoreVector<'_, N, W> {
    type Out = Real<N>;
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> Real<N> {
        let mut x = Vec::new();
        let ln_jacobian = distribution.support().constrain(self.u, &mut x);
        let x: Vec<X> = x.into_iter().map(self.wrap).collect();
        distribution.ln_density(&x) + ln_jacobian
    }
}

struct CheckVector;

impl<N: Number> VisitVector<N> for CheckVector {
    type Out = Result<(), Invalid>;
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> Self::Out {
        distribution.check()
    }
}

struct NumCoordinates;

impl<N: Number> VisitVector<N> for NumCoordinates {
    type Out = usize;
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> usize {
        distribution.support().num_coordinates()
    }
}

struct CheckSupport;

impl<N: Number> VisitVector<N> for CheckSupport {
    type Out = Result<(), String>;
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> Self::Out {
        vector_support::check(&distribution.support())
    }
}

struct DrawsVector {
    n: usize,
}

impl<N: Number> VisitVector<N> for DrawsVector {
    type Out = Option<Result<Vec<Vec<f64>>, String>>;
    fn visit<D: VectorDistribution<N>>(self, distribution: D) -> Self::Out {
        let (mut rng, support) = (generator(), distribution.support());
        let mut draws = Vec::new();
        for _ in 0..self.n {
            let (mut x, mut u) = (Vec::new(), Vec::new());
            distribution.sample(&mut rng, &mut x)?;
            if x.len() != support.len() || !support.contains(&x) {
                return Some(Err(format!("the draw {x:?} is not in the support: {}", support.describe())));
            }
            support.unconstrain(&x, &mut u);
            draws.push(u);
        }
        Some(Ok(draws))
    }
}

fn score_vector<B: BuildVector, N: Lanes>(erased: &ErasedVector<'_, B>, args: &[f64], pair: [usize; 2]) -> Pair {
    let args = seed::<N>(args, pair);
    let (u, parameters) = args.split_at(erased.coordinates);
    Pair::of(erased.build.visit(parameters, ScoreVector { u, wrap: |x| x }).0)
}

impl<B: BuildVector> VectorDensity for ErasedVector<'_, B> {
    fn ln_density(&self, args: &[f64]) -> f64 {
        let (u, parameters) = args.split_at(self.coordinates);
        let u: Vec<_> = u.iter().map(|&u| Real(u)).collect();
        self.build.visit::<f64, f64, _>(parameters, ScoreVector { u: &u, wrap: |x: Real<f64>| x.0 }).value()
    }
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        score_vector::<B, Dual<2>>(self, args, pair)
    }
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        score_vector::<B, Dual2<2, 3>>(self, args, pair)
    }
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        let reals = seed::<Dual2<2, 3>>(args, pair);
        let mixed: Vec<_> =
            reals.iter().enumerate().map(|(i, &number)| Mixed { number, varies: pair.contains(&i) }).collect();
        let varies = pair.iter().any(|&i| i < self.coordinates);
        let wrap = |number| Mixed { number, varies };
        Pair::of(self.build.visit(&mixed[self.coordinates..], ScoreVector { u: &reals[..self.coordinates], wrap }).0)
    }
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid> {
        self.build.visit::<f64, f64, _>(parameters, CheckVector)
    }
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Result<Vec<Vec<f64>>, String>> {
        self.build.visit::<f64, f64, _>(parameters, DrawsVector { n })
    }
    fn check_support(&self, parameters: &[f64]) -> Result<(), String> {
        self.build.visit::<f64, f64, _>(parameters, CheckSupport)
    }
}

/// How many coordinates the distribution's support has.
pub(in crate::testing) fn num_coordinates<B: BuildVector>(build: &B, parameters: &[f64]) -> usize {
    build.visit::<f64, f64, _>(parameters, NumCoordinates)
}

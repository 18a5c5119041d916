//! A distribution under test, with the algebra erased: the checks are compiled once, not once a distribution.

use crate::dist::{Distribution, VectorDistribution};
use crate::error::Invalid;
use crate::numbers::dual::{Dual, Dual2, Lanes};
use crate::numbers::form::{ClosedForm, Form};
use crate::numbers::number::{Number, Param, Real};
use crate::support::{Support, VectorSupport};
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
    /// Its outcome.
    type Out;
    /// Does it.
    fn visit<D: Distribution<N>>(self, distribution: D) -> Self::Out;
}

/// What is done with a distribution over vectors that was built.
pub trait VisitVector<N: Number> {
    /// Its outcome.
    type Out;
    /// Does it.
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

/// Arguments are the value (0) and the parameters (1, 2, ...); `args` has all of them.
pub(super) trait Density {
    /// With plain numbers.
    fn ln_density(&self, args: &[f64]) -> f64;
    /// With first derivatives by arguments `pair`; the value is a constant when it is not one of them.
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives by arguments `pair`.
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// As `second`, with the arguments other than `pair` as constants.
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    fn contains(&self, args: &[f64]) -> bool;
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid>;
    /// Draws from a fixed seed; `None` without a sampler.
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Vec<f64>>;
    fn closed_form(&self, args: &[Form]) -> Option<ClosedForm>;
    /// x(z), dx/dz, ln density of z.
    fn non_centred(&self, parameters: &[f64], z: f64) -> Option<[f64; 3]>;
}

/// The coordinate of a continuous support. Arguments are the coordinate (0) and the parameters (1, 2, ...).
pub(super) trait Coordinate: Density {
    /// Value and log-Jacobian.
    fn constrain(&self, args: &[f64]) -> (f64, f64);
    /// Value and log-Jacobian with first derivatives.
    fn constrain_first(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair);
    /// Value and log-Jacobian with second derivatives.
    fn constrain_second(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair);
    fn unconstrain(&self, parameters: &[f64], x: f64) -> f64;
}

pub(super) struct Erased<'a, B>(pub(super) &'a B);

/// A distribution over vectors, and how many coordinates its support has.
pub(super) struct ErasedVector<'a, B> {
    pub(super) build: &'a B,
    pub(super) coordinates: usize,
}

/// The arguments as numbers, those of `pair` independent variables.
pub(super) fn seed<N: Lanes>(args: &[f64], pair: [usize; 2]) -> Vec<Real<N>> {
    let number = |(i, &value): (usize, &f64)| {
        let lane = pair.iter().position(|&p| p == i);
        Real(lane.map_or(N::constant(value), |lane| N::variable(value, lane)))
    };
    args.iter().enumerate().map(number).collect()
}

fn score<B: Build, N: Lanes>(build: &B, args: &[f64], pair: [usize; 2]) -> Pair {
    let args = seed::<N>(args, pair);
    Pair::of(build.visit(&args[1..], Score { x: args[0] }).0)
}

impl<B: Build> Density for Erased<'_, B> {
    fn ln_density(&self, args: &[f64]) -> f64 {
        self.0.visit::<f64, f64, _>(&args[1..], Score { x: args[0] }).value()
    }
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        if pair.contains(&0) {
            return score::<B, Dual<2>>(self.0, args, pair);
        }
        let reals = seed::<Dual<2>>(args, pair);
        Pair::of(self.0.visit(&reals[1..], Score { x: args[0] }).0)
    }
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        if pair.contains(&0) {
            return score::<B, Dual2<2, 3>>(self.0, args, pair);
        }
        let reals = seed::<Dual2<2, 3>>(args, pair);
        Pair::of(self.0.visit(&reals[1..], Score { x: args[0] }).0)
    }
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        let reals = seed::<Dual2<2, 3>>(args, pair);
        let mixed: Vec<_> =
            reals.iter().enumerate().map(|(i, &number)| Mixed { number, varies: pair.contains(&i) }).collect();
        Pair::of(self.0.visit(&mixed[1..], Score { x: mixed[0] }).0)
    }
    fn contains(&self, args: &[f64]) -> bool {
        self.0.visit::<f64, f64, _>(&args[1..], Contains { x: args[0] })
    }
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid> {
        self.0.visit::<f64, f64, _>(parameters, Check)
    }
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Vec<f64>> {
        self.0.visit::<f64, f64, _>(parameters, Draws { n })
    }
    fn closed_form(&self, args: &[Form]) -> Option<ClosedForm> {
        let reals: Vec<_> = args.iter().map(|&form| Real(form)).collect();
        self.0.visit(&reals[1..], InClosedForm { x: reals[0] })
    }
    fn non_centred(&self, parameters: &[f64], z: f64) -> Option<[f64; 3]> {
        let parameters: Vec<_> = parameters.iter().map(|&p| Real::<Dual<1>>::constant(p)).collect();
        self.0.visit(&parameters, NonCentred { z })
    }
}

impl<B: BuildContinuous> Coordinate for Erased<'_, B> {
    fn constrain(&self, args: &[f64]) -> (f64, f64) {
        let args: Vec<_> = args.iter().map(|&a| Real(a)).collect();
        let (x, ln_jacobian) = self.0.constrain(&args[1..], args[0]);
        (x.value(), ln_jacobian.value())
    }
    fn constrain_first(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair) {
        let args = seed::<Dual<2>>(args, pair);
        let (x, ln_jacobian) = self.0.constrain(&args[1..], args[0]);
        (Pair::of(x.0), Pair::of(ln_jacobian.0))
    }
    fn constrain_second(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair) {
        let args = seed::<Dual2<2, 3>>(args, pair);
        let (x, ln_jacobian) = self.0.constrain(&args[1..], args[0]);
        (Pair::of(x.0), Pair::of(ln_jacobian.0))
    }
    fn unconstrain(&self, parameters: &[f64], x: f64) -> f64 {
        self.0.unconstrain(parameters, x)
    }
}

struct Score<X> {
    x: X,
}

impl<N: Number, X: Param<N>> Visit<N> for Score<X> {
    type Out = Real<N>;
    fn visit<D: Distribution<N>>(self, distribution: D) -> Real<N> {
        distribution.ln_density(self.x)
    }
}

struct Contains {
    x: f64,
}

impl<N: Number> Visit<N> for Contains {
    type Out = bool;
    fn visit<D: Distribution<N>>(self, distribution: D) -> bool {
        distribution.support().contains(self.x)
    }
}

struct Check;

impl<N: Number> Visit<N> for Check {
    type Out = Result<(), Invalid>;
    fn visit<D: Distribution<N>>(self, distribution: D) -> Self::Out {
        distribution.check()
    }
}

/// The seed of every sampler under test.
pub(super) fn generator() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(20_190_506)
}

struct Draws {
    n: usize,
}

impl<N: Number> Visit<N> for Draws {
    type Out = Option<Vec<f64>>;
    fn visit<D: Distribution<N>>(self, distribution: D) -> Self::Out {
        let mut rng = generator();
        (0..self.n).map(|_| distribution.sample(&mut rng)).collect()
    }
}

struct InClosedForm<X> {
    x: X,
}

impl<N: Number, X: Param<N>> Visit<N> for InClosedForm<X> {
    type Out = Option<ClosedForm>;
    fn visit<D: Distribution<N>>(self, distribution: D) -> Self::Out {
        distribution.closed_form(self.x)
    }
}

struct NonCentred {
    z: f64,
}

impl Visit<Dual<1>> for NonCentred {
    type Out = Option<[f64; 3]>;
    fn visit<D: Distribution<Dual<1>>>(self, distribution: D) -> Self::Out {
        let (Real(x), ln_density) = distribution.non_centred(Real(Dual::variable(self.z, 0)))?;
        Some([x.value(), x.partials()[0], ln_density.value()])
    }
}

/// A distribution over vectors. Arguments are the coordinates of its support, then the parameters.
pub(super) trait VectorDensity {
    /// Log density plus log-Jacobian.
    fn ln_density(&self, args: &[f64]) -> f64;
    /// With first derivatives.
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives.
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// As `second`, with the arguments other than `pair` as constants.
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid>;
    /// Draws from a fixed seed, as coordinates; `None` without a sampler. The complaint, if a draw is not in the support.
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Result<Vec<Vec<f64>>, String>>;
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
        super::coordinates::check(&distribution.support())
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
pub(super) fn num_coordinates<B: BuildVector>(build: &B, parameters: &[f64]) -> usize {
    build.visit::<f64, f64, _>(parameters, NumCoordinates)
}

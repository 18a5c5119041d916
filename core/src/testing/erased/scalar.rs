//! Distributions over numbers, erased.

use super::{Build, BuildContinuous, Mixed, Pair, Visit, generator, seed};
use crate::dist::{Distribution, Factored};
use crate::error::Invalid;
use crate::numbers::dual::{Dual, Dual2, Lanes};
use crate::numbers::form::{ClosedForm, Form};
use crate::numbers::{Number, Param, Real};
use crate::support::Support;

/// Arguments are the value (0) and the parameters (1, 2, ...); `args` has all of them.
pub(in crate::testing) trait Density {
    /// With plain numbers.
    fn ln_density(&self, args: &[f64]) -> f64;
    /// With first derivatives by arguments `pair`; the value is a constant when it is not one of them.
    fn first(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives by arguments `pair`.
    fn second(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// With second derivatives by arguments `pair`, the other arguments being constants.
    fn partly_constant(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// The log density of a product of two, as the distribution multiplies them; derivatives as of `second`.
    fn squared(&self, args: &[f64], pair: [usize; 2]) -> Pair;
    /// Whether the value is in the support.
    fn contains(&self, args: &[f64]) -> bool;
    /// The distribution's own check.
    fn check(&self, parameters: &[f64]) -> Result<(), Invalid>;
    /// Draws from a fixed seed; `None` without a sampler.
    fn draws(&self, parameters: &[f64], n: usize) -> Option<Vec<f64>>;
    /// The distribution's closed form, of forms.
    fn closed_form(&self, args: &[Form]) -> Option<ClosedForm>;
    /// x(z), dx/dz, ln density of z.
    fn non_centred(&self, parameters: &[f64], z: f64) -> Option<[f64; 3]>;
}

/// The coordinate of a continuous support. Arguments are the coordinate (0) and the parameters (1, 2, ...).
pub(in crate::testing) trait Coordinate: Density {
    /// Value and log-Jacobian.
    fn constrain(&self, args: &[f64]) -> (f64, f64);
    /// Value and log-Jacobian with first derivatives.
    fn constrain_first(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair);
    /// Value and log-Jacobian with second derivatives.
    fn constrain_second(&self, args: &[f64], pair: [usize; 2]) -> (Pair, Pair);
    /// The coordinate of a value.
    fn unconstrain(&self, parameters: &[f64], x: f64) -> f64;
}

/// A distribution over numbers.
pub(in crate::testing) struct Erased<'a, B>(pub(in crate::testing) &'a B);

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
    fn squared(&self, args: &[f64], pair: [usize; 2]) -> Pair {
        let reals = seed::<Dual2<2, 3>>(args, pair);
        Pair::of(self.0.visit(&reals[1..], Squared { x: args[0] }).0)
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

struct Squared {
    x: f64,
}

impl<N: Number> Visit<N> for Squared {
    type Out = Real<N>;
    fn visit<D: Distribution<N>>(self, distribution: D) -> Real<N> {
        let mut product = Factored::one();
        distribution.multiply_into(self.x, &mut product);
        distribution.multiply_into(self.x, &mut product);
        product.ln_density()
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

//! The kit passes what is right and finds what is wrong.

use crate::check_distribution;
use crate::dist::{Beta, Distribution, Factored, Normal};
use crate::numbers::form::ClosedForm;
use crate::numbers::{Number, Param, Real};
use crate::support::{Interval, Positive, RealLine};
use rand::{Rng, RngExt};

#[test]
fn a_right_distribution_passes() {
    for (loc, scale) in [(0.0, 1.0), (-3.0, 0.02), (1000.0, 0.5), (5.0, 300.0)] {
        check_distribution!(Normal(loc, scale));
        check_distribution!(|scale| Normal(2.0, scale), [scale]);
    }
}

/// A normal distribution with a mistake.
#[derive(Clone, Copy)]
struct Wrong<M, L, S>(M, L, S);

#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    Constant,
    First,
    Second,
    Sampler,
    ClosedForm,
    NotANumber,
    Bits,
    Factor,
}

impl<N: Number, L: Param<N>, S: Param<N>> Distribution<N> for Wrong<Mistake, L, S> {
    type Support = RealLine;
    fn support(&self) -> RealLine {
        RealLine
    }
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let right = Normal(self.1, self.2).ln_density(x);
        match self.0 {
            Mistake::Constant => right + 0.01,
            Mistake::First => right + (self.2.real() - self.2.value()) * 0.01,
            Mistake::Second => right + (self.2.real() - self.2.value()).square() * 0.01,
            Mistake::NotANumber if x.value() > 1e20 => Real::constant(f64::NAN),
            Mistake::Bits if N::ORDER == 2 => right + 1e-12,
            _ => right,
        }
    }
    fn multiply_into<X: Param<N>>(&self, x: X, product: &mut Factored<N>) {
        let factor = if self.0 == Mistake::Factor { 1.01 } else { 1.0 };
        product.multiply(Factored { ln: self.ln_density(x), factor });
    }
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> Option<f64> {
        let stretch = if self.0 == Mistake::Sampler { 1.1 } else { 1.0 };
        Some(self.1.value() + stretch * self.2.value() * rng.sample::<f64, _>(rand_distr::StandardNormal))
    }
    fn closed_form<X: Param<N>>(&self, x: X) -> Option<ClosedForm> {
        let mut closed = Normal(self.1, self.2).closed_form(x)?;
        if self.0 == Mistake::ClosedForm {
            closed.exponential.as_mut()?.factor = -0.4;
        }
        Some(closed)
    }
}

macro_rules! finds {
    ($($test:ident $mistake:ident $sentence:literal)*) => {$(
        #[test]
        #[should_panic(expected = $sentence)]
        fn $test() {
            check_distribution!(|loc, scale| Wrong(Mistake::$mistake, loc, scale), [1.0, 2.0]);
        }
    )*};
}
finds! {
    a_wrong_constant_is_found Constant "the density integrates to 1.01"
    a_wrong_first_derivative_is_found First "the derivative of the log density by argument 2 is"
    a_wrong_second_derivative_is_found Second "the second derivative of the log density by arguments 2 and 2 is"
    a_wrong_sampler_is_found Sampler "the sampler disagrees with the density"
    a_wrong_closed_form_is_found ClosedForm "closed_form()"
    nan_is_found NotANumber "it must be finite or -inf"
    other_bits_are_found Bits "with Dual2"
    a_wrong_factor_is_found Factor "that of a product of two"
}

/// A density that forgets its support.
#[derive(Clone)]
struct Unbounded;

impl<N: Number> Distribution<N> for Unbounded {
    type Support = Positive;
    fn support(&self) -> Positive {
        Positive
    }
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        -x.real()
    }
}

#[test]
#[should_panic(expected = "outside the support")]
fn a_density_outside_the_support_is_found() {
    check_distribution!(|| Unbounded, []);
}

/// Beta(a, b) with `wrong` times what is wrong in it.
#[derive(Clone, Copy)]
struct Singular<A, B>(A, B, [f64; 2]);

impl<N: Number, A: Param<N>, B: Param<N>> Distribution<N> for Singular<A, B> {
    type Support = Interval<f64, f64>;
    fn support(&self) -> Interval<f64, f64> {
        Interval(0.0, 1.0)
    }
    /// The first mistake is in the derivative by x, the second in the second derivative.
    fn ln_density<X: Param<N>>(&self, x: X) -> Real<N> {
        let away = (x.real() - x.value()) / (1.0 - x.value());
        let right = Beta(self.0, self.1).ln_density(x);
        if x.value() <= 0.0 || x.value() >= 1.0 { right } else { right + away * self.2[0] + away.square() * self.2[1] }
    }
}

/// Densities that go to infinity at one end of their support or both, and then are -inf.
#[test]
fn a_singularity_at_an_end_is_no_mistake() {
    for (a, b) in [(0.48, 0.32), (0.32, 0.48), (0.4, 4.0), (0.9, 0.9)] {
        check_distribution!(|a, b| Singular(a, b, [0.0, 0.0]), [a, b]);
    }
}

#[test]
#[should_panic(expected = "the derivative of the log density by argument 0 is")]
fn a_wrong_first_derivative_by_a_singularity_is_found() {
    check_distribution!(|a, b| Singular(a, b, [1e-3, 0.0]), [0.48, 0.32]);
}

#[test]
#[should_panic(expected = "the second derivative of the log density by arguments 0 and 0 is")]
fn a_wrong_second_derivative_by_a_singularity_is_found() {
    check_distribution!(|a, b| Singular(a, b, [0.0, 1e-2]), [0.48, 0.32]);
}

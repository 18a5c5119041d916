//! [`Traced`]: a value that remembers which number of the data or constants made it not finite.

use crate::numbers::number::{DenseLayer, Number, Real};

/// A value, and the first number that is not finite to have entered it otherwise than through a latent.
///
/// The arguments of every operation are latents, what was computed from them, or plain `f64`: the last are the data and the
/// constants of a model, which is where a covariate comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traced {
    value: f64,
    culprit: Option<f64>,
}

/// The number, unless it is finite.
fn suspect(plain: f64) -> Option<f64> {
    (!plain.is_finite()).then_some(plain)
}

impl Traced {
    /// The value `value` of a function of `self` and of another's culprit.
    #[inline(always)]
    fn with(self, value: f64, other: Option<f64>) -> Self {
        Self { value, culprit: self.culprit.or(other) }
    }
}

impl Number for Traced {
    /// Parameters are told apart by whether derivatives are wanted.
    const ORDER: usize = 1;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value, culprit: suspect(value) }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }
    #[inline(always)]
    fn computed(value: f64) -> Self {
        Self { value, culprit: None }
    }
    #[inline(always)]
    fn culprit(self) -> Option<f64> {
        self.culprit
    }
    #[inline(always)]
    fn shift(self, shift: f64) -> Self {
        self.with(self.value + shift, suspect(shift))
    }
    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        self.with(self.value * factor, suspect(factor))
    }
    #[inline(always)]
    fn powf(self, power: f64) -> Self {
        self.with(self.value.powf(power), suspect(power))
    }
    #[inline(always)]
    fn chain(self, f: f64, _: f64, _: f64) -> Self {
        self.with(f, None)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.with(self.value + other.value, other.culprit)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.with(self.value - other.value, other.culprit)
    }
    #[inline(always)]
    fn add_partial(&mut self, arg: Self, _: f64) {
        *self = self.with(self.value, arg.culprit);
    }
    fn dense(layer: &impl DenseLayer<Self>) -> Vec<Real<Self>> {
        layer.by_operations()
    }
    #[inline(always)]
    fn add_square(&mut self, _: Self, _: f64) {}
    #[inline(always)]
    fn add_cross(&mut self, _: Self, _: Self, _: f64) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dist::{Distribution, Normal};
    use crate::numbers::Real;

    fn culprit(x: Real<Traced>) -> Option<f64> {
        x.0.culprit()
    }

    #[test]
    fn what_enters_by_arithmetic_is_remembered() {
        let latent = Real::<Traced>::constant(0.0);
        let nan = f64::NAN;
        for entered in
            [latent + nan, nan - latent, latent * nan, nan / (latent + 1.0), (latent + 1.0).powf(nan), nan.into()]
        {
            assert!(culprit(entered).is_some_and(f64::is_nan), "{entered:?}");
            let later = (latent + 2.0 * (entered.exp() - latent)) / (3.0 + latent);
            assert!(culprit(later).is_some_and(f64::is_nan), "{later:?}");
        }
        // the first of two
        assert_eq!(culprit(latent * f64::INFINITY - nan), Some(f64::INFINITY));
        assert!(culprit(Distribution::ln_density(&Normal(latent * nan, 1.0), 0.5)).is_some());
    }

    #[test]
    fn what_latents_do_is_not_blamed_on_data() {
        let latent = Real::<Traced>::constant(-1.0);
        let huge = (latent * -1e4).exp();
        for computed in [latent.ln(), huge, huge - huge, latent + huge, latent * huge, latent.recip() - 5.0] {
            assert_eq!(culprit(computed), None, "{computed:?}");
        }
    }
}

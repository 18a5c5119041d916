//! The algebra of structure: what sums, products and functions make of a [`Form`].
//!
//! ```text
//! affine + affine and affine * constant are affine
//! exp(a) exp(b) = exp(a + b), exp(a)^p = exp(p a), ln(exp(a)) = a
//! sums of these, and exp(a) * such a sum, are mixed
//! ```
//!
//! Everything else is opaque.

use crate::numbers::form::{Affine, Form, FormKind};
use crate::numbers::number::{DenseLayer, Number, Real};

impl Default for Form {
    fn default() -> Self {
        Self::constant(0.0)
    }
}

impl Number for Form {
    /// A form has no derivatives, but asks for joins as if it had first ones, to learn that they make it opaque.
    const ORDER: usize = 1;

    fn constant(value: f64) -> Self {
        Self::from_affine(value, Some(Affine::constant(value)))
    }
    fn value(self) -> f64 {
        self.value
    }
    fn add(self, other: Self) -> Self {
        let value = self.value + other.value;
        if let Some((a, b)) = self.affine().zip(other.affine()) {
            return Self::from_affine(value, Some(a.plus(1.0, &b)));
        }
        Self::from_mixed(value, self.mixed().zip(other.mixed()).and_then(|(a, b)| a.plus(1.0, &b)))
    }
    fn sub(self, other: Self) -> Self {
        self.add(other.scale(-1.0))
    }
    fn mul(self, other: Self) -> Self {
        if let Some(factor) = self.as_constant() {
            return other.scale(factor);
        }
        if let Some(factor) = other.as_constant() {
            return self.scale(factor);
        }
        let value = self.value * other.value;
        match (self.ln_affine(), other.ln_affine()) {
            (Some(a), Some(b)) => Self::from_exp(value, Some(a.plus(1.0, &b))),
            (Some(a), None) => Self::from_mixed(value, other.mixed().and_then(|b| b.times_exp(&a))),
            (None, Some(b)) => Self::from_mixed(value, self.mixed().and_then(|a| a.times_exp(&b))),
            (None, None) => Self::opaque(value),
        }
    }
    fn div(self, other: Self) -> Self {
        self.mul(other.recip())
    }
    fn shift(self, shift: f64) -> Self {
        self.add(Self::constant(shift))
    }
    fn scale(self, factor: f64) -> Self {
        let value = self.value * factor;
        match self.kind {
            FormKind::Affine(a) => Self::from_affine(value, Some(a.scaled(factor))),
            FormKind::Exp(a) if factor > 0.0 => {
                Self::from_exp(value, Some(a.plus(1.0, &Affine::constant(factor.ln()))))
            }
            _ => Self::from_mixed(value, self.mixed().map(|mixed| mixed.scaled(factor))),
        }
    }
    fn chain(self, f: f64, _: f64, _: f64) -> Self {
        if self.as_constant().is_some() { Self::constant(f) } else { Self::opaque(f) }
    }
    fn add_partial(&mut self, _: Self, _: f64) {
        self.kind = FormKind::Opaque;
    }
    fn add_square(&mut self, _: Self, _: f64) {}
    fn add_cross(&mut self, _: Self, _: Self, _: f64) {}
    fn exp(self) -> Self {
        Self::from_exp(self.value.exp(), self.affine())
    }
    fn ln(self) -> Self {
        Self::from_affine(self.value.ln(), self.ln_affine())
    }
    fn recip(self) -> Self {
        self.powf(-1.0)
    }
    fn sqrt(self) -> Self {
        self.powf(0.5)
    }
    fn powf(self, power: f64) -> Self {
        Self::from_exp(self.value.powf(power), self.ln_affine().map(|a| a.scaled(power)))
    }
    fn dense(layer: &impl DenseLayer<Self>) -> Vec<Real<Self>> {
        layer.by_operations()
    }
    fn form(self) -> Form {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::form::{MixedForm, forgetting};
    use crate::numbers::number::Real;

    /// Where coordinates are.
    const U: [f64; 4] = [0.7, -0.4, 1.3, 0.2];

    fn coordinates() -> [Real<Form>; 4] {
        std::array::from_fn(|j| Real(Form::coordinate(j, U[j])))
    }

    fn at(affine: &Affine) -> f64 {
        affine.constant + affine.terms().iter().map(|&(j, c)| c * U[j]).sum::<f64>()
    }

    /// The mixed form of a number, which must have its value.
    fn mixed(number: Real<Form>) -> MixedForm {
        let mixed = number.0.mixed().expect("a mixed form");
        let products = mixed.products();
        let sum = products.iter().map(|product| at(&product.exponent).exp() * at(&product.factor)).sum::<f64>();
        let (found, value) = (at(&mixed.affine) + sum, number.value());
        assert!((found - value).abs() < 1e-14 * (1.0 + value.abs()), "{found} is not {value}");
        mixed
    }

    #[test]
    fn sums_and_products_of_exponentials_and_affine_numbers_are_mixed() {
        let [a, b, c, d] = coordinates();
        assert_eq!(mixed(a + b.exp() * c).products().len(), 1);
        assert_eq!(mixed(3.0 - (a + 2.0 * b).exp() * (c - 1.5)).products().len(), 1);
        assert_eq!(mixed((b.exp() * c + a) / d.exp() - (0.5 - d).exp()).products().len(), 2);
        assert_eq!(mixed((a - b.exp() * c) * 2.0 * d.exp() - b.exp() * d).products().len(), 3);
        assert_eq!(mixed(-a.exp()).products().len(), 1);
    }

    #[test]
    fn products_of_one_exponent_are_one() {
        let [a, b, c, _] = coordinates();
        let form = mixed(a.exp() * b + a + 2.0 * (a.exp() * c) - a.exp());
        assert_eq!(form.products().len(), 1);
        assert_eq!(form.products()[0].factor.terms(), [(1, 1.0), (2, 2.0)]);
        let scaled = mixed((a + 0.3).exp() * b + a.exp() * b);
        assert_eq!(scaled.products().len(), 1);
    }

    #[test]
    fn what_is_simpler_stays_so() {
        let [a, b, c, _] = coordinates();
        assert!((a + b).0.affine().is_some());
        assert_eq!((2.0 * a.exp() * b.exp()).0.ln_affine().map(|ln| ln.terms()), Some(vec![(0, 1.0), (1, 1.0)]));
        assert!((Real::<Form>::constant(2.0).exp() * c).0.affine().is_some());
        assert!((a.exp() * b).0.affine().is_none());
        assert!((a.exp() * b).0.ln_affine().is_none());
    }

    #[test]
    fn everything_else_is_opaque() {
        let [a, b, c, _] = coordinates();
        for number in [a * b, (a.exp() * b) * c, (a.exp() * b).exp(), (a + b.exp()).recip(), (a.exp() - 1.0).ln()] {
            assert_eq!(number.0.mixed(), None, "{number:?}");
        }
        let many = |n: usize| (0..n).map(|k| (a * k as f64 + b).exp() * c).sum::<Real<Form>>();
        assert_eq!(mixed(many(MixedForm::MOST_PRODUCTS)).products().len(), MixedForm::MOST_PRODUCTS);
        assert_eq!(many(MixedForm::MOST_PRODUCTS + 1).0.mixed(), None);
    }

    #[test]
    fn an_exponent_must_not_name_a_factor() {
        let [a, b, c, d] = coordinates();
        let ln_scale = d.0.affine().expect("a coordinate");
        assert!(mixed(a + b.exp() * c).is_known_under(&ln_scale));
        for shared in [a + b.exp() * b, b + b.exp() * c, a + b.exp() * d, d + b.exp() * c] {
            assert!(!mixed(shared).is_known_under(&ln_scale), "{shared:?}");
        }
    }

    #[test]
    fn forms_are_forgotten() {
        let [a, b, c, _] = coordinates();
        let kept = mixed(a + b.exp() * c);
        let products = kept.products();
        forgetting(|| mixed(a.exp() * c + b.exp() * a).products().len());
        let again = mixed(a.exp() * b - c.exp() * b);
        assert_eq!(kept.products(), products);
        assert_eq!(again.products().len(), 2);
    }
}

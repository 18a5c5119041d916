//! Sums of products of exponentials and affine numbers, such as loc + exp(ln_scale) * z.

use crate::numbers::affine::Affine;
use std::cell::RefCell;
use std::ops::Range;

thread_local! {
    /// The products of all mixed forms of this thread, one behind the other: a form itself is only a range of them.
    static PRODUCTS: RefCell<Vec<MixedProduct>> = const { RefCell::new(Vec::new()) };
}

/// Runs `f`, and forgets the products of the forms it made.
pub(super) fn forgetting<T>(f: impl FnOnce() -> T) -> T {
    let before = PRODUCTS.with_borrow(Vec::len);
    let out = f();
    PRODUCTS.with_borrow_mut(|products| products.truncate(before));
    out
}

/// exp(exponent) * factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixedProduct {
    /// The exponent, without a constant.
    pub exponent: Affine,
    /// The affine factor.
    pub factor: Affine,
}

/// affine + sum of exp(exponent) * factor, each exponent once.
///
/// Its products are kept by the thread that made it, as the terms of [`Affine`] are.
#[derive(Clone, Copy, Debug)]
pub struct MixedForm {
    /// The part without an exponential.
    pub affine: Affine,
    first: usize,
    len: usize,
}

impl PartialEq for MixedForm {
    fn eq(&self, other: &Self) -> bool {
        self.affine == other.affine && self.products() == other.products()
    }
}

impl From<Affine> for MixedForm {
    fn from(affine: Affine) -> Self {
        Self { affine, first: 0, len: 0 }
    }
}

impl MixedProduct {
    /// exp(exponent) * factor, whatever the exponent's constant.
    fn new(mut exponent: Affine, factor: Affine) -> Self {
        let constant = std::mem::take(&mut exponent.constant);
        let factor = if constant == 0.0 { factor } else { factor.scaled(constant.exp()) };
        Self { exponent, factor }
    }
}

impl MixedForm {
    /// A form has no more products than this.
    pub const MOST_PRODUCTS: usize = 7;

    /// A form that does not vary.
    pub fn constant(constant: f64) -> Self {
        Affine::constant(constant).into()
    }

    /// A form of these products.
    fn keep(affine: Affine, new: &[MixedProduct]) -> Self {
        PRODUCTS.with_borrow_mut(|products| {
            let first = products.len();
            products.extend_from_slice(new);
            Self { affine, first, len: new.len() }
        })
    }

    /// The form, if it does not have too many products.
    fn if_short(self) -> Option<Self> {
        (self.len <= Self::MOST_PRODUCTS).then_some(self)
    }

    fn range(&self) -> Range<usize> {
        self.first..self.first + self.len
    }

    /// The products, in the order in which they were met.
    pub fn products(&self) -> Vec<MixedProduct> {
        PRODUCTS.with_borrow(|products| products[self.range()].to_vec())
    }

    /// Calls `f` with each product; it must not make forms.
    pub(crate) fn each_product(&self, f: impl FnMut(&MixedProduct)) {
        PRODUCTS.with_borrow(|products| products[self.range()].iter().for_each(f));
    }

    /// `factor * self`.
    pub fn scaled(self, factor: f64) -> Self {
        self.with_scaled_products(self.affine.scaled(factor), factor)
    }

    /// affine + factor * the sum of the products.
    fn with_scaled_products(self, affine: Affine, factor: f64) -> Self {
        if self.len == 0 {
            return affine.into();
        }
        PRODUCTS.with_borrow_mut(|products| {
            let first = products.len();
            products.extend_from_within(self.range());
            for product in &mut products[first..] {
                product.factor = product.factor.scaled(factor);
            }
            Self { affine, first, len: self.len }
        })
    }

    /// `self + factor * other`; `None` if that has too many products.
    pub fn plus(self, factor: f64, other: &Self) -> Option<Self> {
        let affine = self.affine.plus(factor, &other.affine);
        if other.len == 0 {
            return Some(Self { affine, ..self });
        }
        if self.len == 0 {
            return Some(other.with_scaled_products(affine, factor));
        }
        let mut products = self.products();
        for new in other.products() {
            match products.iter_mut().find(|known| known.exponent == new.exponent) {
                Some(known) => known.factor = known.factor.plus(factor, &new.factor),
                None => products.push(MixedProduct { factor: new.factor.scaled(factor), ..new }),
            }
        }
        Self::keep(affine, &products).if_short()
    }

    /// `exp(exponent) * self`; `None` if that has too many products.
    pub fn times_exp(self, exponent: &Affine) -> Option<Self> {
        if exponent.is_constant() {
            return Some(self.scaled(exponent.constant.exp()));
        }
        let mut products = Vec::with_capacity(self.len + 1);
        if self.affine != Affine::constant(0.0) {
            products.push(MixedProduct::new(*exponent, self.affine));
        }
        let longer = |product: MixedProduct| MixedProduct::new(product.exponent.plus(1.0, exponent), product.factor);
        products.extend(self.products().into_iter().map(longer));
        Self::keep(Affine::constant(0.0), &products).if_short()
    }

    /// Whether E\[exp(exponent) * self^2\] is known under the mean-field guide: no factor names a coordinate of an exponent,
    /// of this one or of a product.
    pub fn is_known_under(&self, exponent: &Affine) -> bool {
        if self.len == 0 {
            return self.affine.is_disjoint(exponent);
        }
        let products = self.products();
        let exponents = || products.iter().map(|product| &product.exponent).chain([exponent]);
        let factors = || products.iter().map(|product| &product.factor).chain([&self.affine]);
        exponents().all(|exponent| factors().all(|factor| factor.is_disjoint(exponent)))
    }
}

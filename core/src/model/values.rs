//! Structs of latents, and their numbers in a row.

use crate::model::{Latents, Value};
use crate::numbers::number::Real;

/// The latents of a level as plain numbers.
pub(crate) fn values_of<L: Latents>(latents: &L::Of<Real<f64>>) -> L::Of<f64> {
    let mut out = Default::default();
    L::map(latents, &mut out, |x: &Real<f64>| x.0);
    out
}

/// The latents of a level with these numbers, one after another, in the places that `shape` has.
pub(crate) fn filled<L: Latents, S: Value, R: Value>(shape: &L::Of<S>, numbers: Vec<R>) -> L::Of<R> {
    let mut numbers = numbers.into_iter();
    let mut out = Default::default();
    L::map(shape, &mut out, |_: &S| numbers.next().expect("one number a place"));
    out
}

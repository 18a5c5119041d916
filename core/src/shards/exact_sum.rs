//! Sums that do not depend on the order they are taken in.
//!
//! A number x counts as round(x 2^40): integers add without rounding, so that one total comes out of any partition of the
//! terms. Each is off by 2^-41 at most, a million together by 5e-7.

const UNITS: f64 = (1_u64 << 40) as f64;
/// Larger numbers have no place: 2^40 of them can still be added.
const LARGEST: f64 = (1_u64 << 46) as f64;

/// A sum of log densities, in nats; the same bits for any order and any grouping of the terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExactSum {
    units: i128,
    /// Terms that are no finite log density: -inf, NaN, or past all bounds.
    impossible: u64,
}

impl ExactSum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        if term.abs() < LARGEST {
            #[expect(clippy::cast_possible_truncation, reason = "below 2^86")]
            let units = (term * UNITS).round() as i128;
            self.units += units;
        } else {
            self.impossible += 1;
        }
    }

    /// Adds all the terms of another sum.
    pub fn merge(&mut self, other: Self) {
        self.units += other.units;
        self.impossible += other.impossible;
    }

    /// The sum; -inf where a term was not finite.
    #[must_use]
    pub fn value(self) -> f64 {
        if self.impossible > 0 { f64::NEG_INFINITY } else { self.units as f64 / UNITS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_and_any_grouping_give_the_same_bits() {
        let terms: Vec<f64> = (0..1000).map(|i| -1e6 * (f64::from(i) * 0.7).sin() / 3.0 + 1e-7).collect();
        let of = |terms: &mut dyn Iterator<Item = &f64>| {
            let mut sum = ExactSum::default();
            terms.for_each(|term| sum.add(*term));
            sum
        };
        let whole = of(&mut terms.iter());
        assert_eq!(whole, of(&mut terms.iter().rev()));
        for size in [1, 7, 333] {
            let mut total = ExactSum::default();
            terms.chunks(size).rev().for_each(|some| total.merge(of(&mut some.iter())));
            assert_eq!(total, whole);
        }
        // as close as rounding to units lets it be
        assert!((whole.value() - terms.iter().sum::<f64>()).abs() < 1e-6);
    }

    #[test]
    fn what_is_impossible_stays_so() {
        for term in [f64::NEG_INFINITY, f64::NAN, 1e300] {
            let mut sum = ExactSum::default();
            sum.add(term);
            sum.add(1.0);
            assert!(sum.value() == f64::NEG_INFINITY);
        }
    }
}

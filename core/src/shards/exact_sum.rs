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
    /// The sum of one term.
    pub(super) fn of(term: f64) -> Self {
        let mut sum = Self::default();
        sum.add(term);
        sum
    }

    /// Adds a term.
    pub(super) fn add(&mut self, term: f64) {
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

    /// The sum as numbers that can be added one by one, those of up to 2^31 sums.
    #[must_use]
    pub fn limbs(self) -> [i64; 5] {
        let low = |limb: u32| ((self.units >> (32 * limb)) & 0xffff_ffff) as i64;
        [low(0), low(1), low(2), (self.units >> 96) as i64, i64::try_from(self.impossible).unwrap_or(1)]
    }

    /// The sum of which these are the limbs, or sums of limbs.
    #[must_use]
    pub fn of_limbs([units @ .., impossible]: [i64; 5]) -> Self {
        let units = units.iter().rev().fold(0, |sum, limb| (sum << 32) + i128::from(*limb));
        Self { units, impossible: impossible.unsigned_abs() }
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

    #[test]
    fn limbs_add_up() {
        let sums = [-1e13, -0.3, 7e13, 2.5, f64::NAN].map(ExactSum::of);
        let mut added = [0; 5];
        let mut whole = ExactSum::default();
        for sum in sums {
            assert_eq!(ExactSum::of_limbs(sum.limbs()), sum);
            added.iter_mut().zip(sum.limbs()).for_each(|(a, limb)| *a += limb);
            whole.merge(sum);
            assert_eq!(ExactSum::of_limbs(added), whole);
        }
    }
}

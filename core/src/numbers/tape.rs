//! Reverse-mode derivatives: [`Taped`] numbers write down what they are made of, and one sweep backwards gives the
//! gradient in however many variables there are; of second order, the Hessian as well. For blocks too wide for duals.
//!
//! A number is the sum of a run of terms partial * d arg, and is known by the run's last term, so that a longer run
//! begins with a shorter one, which it leaves as it was. With a_k the adjoint of the number that term k ends,
//!
//! ```text
//! a_arg += a_k partial,  a_(k-1) += a_k if the run began before term k
//! H = sum over second-order terms of a_k partial (da db' + db da') or a_k partial da da'
//! ```
//!
//! (Griewank & Walther 2008, chapters 3 and 13.) Constants leave no term.

use crate::numbers::number::{Number, Real};
use std::cell::RefCell;

/// A number of the thread's tape, or a constant. It means nothing on another thread, nor after its [`Mark`] is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Taped<const ORDER: usize> {
    value: f64,
    /// The last term of its run; `CONSTANT` for none.
    last: u32,
}

const CONSTANT: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Term {
    partial: f64,
    arg: u32,
    /// The other factor of a second-order term, or `FIRST_ORDER`.
    other: u32,
    /// Whether the run began before this term.
    continues: bool,
}

const FIRST_ORDER: u32 = u32::MAX;

#[derive(Debug)]
struct Tape {
    terms: Vec<Term>,
    /// As many as terms once swept; kept for those before a mark.
    adjoints: Vec<f64>,
}

thread_local! {
    static TAPE: RefCell<Tape> = const { RefCell::new(Tape { terms: Vec::new(), adjoints: Vec::new() }) };
}

impl Tape {
    fn push(&mut self, (arg, other): (u32, u32), partial: f64, continues: bool) -> u32 {
        let last = u32::try_from(self.terms.len()).expect("a tape has less than 2^32 terms");
        self.terms.push(Term { partial, arg, other, continues });
        last
    }

    /// The run of `start`, and one more term.
    fn extend(&mut self, start: u32, args: (u32, u32), partial: f64) -> u32 {
        let continues = start != CONSTANT;
        if continues && start as usize + 1 != self.terms.len() {
            self.push((start, FIRST_ORDER), 1.0, false);
        }
        self.push(args, partial, continues)
    }

    /// Spreads the adjoints of the terms from `first` on to what they are made of.
    fn sweep(&mut self, first: usize) {
        for k in (first..self.terms.len()).rev() {
            let adjoint = self.adjoints[k];
            if adjoint != 0.0 {
                let Term { partial, arg, other, continues } = self.terms[k];
                if other == FIRST_ORDER && arg != CONSTANT {
                    self.adjoints[arg as usize] += adjoint * partial;
                }
                if continues {
                    self.adjoints[k - 1] += adjoint;
                }
            }
        }
    }

    /// The gradient of the number that ends at `last` in the leaves `first..first + n`, into `out`. It stops where
    /// nothing is left to spread, and leaves every entry of `space`, one a term, 0.
    fn gradient_of(&self, last: u32, first: usize, (out, space): (&mut [f64], &mut [f64])) {
        out.fill(0.0);
        let behind = first + out.len();
        let mut add = |space: &mut [f64], at: usize, share: f64| {
            if at >= behind {
                let is_new = space[at] == 0.0;
                space[at] += share;
                return usize::from(is_new && share != 0.0);
            }
            if at >= first {
                out[at - first] += share;
            }
            0
        };
        let mut pending = add(space, last as usize, 1.0);
        for k in (behind..=last as usize).rev() {
            if pending == 0 {
                return;
            }
            let adjoint = std::mem::take(&mut space[k]);
            if adjoint != 0.0 {
                pending -= 1;
                let Term { partial, arg, other, continues } = self.terms[k];
                if other == FIRST_ORDER && arg != CONSTANT {
                    pending += add(space, arg as usize, adjoint * partial);
                }
                if continues {
                    pending += add(space, k - 1, adjoint);
                }
            }
        }
    }
}

/// A place on the thread's tape. What is recorded after it is forgotten when it is dropped.
#[derive(Debug)]
pub(crate) struct Mark(usize);

impl Mark {
    pub(crate) fn here() -> Self {
        Self(TAPE.with_borrow(|tape| tape.terms.len()))
    }

    /// A mark with variables right after it, one a value.
    pub(crate) fn with_leaves<const ORDER: usize>(
        values: impl IntoIterator<Item = f64>,
        leaves: &mut Vec<Real<Taped<ORDER>>>,
    ) -> Self {
        let mark = Self::here();
        leaves.clear();
        TAPE.with_borrow_mut(|tape| {
            let leaf = |value| Real(Taped { value, last: tape.push((CONSTANT, FIRST_ORDER), 0.0, false) });
            leaves.extend(values.into_iter().map(leaf));
        });
        mark
    }

    /// Sweeps from `output` back to this mark. The adjoints of what was recorded before it add up over such sweeps, and
    /// a sweep without an output takes them on, back to an earlier mark.
    pub(crate) fn sweep<const ORDER: usize>(&self, output: Real<Taped<ORDER>>) {
        TAPE.with_borrow_mut(|tape| {
            tape.adjoints.resize(tape.terms.len(), 0.0);
            if output.0.last != CONSTANT {
                tape.adjoints[output.0.last as usize] += 1.0;
            }
            tape.sweep(self.0);
        });
    }

    /// Calls `f` with each leaf's number and adjoint. The leaves are those made right after this mark.
    pub(crate) fn adjoints(&self, leaves: usize, f: impl FnMut((usize, &f64))) {
        TAPE.with_borrow(|tape| tape.adjoints[self.0..self.0 + leaves].iter().enumerate().for_each(f));
    }

    /// After a sweep to this mark: adds the second derivatives of its output in the `n` leaves made right after this mark.
    pub(crate) fn add_hessian(&self, n: usize, hessian: &mut [f64]) {
        TAPE.with_borrow(|tape| {
            let mut space = vec![0.0; tape.terms.len()];
            let (mut a, mut b) = (vec![0.0; n], vec![0.0; n]);
            for (k, term) in tape.terms.iter().enumerate().skip(self.0) {
                let weight = tape.adjoints[k] * term.partial;
                if term.other == FIRST_ORDER || weight == 0.0 {
                    continue;
                }
                tape.gradient_of(term.arg, self.0, (&mut a, &mut space));
                if term.other == term.arg {
                    add_outer(hessian, &a, &a, weight);
                } else {
                    tape.gradient_of(term.other, self.0, (&mut b, &mut space));
                    add_outer(hessian, &a, &b, weight);
                    add_outer(hessian, &b, &a, weight);
                }
            }
        });
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        TAPE.with_borrow_mut(|tape| {
            tape.terms.truncate(self.0);
            tape.adjoints.truncate(self.0);
        });
    }
}

/// hessian += weight a b'
fn add_outer(hessian: &mut [f64], a: &[f64], b: &[f64], weight: f64) {
    for (row, a) in hessian.chunks_mut(b.len()).zip(a).filter(|(_, a)| **a != 0.0) {
        row.iter_mut().zip(b).for_each(|(h, b)| *h += weight * a * b);
    }
}

impl<const ORDER: usize> Taped<ORDER> {
    #[inline(always)]
    fn of(self, value: f64) -> Self {
        Self { value, ..self }
    }

    /// Adds a term to its run.
    #[inline(never)]
    fn add_term(&mut self, args: (u32, u32), partial: f64) {
        self.last = TAPE.with_borrow_mut(|tape| tape.extend(self.last, args, partial));
    }
}

impl<const ORDER: usize> Default for Taped<ORDER> {
    fn default() -> Self {
        Self::constant(0.0)
    }
}

impl<const ORDER: usize> Number for Taped<ORDER> {
    const ORDER: usize = ORDER;

    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value, last: CONSTANT }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }
    /// The run that ends the tape is the one to go on with: a sum costs one term as long as it grows.
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let value = self.value + other.value;
        if other.last == CONSTANT {
            return self.of(value);
        }
        let is_behind = self.last == CONSTANT || self.last < other.last;
        let (mut start, end) = if is_behind { (other, self) } else { (self, other) };
        start.add_partial(end, 1.0);
        start.of(value)
    }
    #[inline(always)]
    fn sub(mut self, other: Self) -> Self {
        self.add_partial(other, -1.0);
        self.of(self.value - other.value)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let mut out = self.chain(self.value * other.value, other.value, 0.0);
        out.add_partial(other, self.value);
        out.add_cross(self, other, 1.0);
        out
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let recip = other.value.recip();
        let value = self.value / other.value;
        let mut out = self.chain(value, recip, 0.0);
        out.add_partial(other, -value * recip);
        out.add_cross(self, other, -recip * recip);
        out.add_square(other, 2.0 * value * recip * recip);
        out
    }
    #[inline(always)]
    fn shift(self, shift: f64) -> Self {
        self.of(self.value + shift)
    }
    #[inline(always)]
    fn scale(self, factor: f64) -> Self {
        self.chain(self.value * factor, factor, 0.0)
    }
    #[inline(always)]
    fn chain(self, f: f64, first: f64, second: f64) -> Self {
        let mut out = Self::constant(f);
        out.add_partial(self, first);
        if second != 0.0 {
            out.add_square(self, second);
        }
        out
    }
    #[inline(always)]
    fn add_partial(&mut self, arg: Self, partial: f64) {
        if arg.last != CONSTANT {
            self.add_term((arg.last, FIRST_ORDER), partial);
        }
    }
    #[inline(always)]
    fn add_square(&mut self, a: Self, partial: f64) {
        if ORDER >= 2 && a.last != CONSTANT {
            self.add_term((a.last, a.last), partial);
        }
    }
    #[inline(always)]
    fn add_cross(&mut self, a: Self, b: Self, partial: f64) {
        if ORDER >= 2 && a.last != CONSTANT && b.last != CONSTANT {
            // of a number with itself: d a d a' twice
            let twice = if a.last == b.last { 2.0 } else { 1.0 };
            self.add_term((a.last, b.last), twice * partial);
        }
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::dist::{Distribution, LkjCholesky, MultivariateNormal, Normal, VectorDistribution, diag_pre_multiply};
    use crate::numbers::dual::{Dual2, Lanes};
    use crate::support::{CholeskyCorr, VectorSupport};
    use crate::testing::Function;

    /// Value, gradient and Hessian by the tape.
    fn taped(f: &impl Function, at: &[f64]) -> (f64, Vec<f64>, Vec<f64>) {
        let n = at.len();
        let mut leaves = Vec::new();
        let mark = Mark::with_leaves::<2>(at.iter().copied(), &mut leaves);
        let out = f.call(&leaves);
        mark.sweep(out);
        let (mut gradient, mut hessian) = (vec![0.0; n], vec![0.0; n * n]);
        mark.adjoints(n, |(j, a)| gradient[j] = *a);
        mark.add_hessian(n, &mut hessian);
        (out.value(), gradient, hessian)
    }

    fn gradient_of_first_order(f: &impl Function, at: &[f64]) -> Vec<f64> {
        let mut leaves = Vec::new();
        let mark = Mark::with_leaves::<1>(at.iter().copied(), &mut leaves);
        mark.sweep(f.call(&leaves));
        let mut gradient = Vec::new();
        mark.adjoints(at.len(), |(_, a)| gradient.push(*a));
        gradient
    }

    /// Compares with duals, two lanes at a time.
    fn check(f: &impl Function, at: &[f64]) {
        type N = Dual2<2, 3>;
        let (value, gradient, hessian) = taped(f, at);
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-12 * (1.0 + b.abs()), "{a} is not {b}");
        for (a, b) in gradient_of_first_order(f, at).iter().zip(&gradient) {
            near(*a, *b);
        }
        let n = at.len();
        for (j, k) in (0..n).flat_map(|j| (0..j).map(move |k| (j, k))) {
            let seed = |(i, &x): (usize, &f64)| {
                let lane = [k, j].iter().position(|&seeded| seeded == i);
                Real(lane.map_or(N::constant(x), |lane| N::variable(x, lane)))
            };
            let Real(expected) = f.call(&at.iter().enumerate().map(seed).collect::<Vec<_>>());
            assert_eq!(value, expected.value());
            near(gradient[j], expected.partials()[1]);
            near(gradient[k], expected.partials()[0]);
            let found = [hessian[k * n + k], hessian[j * n + k], hessian[j * n + j]];
            found.iter().zip(expected.triangle()).for_each(|(a, b)| near(*a, *b));
            near(hessian[j * n + k], hessian[k * n + j]);
        }
    }

    /// Runs that are shared, extended, added to themselves and to each other.
    struct Everything;

    impl Function for Everything {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            let [a, b, c, d] = *v else { unreachable!("four arguments") };
            let sum = a + b * 2.0 - 1.0;
            let (longer, other) = (sum + c, sum - d / b);
            let square = longer * longer / (other * other + 1.0);
            let zero = Real::constant(3.0) * 2.0 + sum - sum;
            square.sqrt() * a.exp() - (b.square() + 0.5).ln() * c.recip()
                + d.powf(1.5) * zero
                + Normal(a, b).ln_density(c)
        }
    }

    /// A whole prior: x (3), loc (3), ln scales (3), coordinates of a correlation (3).
    struct Prior;

    impl Function for Prior {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            let scales: Vec<Real<N>> = v[6..9].iter().map(|s| s.exp()).collect();
            let mut corr = Vec::new();
            let ln_jacobian = CholeskyCorr(3).constrain(&v[9..], &mut corr);
            let prior = MultivariateNormal(&v[3..6], diag_pre_multiply(&scales, &corr));
            prior.ln_density(&v[..3]) + LkjCholesky(3, 2.0).ln_density(&corr) + ln_jacobian
        }
    }

    #[test]
    fn agrees_with_duals() {
        check(&Everything, &[0.7, 1.3, -0.4, 2.1]);
        check(&Prior, &[1.0, 0.2, -0.5, 0.5, -1.0, 2.0, 0.3, -0.7, 0.1, 0.4, -0.2, 0.6]);
    }

    #[test]
    fn constants_leave_no_term() {
        let mark = Mark::here();
        let out = Everything.call(&[1.0, 2.0, 3.0, 4.0].map(|x| Real(Taped::<2>::constant(x))));
        assert_eq!(out.0.last, CONSTANT);
        assert_eq!(Mark::here().0, mark.0);
    }

    #[test]
    fn a_growing_sum_costs_a_term_an_argument() {
        let mut x = Vec::new();
        let mark = Mark::with_leaves::<1>([1.0; 50], &mut x);
        let mut sum = Taped::constant(0.0);
        for x in &x {
            sum.add_partial(x.0, 2.0);
        }
        assert_eq!(Mark::here().0, mark.0 + 100);
        let _ = x.iter().zip(1..).map(|(x, k)| *x * f64::from(k)).fold(Real(sum), |sum, term| sum + term);
        assert_eq!(Mark::here().0, mark.0 + 200);
    }

    /// f = sum_i c_i (theta y_i)^2 part by part, theta's adjoint carried through all parts.
    #[test]
    fn parts_behind_a_mark_add_up() {
        let mut theta = Vec::new();
        let outer = Mark::with_leaves::<1>([3.0], &mut theta);
        let doubled = theta[0] * 2.0;
        for (c, y) in [(1.0, 5.0), (2.0, 7.0)] {
            let mut leaf = Vec::new();
            let mark = Mark::with_leaves([y], &mut leaf);
            mark.sweep((doubled * leaf[0]).square() * c);
            mark.adjoints(1, |(_, &a)| assert_eq!(a, 2.0 * c * 36.0 * y));
        }
        outer.sweep(Real(Taped::<1>::constant(0.0)));
        outer.adjoints(1, |(_, &a)| assert_eq!(a, 24.0 * (25.0 + 2.0 * 49.0)));
    }
}

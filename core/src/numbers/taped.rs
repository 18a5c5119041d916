//! The number that writes itself down on the thread's [tape](crate::numbers::tape).

use crate::numbers::number::{DenseLayer, Number, Real};
use crate::numbers::tape::{self, CONSTANT, Entry, Mark};

/// A number of the thread's tape, or a constant. It means nothing on another thread, nor after its [`Mark`] is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Taped<const ORDER: usize> {
    value: f64,
    /// The last term of its run; `CONSTANT` for none.
    last: u32,
}

impl Mark {
    /// A mark with variables right after it, one a value.
    pub(crate) fn with_leaves<const ORDER: usize>(
        values: impl IntoIterator<Item = f64>,
        leaves: &mut Vec<Real<Taped<ORDER>>>,
    ) -> Self {
        let mark = Self::here();
        leaves.clear();
        leaves.extend(values.into_iter().map(|value| Real(Taped { value, last: tape::new_leaf() })));
        mark
    }

    /// Sweeps from `output` back to this mark. The adjoints of what was recorded before it add up over such sweeps, and
    /// a sweep from a constant takes them on, back to an earlier mark.
    pub(crate) fn sweep<const ORDER: usize>(&self, output: Real<Taped<ORDER>>) {
        self.sweep_from(output.0.last);
    }
}

/// A number's value, and the last term of its run.
fn entry<const ORDER: usize>((value, number): (f64, Option<Taped<ORDER>>)) -> Entry {
    (value, number.map_or(CONSTANT, |number| number.last))
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
    #[inline(always)]
    fn shift(self, shift: f64) -> Self {
        Self { value: self.value + shift, ..self }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, last: tape::sum(self.last, other.last) }
    }
    #[inline(always)]
    fn add_partial(&mut self, arg: Self, partial: f64) {
        self.last = tape::with_partial(self.last, arg.last, partial);
    }
    #[inline(always)]
    fn add_square(&mut self, a: Self, partial: f64) {
        if ORDER >= 2 {
            self.last = tape::with_square(self.last, a.last, partial);
        }
    }
    #[inline(always)]
    fn add_cross(&mut self, a: Self, b: Self, partial: f64) {
        if ORDER >= 2 {
            self.last = tape::with_cross(self.last, a.last, b.last, partial);
        }
    }
    fn dense(layer: &impl DenseLayer<Self>) -> Vec<Real<Self>> {
        let (weights, biases) = (layer.weights().map(entry), layer.biases().map(entry));
        let mut outputs = Vec::with_capacity(biases.len());
        tape::dense(weights, biases, layer.inputs().map(entry), |(value, last)| {
            outputs.push(Real(Self { value, last }));
        });
        outputs
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "sums and products of small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::dist::{Distribution, LkjCholesky, MultivariateNormal, Normal, VectorDistribution, diag_pre_multiply};
    use crate::numbers::dense::dense;
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

    /// Layers whose numbers stand on the tape one after another, in another order, or twice.
    struct Layers;

    impl Function for Layers {
        fn call<N: Number>(&self, v: &[Real<N>]) -> Real<N> {
            let hidden: Vec<Real<N>> = dense(&v[..6], &v[6..9], &v[9..11]).iter().map(|y| y.tanh()).collect();
            let [one, two] = dense(&v[1..7], &[v[10], v[9]], &hidden)[..] else { unreachable!("two outputs") };
            let backwards: Vec<Real<N>> = v[..4].iter().rev().copied().collect();
            let mixed = dense(&backwards, &[Real::constant(0.5), one], &[two + 1.0, Real::constant(2.0)]);
            let square = dense(&v[..1], &v[..1], &v[..1]);
            mixed[0] * mixed[1].exp() + (square[0] + hidden[2] + one).square()
        }
    }

    #[test]
    fn agrees_with_duals() {
        check(&Layers, &[0.4, -0.2, 0.9, 0.3, -0.8, 0.5, 0.1, -0.3, 0.7, 1.1, -0.6]);
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
    fn a_layer_costs_a_term_an_output() {
        let mut v = Vec::new();
        let mark = Mark::with_leaves::<1>((0..50).map(f64::from), &mut v);
        let outputs = dense(&v[..40], &v[40..44], &v[40..]);
        assert_eq!((outputs.len(), Mark::here().0), (4, mark.0 + 54));
        let constant = dense::<Taped<1>, _, _, _>(&[1.0; 4], &[0.0; 2], &[1.0; 2])[1];
        assert_eq!((constant.value(), constant.0.last), (2.0, CONSTANT));
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

    /// f = sum_i c_i (theta_0 y_i + theta_1 y_i^2 + theta_2), part by part.
    #[test]
    fn layers_behind_a_mark_add_up() {
        let mut theta = Vec::new();
        let outer = Mark::with_leaves::<1>([3.0, -1.0, 0.5], &mut theta);
        let squares = dense(&theta[..2], &theta[2..], &[2.0, 1.0]);
        for (c, y) in [(1.0, 5.0), (2.0, 7.0)] {
            let mut leaf = Vec::new();
            let mark = Mark::with_leaves([y], &mut leaf);
            mark.sweep(dense(&theta[..2], &theta[2..], &[leaf[0], leaf[0] * leaf[0]])[0] * c);
            mark.adjoints(1, |(_, &a)| assert_eq!(a, c * (3.0 - 2.0 * y)));
        }
        outer.sweep(squares[0]);
        let mut gradient = Vec::new();
        outer.adjoints(3, |(_, &a)| gradient.push(a));
        assert_eq!(gradient, [2.0 + 5.0 + 14.0, 1.0 + 25.0 + 98.0, 1.0 + 3.0]);
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

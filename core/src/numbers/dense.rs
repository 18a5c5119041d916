//! Dense layers: the affine map of a network as one operation, which an algebra may take as a whole.
//!
//! With W of one row an output, b and x,
//!
//! ```text
//! y_o = b_o + sum_k W_ok x_k
//! d y_o = d b_o + sum_k (x_k d W_ok + W_ok d x_k),  d2 y_o = ... + sum_k (d W_ok d x_k' + d x_k d W_ok')
//! ```
//!
//! The values are summed in one order whatever the algebra, in [`LANES`] sums side by side, which a compiler vectorises.

use crate::numbers::number::{DenseLayer, Number, Real};
use crate::numbers::param::Param;

/// Sums that run side by side.
const LANES: usize = 8;

/// A dense layer: m x n weights row by row, m biases, n inputs.
#[derive(Debug)]
pub struct Layer<'a, W, B, X> {
    weights: &'a [W],
    biases: &'a [B],
    inputs: &'a [X],
}

/// A dense layer of a network, y = W x + b: m numbers, of m x n `weights` row by row, m `biases` and n `inputs`, each of
/// latents or of data. Also called a fully connected or a linear layer.
///
/// It gives what [`dot`](crate::number::dot) of each row would, plus the bias, but is one operation where derivatives are
/// recorded: a network of thousands of weights costs little more than its products.
///
/// ```
/// # use hierarch::prelude::*;
/// model! {
///     /// Kingma & Welling's decoder: two latents an image, and a hidden layer of five units.
///     pub Images(images: &[Vec<bool>], pixels: usize) {
///         w[_ in 0..5 * 2] ~ Normal(0.0, 1.0);
///         b[_ in 0..5] ~ Normal(0.0, 1.0);
///         w_out[_ in 0..pixels * 5] ~ Normal(0.0, 1.0);
///         b_out[_ in 0..pixels] ~ Normal(0.0, 1.0);
///         for image in images {
///             z[_ in 0..2] ~ Normal(0.0, 1.0);
///             let hidden: Vec<_> = dense(&w, &b, &z).iter().map(|y| y.tanh()).collect();
///             let logits = dense(&w_out, &b_out, &hidden);
///             for (k, pixel) in image.iter().enumerate() {
///                 pixel ~ BernoulliLogit(logits[k]);
///             }
///         }
///     }
/// }
/// let y = dense::<f64, _, _, _>(&[1.0, 2.0, 3.0, 4.0], &[0.5, 0.0], &[10.0, 1.0]);
/// assert_eq!(y, [Real(12.5), Real(34.0)]);
/// ```
///
/// Weights of another number than biases times inputs have no product: every output is NaN, and a fit tells at which site
/// of which task it enters.
#[doc(alias("linear layer", "fully connected", "neural network", "matrix product"))]
#[inline]
pub fn dense<N: Number, W: Param<N>, B: Param<N>, X: Param<N>>(
    weights: &(impl AsRef<[W]> + ?Sized),
    biases: &(impl AsRef<[B]> + ?Sized),
    inputs: &(impl AsRef<[X]> + ?Sized),
) -> Vec<Real<N>> {
    let layer = Layer { weights: weights.as_ref(), biases: biases.as_ref(), inputs: inputs.as_ref() };
    if layer.weights.len() != layer.biases.len() * layer.inputs.len() {
        return vec![Real::constant(f64::NAN); layer.biases.len()];
    }
    N::dense(&layer)
}

impl<W, B, X> Layer<'_, W, B, X> {
    /// Each output's weights and bias.
    fn rows(&self) -> impl Iterator<Item = (&[W], &B)> {
        let n = self.inputs.len();
        self.biases.iter().enumerate().map(move |(o, bias)| (&self.weights[o * n..(o + 1) * n], bias))
    }
}

/// A number's value, and itself if it varies.
fn seen<N: Number>(number: &impl Param<N>) -> (f64, Option<N>) {
    (number.value(), number.varying())
}

impl<N: Number, W: Param<N>, B: Param<N>, X: Param<N>> DenseLayer<N> for Layer<'_, W, B, X> {
    fn weights(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone {
        self.weights.iter().map(seen)
    }

    fn biases(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone {
        self.biases.iter().map(seen)
    }

    fn inputs(&self) -> impl ExactSizeIterator<Item = (f64, Option<N>)> + Clone {
        self.inputs.iter().map(seen)
    }

    fn by_operations(&self) -> Vec<Real<N>> {
        let output = |(row, bias): (&[W], &B)| {
            let products = row.iter().zip(self.inputs).map(|(w, x)| match (w.varying(), x.varying()) {
                (Some(w), Some(x)) => Real(w) * Real(x),
                (Some(w), None) => Real(w) * x.value(),
                (None, _) => x.real() * w.value(),
            });
            products.fold(bias.real(), |sum, product| sum + product)
        };
        self.rows().map(output).collect()
    }

    #[inline]
    fn joined(&self) -> Vec<Real<N>> {
        let output = |(row, bias): (&[W], &B)| {
            let mut out = N::computed(bias.value() + inner_product(row, self.inputs));
            if N::ORDER == 0 {
                return Real(out);
            }
            if let Some(db) = bias.varying() {
                out.add_partial(db, 1.0);
            }
            for (w, x) in row.iter().zip(self.inputs) {
                let (by_weight, by_input) = (w.varying(), x.varying());
                if let Some(dw) = by_weight {
                    out.add_partial(dw, x.value());
                }
                if let Some(dx) = by_input {
                    out.add_partial(dx, w.value());
                }
                if let (Some(dw), Some(dx)) = (by_weight, by_input) {
                    out.add_cross(dw, dx, 1.0);
                }
            }
            Real(out)
        };
        self.rows().map(output).collect()
    }

    fn unless_wide(&self, most: usize, opaque: impl Fn(f64) -> N) -> Vec<Real<N>> {
        let varies = |number: Option<N>| number.is_some_and(|number| number.form().as_constant().is_none());
        let output = |(row, bias): (&[W], &B)| {
            let both = row.iter().zip(self.inputs).filter(|(w, x)| varies(w.varying()) && varies(x.varying()));
            if both.take(most + 1).count() > most {
                return Real(opaque(bias.value() + inner_product(row, self.inputs)));
            }
            let alone = Layer { weights: row, biases: std::slice::from_ref(bias), inputs: self.inputs };
            DenseLayer::<N>::by_operations(&alone)[0]
        };
        self.rows().map(output).collect()
    }
}

/// sum_k a_k b_k of the values, in lanes.
#[inline]
pub(crate) fn inner_product<N: Number, A: Param<N>, B: Param<N>>(a: &[A], b: &[B]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (rest_a, rest_b) = (a.remainder(), b.remainder());
    for (a, b) in a.zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane].value() * b[lane].value();
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(rest_a.iter().zip(rest_b)) {
        *sum += a.value() * b.value();
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbers::expression::forgetting;
    use crate::numbers::nodal::Nodal;
    use crate::numbers::sums::dot;
    use crate::numbers::traced::Traced;
    use crate::testing::{Function, check_gradient};

    /// Two layers of 4, 9 and 2 numbers; what of the first varies.
    struct Network {
        weights: bool,
        biases: bool,
        inputs: bool,
    }

    impl Network {
        const INPUTS: [f64; 4] = [0.3, -1.2, 0.8, 2.0];

        /// The numbers that vary among 9 x 4 + 9 + 4 of the first layer, and 2 x 9 + 2 of the second.
        fn at(&self) -> Vec<f64> {
            let count = 36 * usize::from(self.weights) + 9 * usize::from(self.biases) + 4 * usize::from(self.inputs);
            (0..count + 20).map(|k| (k as f64 * 1.7).sin()).collect()
        }

        fn outputs<N: Number>(&self, numbers: &[Real<N>]) -> Vec<Real<N>> {
            let plain: Vec<f64> = (0..36).map(|k| f64::from(k).cos()).collect();
            let (weights, rest) = numbers.split_at(if self.weights { 36 } else { 0 });
            let (biases, rest) = rest.split_at(if self.biases { 9 } else { 0 });
            let (inputs, second) = rest.split_at(if self.inputs { 4 } else { 0 });
            let hidden = match self {
                Self { weights: true, biases: true, inputs: true } => dense(weights, biases, inputs),
                Self { weights: true, biases: true, inputs: false } => dense(weights, biases, &Self::INPUTS),
                Self { weights: true, inputs: true, .. } => dense(weights, &plain[..9], inputs),
                Self { biases: true, inputs: true, .. } => dense(&plain, biases, inputs),
                _ => dense(&plain, &plain[..9], inputs),
            };
            let units: Vec<Real<N>> = hidden.iter().map(|y| y.tanh()).collect();
            dense(&second[..18], &second[18..], &units)
        }
    }

    impl Function for Network {
        fn call<N: Number>(&self, numbers: &[Real<N>]) -> Real<N> {
            let outputs = self.outputs(numbers);
            outputs[0] * outputs[1].exp()
        }
    }

    #[test]
    fn derivatives_agree_with_differences_whatever_varies() {
        let all =
            [[true, true, true], [true, true, false], [true, false, true], [false, true, true], [false, false, true]];
        for [weights, biases, inputs] in all {
            let network = Network { weights, biases, inputs };
            check_gradient("a network", &network, &network.at());
        }
    }

    #[test]
    fn outputs_are_inner_products_and_biases() {
        let (weights, biases, inputs) = ([1.0, 2.0, 3.0, -4.0, 5.0, 6.0], [0.5, -1.0], [2.0, 7.0, 1.0]);
        let expected = [dot(&weights[..3], &inputs) + 0.5, dot(&weights[3..], &inputs) - 1.0];
        assert_eq!(dense::<f64, _, _, _>(&weights, &biases, &inputs), expected.map(Real));
        assert_eq!(dense::<f64, _, _, _>(&weights, &biases, &[2_u8, 7, 1]), expected.map(Real));
        assert_eq!(dense::<f64, f64, _, f64>(&[], &biases, &[]), biases.map(Real));
        // more inputs than lanes
        let ones = [1.0; 21];
        assert_eq!(
            dense::<f64, _, _, _>(&ones, &[0.0], &std::array::from_fn::<f64, 21, _>(|k| k as f64)),
            [Real(210.0)]
        );
    }

    #[test]
    fn lists_that_do_not_go_together_have_no_outputs() {
        let outputs = dense::<f64, _, _, _>(&[1.0, 2.0, 3.0], &[0.0, 0.0], &[1.0, 1.0]);
        assert_eq!(outputs.len(), 2);
        assert!(outputs.iter().all(|y| y.value().is_nan()));
    }

    #[test]
    fn structure_is_kept_where_there_is_some() {
        forgetting(|| {
            let u: Vec<Real<Nodal>> = (0..10).map(|j| Real(Nodal::coordinate(j, 0.1 * j as f64))).collect();
            let linear = dense(&u[..8], &u[8..], &[1.0, 2.0, -1.0, 0.5])[0].0.form().affine().expect("affine");
            assert_eq!(linear.terms(), [(0, 1.0), (1, 2.0), (2, -1.0), (3, 0.5), (8, 1.0)]);
            let narrow = dense(&u[..2], &[0.0], &u[2..4])[0];
            assert!(matches!(narrow.0, Nodal::Expression(..)), "{narrow:?}");
            let wide = dense(&u[..4], &[1.0], &u[4..8])[0];
            assert!(matches!(wide.0, Nodal::Form(form) if form.mixed().is_none()), "{wide:?}");
            assert!((wide.value() - (1.0 + 0.1 * 0.5 + 0.2 * 0.6 + 0.3 * 0.7)).abs() < 1e-15);
        });
    }

    #[test]
    fn data_that_are_not_finite_are_remembered() {
        let w = [Real::<Traced>::constant(0.0); 2];
        let [y] = dense(&w, &[0.0], &[1.0, f64::NAN])[..] else { panic!("one output") };
        assert!(y.0.culprit().is_some_and(f64::is_nan));
    }
}

//! The built-in encoder: a multilayer perceptron on features of a task.

use crate::amortise::Encoder;
use crate::error::Error;
use crate::guide::FIRST_LN_SCALE;
use crate::numbers::dense::inner_product;
use crate::options::allowed::{Row, check};
use rand::{Rng, RngExt};

/// A network from features of a task to its (loc, `ln_scale`): layers of tanh units, and a linear one at the end.
///
/// With `a_0` the features and W, b the weights of a layer,
///     a_{l+1} = tanh(W_l a_l + b_l),  out = W a + b,
/// each layer's weights stored as W row by row, then b. Without hidden layers it is linear.
///
/// Features should be few, of order 1, and tell what the likelihood needs: for normal data their mean and their number.
#[derive(Clone, Debug)]
pub struct Mlp<F> {
    /// Units of every layer, features and outputs included.
    widths: Vec<usize>,
    features: F,
}

/// One layer: its units, and where its weights begin.
#[derive(Clone, Copy, Debug)]
struct Layer {
    inputs: usize,
    outputs: usize,
    first: usize,
}

impl<F> Mlp<F> {
    /// A network on `num_features` numbers that `features` makes of a task, with hidden layers of the given widths, for
    /// tasks with `num_latents` unconstrained coordinates. What does not fit the tasks is refused when it is trained.
    pub fn new(num_features: usize, hidden: &[usize], num_latents: usize, features: F) -> Self {
        let mut widths = vec![num_features];
        widths.extend(hidden);
        widths.push(num_latents.saturating_mul(2));
        Self { widths, features }
    }

    fn layers(&self) -> impl DoubleEndedIterator<Item = Layer> + ExactSizeIterator {
        let mut first = 0;
        let layers: Vec<Layer> = self
            .widths
            .windows(2)
            .map(|pair| {
                let layer = Layer { inputs: pair[0], outputs: pair[1], first };
                first = layer.end();
                layer
            })
            .collect();
        layers.into_iter()
    }

    fn outputs(&self) -> usize {
        self.widths[self.widths.len() - 1]
    }

    /// What every layer gives, the features first.
    fn activations(&self, weights: &[f64], features: Vec<f64>) -> Vec<Vec<f64>> {
        let width = self.widths[0];
        assert!(features.len() == width, "the features are {} numbers, not {width} as declared", features.len());
        let mut all = vec![features];
        for (l, layer) in self.layers().enumerate() {
            let mut out = layer.linear(weights, &all[l]);
            if l + 2 < self.widths.len() {
                for a in &mut out {
                    *a = a.tanh();
                }
            }
            all.push(out);
        }
        all
    }
}

/// Units of a hidden layer.
const MOST_UNITS: usize = 100_000;

impl<T: ?Sized, F: Fn(&T) -> Vec<f64> + Send + Sync> Encoder<T> for Mlp<F> {
    /// Refuses features of another number than declared, or that are not finite, outputs that are not two for each latent
    /// coordinate, and hidden layers of no unit, or of more than 100,000.
    fn check(&self, task: &T, num_latents: usize) -> Result<(), Error> {
        let features = (self.features)(task);
        let hidden = &self.widths[1..self.widths.len() - 1];
        let row = |(k, &units): (usize, &usize)| Row::whole(&format!("Mlp: hidden[{k}]"), units, 1..=MOST_UNITS);
        let row_of = |(k, &feature): (usize, &f64)| Row::finite(&format!("Mlp: features[{k}]"), feature);
        let shape = [
            Row::equal("Mlp: num_features", self.widths[0], features.len(), "as many as `features` gives"),
            Row::equal("Mlp: num_latents", self.outputs() / 2, num_latents, "the unconstrained coordinates of a task"),
        ];
        let rows = shape.into_iter().chain(hidden.iter().enumerate().map(row));
        check(rows.chain(features.iter().enumerate().map(row_of)))
    }

    fn num_weights(&self) -> usize {
        self.layers().map(|layer| layer.end() - layer.first).sum()
    }

    /// Normal weights of standard deviation 1 / sqrt(inputs), a tenth of that in the last layer; no biases, but for those
    /// of the log-scales.
    fn start(&self, rng: &mut dyn Rng) -> Vec<f64> {
        let mut weights = vec![0.0; <Self as Encoder<T>>::num_weights(self)];
        let last = self.widths.len() - 2;
        for (l, layer) in self.layers().enumerate() {
            let scale = if l == last { 0.1 } else { 1.0 } / (layer.inputs.max(1) as f64).sqrt();
            for w in &mut weights[layer.first..layer.bias()] {
                *w = scale * rng.sample::<f64, _>(rand_distr::StandardNormal);
            }
        }
        let ln_scales = weights.len() - self.outputs() / 2;
        weights[ln_scales..].fill(FIRST_LN_SCALE);
        weights
    }

    fn encode(&self, weights: &[f64], task: &T, out: &mut [f64]) {
        let (gives, wanted) = (self.outputs(), out.len());
        assert!(gives == wanted, "the network gives {gives} numbers, but twice the latents of a task are {wanted}");
        let activations = self.activations(weights, (self.features)(task));
        out.copy_from_slice(&activations[activations.len() - 1]);
    }

    /// With d the derivative in a layer's sum: d b = d, d W = d a', and d <- (W' d) (1 - a^2) one layer below.
    fn backward(&self, weights: &[f64], task: &T, d_out: &[f64], d_weights: &mut [f64]) {
        let activations = self.activations(weights, (self.features)(task));
        let mut d = d_out.to_vec();
        for (layer, input) in self.layers().zip(&activations).rev() {
            let mut below = vec![0.0; layer.inputs];
            for (o, d) in d.iter().enumerate() {
                let row = layer.row(o);
                d_weights[layer.bias() + o] += d;
                d_weights[row.clone()].iter_mut().zip(input).for_each(|(dw, a)| *dw += d * a);
                below.iter_mut().zip(&weights[row]).for_each(|(below, w)| *below += d * w);
            }
            d = below.iter().zip(input).map(|(d, a)| d * (1.0 - a * a)).collect();
        }
    }
}

impl Layer {
    fn row(&self, output: usize) -> std::ops::Range<usize> {
        let start = self.first + output * self.inputs;
        start..start + self.inputs
    }

    fn bias(&self) -> usize {
        self.first + self.inputs * self.outputs
    }

    fn end(&self) -> usize {
        self.bias() + self.outputs
    }

    fn linear(&self, weights: &[f64], input: &[f64]) -> Vec<f64> {
        let unit = |o: usize| inner_product::<f64, _, _>(&weights[self.row(o)], input) + weights[self.bias() + o];
        (0..self.outputs).map(unit).collect()
    }
}

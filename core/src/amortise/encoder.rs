//! Local posteriors from a network that reads a task's data (auto-encoding variational Bayes; Kingma & Welling 2014).
//!
//! q(phi_i | D_i) = prod_l Normal(u_l; loc_l, exp(ln_scale_l)^2),  (loc, ln_scale) = encode(weights, D_i),
//! in the unconstrained coordinates u of phi_i. Theta's guide and the weights climb the ELBO together; with B tasks of
//! the M in a batch and g_i the ELBO's gradient in a task's (loc, `ln_scale`),
//!     d elbo / d weights = M / B sum_i (d encode(D_i) / d weights)' g_i.

use crate::amortise::training::Training;
use crate::amortise::{Amortised, Recognition};
use crate::density::program::Program;
use crate::elbo::{Bound, Slope};
use crate::error::Error;
use crate::guide::MeanField;
use crate::linalg::arrow::{ArrowVector, CHUNK};
use crate::model::Model;
use crate::model::subset::Subset;
use crate::optimize::adam::shift;
use crate::optimize::plateau::{AdamMoments, ascend};
use crate::options::Options;
use crate::options::allowed::{Row, check};
use crate::progress::Progress;
use crate::sampling::stream::Stream;
use rand::Rng;
use rayon::prelude::*;

/// A network from a task of type `T` to the factor of its latents, in L unconstrained coordinates.
pub trait Encoder<T: ?Sized>: Send + Sync {
    /// How many weights it has.
    fn num_weights(&self) -> usize;

    /// Weights to start the training with.
    fn start(&self, rng: &mut dyn Rng) -> Vec<f64>;

    /// The factor of a task: L locs, then L log standard deviations, replace the content of `out`.
    fn encode(&self, weights: &[f64], task: &T, out: &mut [f64]);

    /// Refuses a task that the encoder cannot read, or a number of latent coordinates that its outputs are not for. It is
    /// asked about every task before the others are called. Nothing is refused unless this is implemented.
    fn check(&self, _task: &T, _num_latents: usize) -> Result<(), Error> {
        Ok(())
    }

    /// Adds to `d_weights` the derivative of the ELBO in the weights, given `d_out`, that in what `encode` wrote.
    fn backward(&self, weights: &[f64], task: &T, d_out: &[f64], d_weights: &mut [f64]);
}

/// An encoder and its weights.
#[derive(Clone, Debug)]
pub struct Encoded<E> {
    encoder: E,
    weights: Vec<f64>,
}

/// A model trained together with an encoder of its tasks.
///
/// ```
/// # use hierarch::prelude::*;
/// use hierarch::{EncoderFit, Mlp, Options};
///
/// model! {
///     Groups(groups: &[Vec<f64>]) {
///         mu ~ Normal(0.0, 2.0);
///         for ys in groups {
///             theta ~ Normal(mu, 1.0);
///             for y in ys {
///                 y ~ Normal(theta, 0.5);
///             }
///         }
///     }
/// }
///
/// # fn main() -> Result<(), hierarch::Error> {
/// let groups: Vec<Vec<f64>> = (0..40).map(|i| vec![f64::from(i % 7), f64::from(i % 7) + 0.5]).collect();
/// let model = Groups::new(&groups);
/// // one feature, no hidden layer, one latent
/// let encoder = Mlp::new(1, &[], 1, |ys: &Vec<f64>| vec![ys.iter().sum::<f64>() / ys.len() as f64]);
/// let fit = EncoderFit::train(&model, encoder, &Options { max_iterations: Some(1000), ..Options::default() })?;
/// let theta = fit.adapt(&vec![3.0, 3.4])?.local().theta;
/// assert!((theta.mean - 3.2).abs() < 0.3, "{theta}");
/// println!("{fit}");
/// # Ok(())
/// # }
/// ```
pub type EncoderFit<'a, M, E> = Amortised<'a, M, Encoded<E>>;

impl<M: Model, E: Encoder<M::Task>> Recognition<M> for Encoded<E> {
    fn num_parameters(&self) -> usize {
        self.weights.len()
    }

    fn check(&self, task: &M::Task, num_latents: usize) -> Result<(), Error> {
        self.encoder.check(task, num_latents)?;
        let mut out = vec![0.0; 2 * num_latents];
        self.encoder.encode(&self.weights, task, &mut out);
        check(out.iter().enumerate().map(|(k, &out)| Row::finite(&format!("Encoder::encode: out[{k}]"), out)))
    }

    fn describe(&self) -> String {
        format!("an encoder of {} weights", self.weights.len())
    }

    fn factors(&self, training: &Training<'_, M>, tasks: &[&M::Task]) -> MeanField {
        let n = training.num_latents;
        let encode = |task: &&M::Task| {
            let mut out = vec![0.0; 2 * n];
            self.encoder.encode(&self.weights, task, &mut out);
            out
        };
        let rows: Vec<Vec<f64>> = tasks.par_iter().with_min_len(CHUNK).map(encode).collect();
        MeanField {
            loc: rows.iter().flat_map(|row| &row[..n]).copied().collect(),
            ln_scale: rows.iter().flat_map(|row| &row[n..]).copied().collect(),
        }
    }
}

impl<'a, M: Model, E: Encoder<M::Task>> EncoderFit<'a, M, E> {
    /// Climbs the ELBO over q(theta) and the encoder's weights.
    ///
    /// The options `seed`, `estimator`, `global`, `random_start`, `max_iterations` and `progress` mean what they do
    /// for a fit. Locals are written centred unless `parameterisation` is `NonCentred`. The step size, the batches and
    /// the draws are those of `optimiser` if that is Adam, and otherwise 0.01, 256 tasks and 4. `posterior_draws` is what
    /// summaries are taken from.
    ///
    /// # Errors
    /// As for [`fit`](crate::Fittable::fit), for tasks with different numbers of latents, for tasks that the encoder
    /// [refuses](Encoder::check), and where it starts with weights of another number than its own, or gives what is not
    /// finite.
    pub fn train(model: &'a M, encoder: E, options: &Options) -> Result<Self, Error> {
        let mut training = Training::new(model, options)?;
        let mut how = Encoded::started(encoder, &training)?;
        let (mut global, mut shared) =
            (AdamMoments::new(2 * training.global.len()), AdamMoments::new(how.weights.len()));
        let adam = training.adam.clone();
        let ended = ascend(options, &Progress::new(options), &adam, |step, size| {
            let gradient = how.gradient(&training, &training.batch(step), step);
            if gradient.elbo.is_finite() {
                shift(&mut training.global, 0, &gradient.global, size, &mut global);
                shared.step(&gradient.weights, size, |slot, by| how.weights[slot] += by);
            }
            gradient.elbo
        });
        let elbo = Self::elbo_of(&training, model, &how);
        Ok(Self { training, how, ended, elbo })
    }

    /// The trained weights of the encoder.
    pub fn weights(&self) -> &[f64] {
        &self.how.weights
    }
}

/// An estimate of the ELBO, and of its gradient in theta's (locs, `ln_scales`) and in the weights.
pub(super) struct Gradient {
    pub(super) elbo: f64,
    pub(super) global: Vec<f64>,
    pub(super) weights: Vec<f64>,
}

impl<E> Encoded<E> {
    /// The encoder with its first weights, once it was asked about every task.
    fn started<M: Model>(encoder: E, training: &Training<'_, M>) -> Result<Self, Error>
    where
        E: Encoder<M::Task>,
    {
        let Training { model, num_latents, .. } = *training;
        let for_each_task = |f: &dyn Fn(&M::Task) -> Result<(), Error>| {
            let name = |i| Subset::all(model).task_name(i);
            (0..model.num_tasks()).try_for_each(|i| f(model.task(i)).map_err(|error| error.of_task(name(i))))
        };
        for_each_task(&|task| encoder.check(task, num_latents))?;
        let weights = encoder.start(&mut Stream::Encoder.of(training.options.seed));
        let what = "as many as `Encoder::num_weights` says";
        check([Row::equal("Encoder::start: weights", weights.len(), encoder.num_weights(), what)])?;
        let how = Self { encoder, weights };
        for_each_task(&|task| Recognition::<M>::check(&how, task, num_latents))?;
        Ok(how)
    }

    /// From the tasks of a batch, with the draws of a step; unbiased.
    pub(super) fn gradient<M: Model>(&self, training: &Training<'_, M>, batch: &[usize], step: usize) -> Gradient
    where
        E: Encoder<M::Task>,
    {
        let some: Vec<&M::Task> = batch.iter().map(|&i| training.model.task(i)).collect();
        let guide = training.guide(self.factors(training, &some));
        let all: Vec<usize> = (0..batch.len()).collect();
        let few = training.some(batch);
        let density = training.density_of_batch(&few);
        let bound = Bound::over(&density, training.fresh(batch, step));
        let Slope { value: elbo, gradient: ArrowVector { global, tasks } } = bound.slope(&guide);
        let chunks: Vec<Vec<f64>> = some
            .par_chunks(CHUNK)
            .zip(all.par_chunks(CHUNK))
            .map(|(here, positions)| {
                let mut sum = vec![0.0; self.weights.len()];
                for (task, &i) in here.iter().zip(positions) {
                    self.encoder.backward(&self.weights, task, &tasks[i], &mut sum);
                }
                sum
            })
            .collect();
        let mut weights = vec![0.0; self.weights.len()];
        for chunk in chunks {
            weights.iter_mut().zip(chunk).for_each(|(sum, g)| *sum += g);
        }
        Gradient { elbo, global: global.as_slice().to_vec(), weights }
    }
}

#[cfg(test)]
impl<E> Encoded<E> {
    pub(super) fn new(encoder: E, weights: Vec<f64>) -> Self {
        Self { encoder, weights }
    }
}

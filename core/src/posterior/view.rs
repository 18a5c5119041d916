//! A posterior of a model's latents: summaries, draws, and functions of them.

use crate::density::program::unscored;
use crate::error::Error;
use crate::guide::Guide;
use crate::model::draw::Draw;
use crate::model::signature::Signature;
use crate::model::subset::Subset;
use crate::model::tasks::must_be_one;
use crate::model::values::{filled, values_of};
use crate::model::{Latents, Model};
use crate::posterior::columns::Source;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::lazy::{LazyDraw, TypedSource};
use crate::posterior::summary::{Summary, central, covariance, shortest};
use crate::sampling::resample::resample;
use rand::Rng;
use std::borrow::Cow;

/// A posterior of a fit's latents: the fit's own, or one by other means.
pub struct Posterior<'f, M: Model> {
    pub(crate) model: &'f M,
    pub(crate) guide: &'f Guide,
    pub(crate) gaussian: Cow<'f, GaussianHierarchy>,
    pub(crate) weighted: Cow<'f, WeightedDraws>,
}

impl<M: Model> Posterior<'_, M> {
    fn source(&self) -> Source<'_> {
        Source { guide: self.guide, gaussian: &self.gaussian, draws: &self.weighted }
    }

    pub(crate) fn typed(&self) -> TypedSource<'_, M> {
        TypedSource::new(self.model, self.source())
    }

    /// Posterior summaries of the globals, in a struct of the model's own: `fit.global().tau.mean`.
    pub fn global(&self) -> <M::Global as Latents>::Of<Summary> {
        let program = Subset::all(self.model);
        let shape = program.plain_globals(self.weighted.theta(0));
        filled::<M::Global, _, _>(&shape, self.source().globals(&program))
    }

    /// Posterior summaries of the latents of task `i`: `fit.local(3).theta.sd`.
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
    pub fn local(&self, i: usize) -> <M::Local as Latents>::Of<Summary> {
        must_be_one(i, self.model.num_tasks());
        let program = Subset::one(self.model, self.model.task(i));
        let source = self.source();
        let theta = program.plain_globals(self.weighted.theta(0));
        let mask = unscored(&Signature::of::<M>(), &self.weighted.non_centred);
        let table = source.table(i);
        let shape = program.plain_locals(&theta, &mask, 0, source.phi(&table, i, 0));
        filled::<M::Local, _, _>(&shape.latents, source.locals(&program, i, 0, &table))
    }

    /// Draws of all latents, equally weighted.
    pub fn draws<R: Rng + ?Sized>(&self, n: usize, rng: &mut R) -> Vec<Draw<M>> {
        let source = self.typed();
        let draw = |s: usize| {
            let theta = source.theta(s);
            let local = (0..self.model.num_tasks()).map(|i| source.local(s, &theta, i)).collect();
            Draw { global: values_of::<M::Global>(&theta), local }
        };
        resample(&self.weighted.weights, n, rng).into_iter().map(draw).collect()
    }

    /// The posterior of any function of the latents.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// model! {
    ///     Coins(heads: &[(u32, u32)]) {
    ///         spread ~ HalfNormal(1.0);
    ///         for &(heads, tosses) in heads {
    ///             log_odds ~ Normal(0.0, spread);
    ///             heads ~ BinomialLogit(tosses, log_odds);
    ///         }
    ///     }
    /// }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
    /// let difference = fit.posterior().marginal(|d| d.local[0].log_odds - d.local[1].log_odds);
    /// assert!(difference.mean > 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn marginal(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Summary {
        Summary::weighted(&self.values(f), &self.weighted.weights, &self.weighted.dependence)
    }

    /// The central interval that holds so much of the posterior of any function of the latents, as much lying below it as above.
    ///
    /// # Errors
    /// A level that is not between 0 and 1.
    pub fn interval(&self, level: f64, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Result<(f64, f64), Error> {
        let level = allowed_level(level)?;
        Ok(central(&self.values(f), &self.weighted.weights, level))
    }

    /// The highest-density interval: the shortest one that holds so much of the posterior of any function of the latents.
    ///
    /// # Errors
    /// A level that is not between 0 and 1.
    pub fn hdi(&self, level: f64, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Result<(f64, f64), Error> {
        let level = allowed_level(level)?;
        Ok(shortest(&self.values(f), &self.weighted.weights, level))
    }

    /// Posterior covariance of any two functions of the latents; infinite where it is larger than an `f64` holds, and NaN
    /// where a value of positive weight is not finite.
    pub fn covariance(&self, f: impl Fn(&LazyDraw<'_, M>) -> f64, g: impl Fn(&LazyDraw<'_, M>) -> f64) -> f64 {
        covariance(&self.values(|draw| [f(draw), g(draw)]), &self.weighted.weights)
    }

    /// The function at every draw.
    fn values<T>(&self, f: impl Fn(&LazyDraw<'_, M>) -> T) -> Vec<T> {
        let source = self.typed();
        let mut draw = LazyDraw::new(&source, self.model.num_tasks());
        let at = |s| {
            draw.turn_to(s);
            f(&draw)
        };
        (0..self.weighted.len()).map(at).collect()
    }
}

/// A level between 0 and 1.
fn allowed_level(level: f64) -> Result<f64, Error> {
    if level > 0.0 && level < 1.0 {
        return Ok(level);
    }
    let (option, allowed) = ("level".to_owned(), "between 0 and 1".to_owned());
    Err(Error::Option { option, task: None, value: level.to_string(), allowed })
}

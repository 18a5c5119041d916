//! A posterior's draws as the latents of a model: summaries, draws, and functions of them.

use crate::correct::linear_response::LinearResponse;
use crate::fit::{Fit, local_values, plain, summarise};
use crate::model::draw::{Draw, LazyDraw};
use crate::model::{Globals, Latents, Model};
use crate::posterior::Posterior;
use crate::posterior::summary::Summary;
use crate::sampling::resample::resample;
use rand::Rng;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A posterior of the fit's model: the fit's own, or one by other means.
pub(crate) struct View<'f, M: Model> {
    pub(crate) fit: &'f Fit<M>,
    pub(crate) gaussian: &'f LinearResponse,
    pub(crate) posterior: &'f Posterior,
}

/// Where its draws come from: the coordinates of a task's are made when first asked for.
pub(crate) struct Source<'f, M: Model> {
    view: View<'f, M>,
    tables: Vec<OnceLock<Cow<'f, [f64]>>>,
}

impl<M: Model> Source<'_, M> {
    /// theta of the draw of that number.
    pub(crate) fn theta(&self, number: usize) -> Globals<M, f64> {
        self.view.fit.plain_globals(self.view.posterior.theta(number))
    }

    /// phi of task `i` in that draw, whose theta is given.
    pub(crate) fn local(&self, number: usize, theta: &Globals<M, f64>, i: usize) -> <M::Local as Latents>::Of<f64> {
        let View { fit, gaussian, posterior } = self.view;
        let table = self.tables[i].get_or_init(|| posterior.task(fit.guide(), gaussian, i));
        let width = fit.guide().task(i).len();
        let u = &table[number * width..(number + 1) * width];
        local_values(&fit.model, &posterior.non_centred, theta, fit.model.task(i), u)
    }
}

impl<M: Model> Clone for View<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Model> Copy for View<'_, M> {}

impl<'f, M: Model> View<'f, M> {
    pub(crate) fn source(self) -> Source<'f, M> {
        Source { view: self, tables: (0..self.fit.model.num_tasks()).map(|_| OnceLock::new()).collect() }
    }

    pub(crate) fn global(self) -> <M::Global as Latents>::Of<Summary> {
        let draws = (0..self.posterior.len()).map(|s| plain::<M>(&self.fit.plain_globals(self.posterior.theta(s))));
        summarise::<M::Global>(draws, |values| self.summary(values))
    }

    pub(crate) fn local(self, i: usize) -> <M::Local as Latents>::Of<Summary> {
        let source = self.source();
        let draws = (0..self.posterior.len()).map(|s| source.local(s, &source.theta(s), i));
        summarise::<M::Local>(draws, |values| self.summary(values))
    }

    pub(crate) fn draws<R: Rng + ?Sized>(self, n: usize, rng: &mut R) -> Vec<Draw<M>> {
        let source = self.source();
        let draw = |s: usize| {
            let theta = source.theta(s);
            let local = (0..self.fit.model.num_tasks()).map(|i| source.local(s, &theta, i)).collect();
            Draw { global: plain::<M>(&theta), local }
        };
        resample(&self.posterior.weights, n, rng).into_iter().map(draw).collect()
    }

    pub(crate) fn marginal(self, f: impl Fn(&LazyDraw<'_, M>) -> f64) -> Summary {
        self.summary(&self.values(f))
    }

    pub(crate) fn covariance(self, f: impl Fn(&LazyDraw<'_, M>) -> f64, g: impl Fn(&LazyDraw<'_, M>) -> f64) -> f64 {
        let values = self.values(|draw| (f(draw), g(draw)));
        let weighted = || values.iter().zip(&self.posterior.weights).filter(|(_, w)| **w > 0.0);
        let (mean_f, mean_g) = weighted().fold((0.0, 0.0), |sum, ((f, g), w)| (sum.0 + w * f, sum.1 + w * g));
        weighted().map(|((f, g), w)| w * (f - mean_f) * (g - mean_g)).sum()
    }

    /// The function at every draw.
    fn values<T>(self, f: impl Fn(&LazyDraw<'_, M>) -> T) -> Vec<T> {
        let source = self.source();
        let mut draw = LazyDraw::new(&source, self.fit.model.num_tasks());
        let at = |s| {
            draw.turn_to(s);
            f(&draw)
        };
        (0..self.posterior.len()).map(at).collect()
    }

    fn summary(self, values: &[f64]) -> Summary {
        Summary::weighted(values, &self.posterior.weights)
    }
}

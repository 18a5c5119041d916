//! Derivatives of a task's log density by blocks, never one dense dual over all latents.
//!
//! A task's part is evaluated in two blocks: the prior p(phi | theta) on lanes (globals it reads, u of the task), and the
//! likelihood p(D | phi, theta) on lanes (globals it reads directly, values x of the task's latents). The small Jacobian
//! dx/d(theta, u) of the first chains the second to the task's own coordinates: (all globals read, u).

use crate::density::blocks::BlockLayout;
use crate::density::chain::{Chain, Route};
use crate::density::order::{LikelihoodN, LocalN, TypedOrder};
use crate::density::program::{Fixed, LogParts, Scorer};
use crate::density::theta::Theta;
use crate::interpret::log_density::LogDensity;
use crate::interpret::prior::FirstNormal;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::{Latents, Locals, Model};
use crate::numbers::number::Real;
use crate::numbers::pass::{Derivatives, Order, passes};

/// A model with theta fixed at some values, as dual numbers.
pub(crate) struct LaneThetas<'p, M: Model, O: TypedOrder> {
    program: &'p Subset<'p, M>,
    layout: &'p BlockLayout,
    thetas: Vec<Theta<M, O>>,
}

impl<'p, M: Model, O: TypedOrder> LaneThetas<'p, M, O> {
    pub(crate) fn new(program: &'p Subset<'p, M>, layout: &'p BlockLayout, thetas: &[Vec<f64>]) -> Self {
        let thetas = thetas.iter().map(|u| Theta::new(program, layout, u)).collect();
        Self { program, layout, thetas }
    }
}

impl<M: Model, O: TypedOrder> Fixed for LaneThetas<'_, M, O> {
    fn scorer<'f>(&'f self, mask: &'f SiteMask) -> Box<dyn Scorer + 'f> {
        Box::new(LaneScorer {
            fixed: self,
            mask,
            coordinates: Vec::new(),
            prior_local: Default::default(),
            likelihood_local: Default::default(),
            chain: Chain::default(),
        })
    }
}

/// Scores tasks with dual numbers.
struct LaneScorer<'f, M: Model, O: TypedOrder> {
    fixed: &'f LaneThetas<'f, M, O>,
    mask: &'f SiteMask,
    coordinates: Vec<Real<LocalN<M, O>>>,
    prior_local: Locals<M, LocalN<M, O>>,
    likelihood_local: Locals<M, LikelihoodN<M, O>>,
    chain: Chain,
}

impl<M: Model, O: TypedOrder> Scorer for LaneScorer<'_, M, O> {
    fn score(&mut self, theta: usize, task: usize, u: &[f64], out: &mut Derivatives) -> LogParts {
        let LaneThetas { program, layout, thetas } = self.fixed;
        let (theta, task) = (&thetas[theta], program.task(task));
        out.reset(layout.task_reads.len() + u.len(), O::ORDER);
        let latents = self.prior_block(theta, task, u, out);
        let data = self.likelihood_block(theta, task, u.len(), out);
        out.value = latents + data;
        if !layout.identity {
            self.chain.apply(layout.likelihood_reads.len(), out);
        }
        LogParts { latents, data }
    }

    fn natural_prior(&mut self, theta: usize, task: usize, out: &mut Vec<Derivatives>) {
        let LaneThetas { program, layout, thetas } = self.fixed;
        let (reads, n) = (&layout.local_reads, layout.task_reads.len());
        let (route, mut of_block) = (&mut self.chain.prior_route, Derivatives::default());
        route.lay(reads, layout.widest.coordinates, &layout.task_reads, passes::<LocalN<M, O>>);
        out.clear();
        let mut first = FirstNormal::default();
        self.coordinates.clear();
        self.coordinates.resize(layout.widest.coordinates, Real::constant(0.0));
        for (pass, global) in route.passes.iter().zip(&thetas[theta].local) {
            let mut run = LogDensity::telling(&self.coordinates, self.mask, &mut first);
            program.model.local(&mut run, global, program.task(task), &mut self.prior_local);
            for (k, Real(parameter)) in first.natural_parameters().into_iter().enumerate() {
                if out.len() == k {
                    out.push(Derivatives::default());
                    out[k].reset(route.n, O::ORDER);
                }
                out[k].take(&parameter, pass);
            }
        }
        for parameter in out {
            std::mem::swap(parameter, &mut of_block);
            parameter.reset(n, O::ORDER);
            parameter.add(&of_block, 1.0, &route.at[..reads.len()]);
            parameter.value = of_block.value;
        }
    }
}

impl<M: Model, O: TypedOrder> LaneScorer<'_, M, O> {
    /// ln p(phi | theta) + ln |dx/du|, its derivatives in `out`; d x / d (globals read, u) in the chain where it is needed.
    #[inline(always)]
    fn prior_block(&mut self, theta: &Theta<M, O>, task: &M::Task, u: &[f64], out: &mut Derivatives) -> f64 {
        let LaneThetas { program, layout, .. } = self.fixed;
        let Chain { prior, prior_route, values, .. } = &mut self.chain;
        let reads = &layout.local_reads;
        prior_route.lay(reads, u.len(), &layout.task_reads, passes::<LocalN<M, O>>);
        let Route { n, passes, at } = prior_route;
        if O::ORDER == Order::Second {
            prior.reset(*n, Order::Second);
        }
        let mut value = 0.0;
        for (pass, global) in passes.iter().zip(&theta.local) {
            self.coordinates.clear();
            self.coordinates.extend(u.iter().enumerate().map(|(l, &u)| pass.seed::<LocalN<M, O>>(u, reads.len() + l)));
            let mut run = LogDensity::new(&self.coordinates, self.mask);
            program.model.local(&mut run, global, task, &mut self.prior_local);
            value = run.latents.value();
            if O::ORDER == Order::Second {
                prior.take(&run.latents.0, pass);
            } else {
                out.add_gradient(&run.latents.0, pass, at);
            }
            if !layout.identity {
                let mut entry = 0;
                M::Local::map(&self.prior_local, &mut Default::default(), |x: &Real<LocalN<M, O>>| {
                    Chain::value(values, entry, *n, O::ORDER).take(&x.0, pass);
                    entry += 1;
                });
            }
        }
        if O::ORDER == Order::Second {
            out.add(prior, 1.0, at);
        }
        value
    }

    /// ln p(D | phi, theta); its derivatives in `out` where x = u, and in the chain elsewhere.
    #[inline(always)]
    fn likelihood_block(&mut self, theta: &Theta<M, O>, task: &M::Task, own: usize, out: &mut Derivatives) -> f64 {
        let LaneThetas { program, layout, .. } = self.fixed;
        let reads = &layout.likelihood_reads;
        let mut entries = own;
        if !layout.identity {
            entries = 0;
            M::Local::map(&self.prior_local, &mut Default::default(), |_: &Real<LocalN<M, O>>| entries += 1);
        }
        let Chain { data, data_route, .. } = &mut self.chain;
        // where x is not u the slots are not used: the chain knows the way
        data_route.lay(reads, entries, &layout.task_reads, passes::<LikelihoodN<M, O>>);
        let Route { n, passes, at } = data_route;
        let is_direct = layout.identity && O::ORDER == Order::First;
        if !is_direct {
            data.reset(*n, O::ORDER);
        }
        let mut value = 0.0;
        for (pass, global) in passes.iter().zip(&theta.likelihood) {
            let mut entry = reads.len();
            M::Local::map(&self.prior_local, &mut self.likelihood_local, |x: &Real<LocalN<M, O>>| {
                entry += 1;
                pass.seed::<LikelihoodN<M, O>>(x.value(), entry - 1)
            });
            let mut run = LogDensity::new(&[], self.mask);
            program.model.likelihood(&mut run, global, &self.likelihood_local, task);
            let of_data = run.data();
            value = of_data.value();
            if is_direct {
                out.add_gradient(&of_data.0, pass, at);
            } else {
                data.take(&of_data.0, pass);
            }
        }
        if layout.identity && O::ORDER == Order::Second {
            out.add(data, 1.0, at);
        }
        value
    }
}

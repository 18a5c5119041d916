//! Derivatives of a task's log density by blocks, never one dense dual over all latents.
//!
//! A task's part is evaluated in two blocks: the prior p(phi | theta) on lanes (globals it reads, u of the task), and the
//! likelihood p(D | phi, theta) on lanes (globals it reads directly, values x of the task's latents). The small Jacobian
//! dx/d(theta, u) of the first chains the second to the task's own coordinates: (all globals read, u).

use crate::density::wide::{WIDEST_SECOND, expand_task};
use crate::interpret::discover::Level;
use crate::interpret::log_density::{Counted, LogDensity};
use crate::model::{Globals, Latents, Locals, Model};
use crate::numbers::dual::{LaneWidth, Lanes};
use crate::numbers::number::{Number, Real};
use crate::numbers::pass::{Derivatives, Pass, passes};
use crate::numbers::tape::Taped;

/// First or second derivatives: picks the dual numbers.
pub(crate) trait Order: 'static {
    const SECOND: bool;
    type Lanes<W: LaneWidth>: Lanes;
}

/// First derivatives.
pub(crate) enum First {}
/// First and second derivatives.
pub(crate) enum Second {}

impl Order for First {
    const SECOND: bool = false;
    type Lanes<W: LaneWidth> = W::First;
}
impl Order for Second {
    const SECOND: bool = true;
    type Lanes<W: LaneWidth> = W::Second;
}

type LocalN<M, O> = <O as Order>::Lanes<<M as Model>::LocalLanes>;
type LikelihoodN<M, O> = <O as Order>::Lanes<<M as Model>::LikelihoodLanes>;
type GlobalN<M, O> = <O as Order>::Lanes<<M as Model>::GlobalLanes>;

/// Which sites count and how they are written, by level, and what the blocks of the model look like.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    pub(crate) global: Level,
    /// Unconstrained coordinates of the globals that the prior of the locals reads.
    local_reads: Vec<usize>,
    /// Those that the likelihood reads directly.
    likelihood_reads: Vec<usize>,
    /// All globals a task reads, ascending; the first coordinates of a task's block.
    pub(crate) task_reads: Vec<usize>,
    pub(crate) non_centred: Vec<bool>,
    pub(crate) global_latents: Vec<bool>,
    pub(crate) local_latents: Vec<bool>,
    pub(crate) observed: Vec<bool>,
    /// Whether the log-Jacobian of theta counts: not when q(theta) is a point.
    pub(crate) global_jacobian: bool,
    /// No site non-centred, and x = u for every local site.
    identity: bool,
}

/// Stands for "no site" and for "centred".
fn flags(len: usize, flag: bool) -> Vec<bool> {
    vec![flag; len]
}

impl Blocks {
    /// All sites count, all latents centred.
    pub(crate) fn new<M: Model>(global: Level, local_identity: bool) -> Self {
        let coordinates = |sites: &[usize]| -> Vec<usize> {
            sites.iter().flat_map(|&site| global.coordinates[site].clone()).collect()
        };
        let (local_reads, likelihood_reads) = (coordinates(M::LOCAL_READS), coordinates(M::LIKELIHOOD_READS));
        let mut task_reads = [local_reads.clone(), likelihood_reads.clone()].concat();
        task_reads.sort_unstable();
        task_reads.dedup();
        Self {
            local_reads,
            likelihood_reads,
            task_reads,
            non_centred: flags(M::LOCAL_SITES.len(), false),
            global_latents: flags(M::GLOBAL_SITES.len(), true),
            local_latents: flags(M::LOCAL_SITES.len(), true),
            observed: flags(M::OBSERVED_SITES.len(), true),
            global_jacobian: true,
            identity: local_identity,
            global,
        }
    }

    /// The same sites, every one counted, with theta held fixed: a task's block has its own coordinates only.
    pub(crate) fn given_theta<M: Model>(&self) -> Self {
        Self {
            local_reads: Vec::new(),
            likelihood_reads: Vec::new(),
            task_reads: Vec::new(),
            ..self.all_counted::<M>()
        }
    }

    /// The same blocks with every site counted.
    pub(crate) fn all_counted<M: Model>(&self) -> Self {
        Self {
            global_latents: flags(M::GLOBAL_SITES.len(), true),
            local_latents: flags(M::LOCAL_SITES.len(), true),
            observed: flags(M::OBSERVED_SITES.len(), true),
            ..self.clone()
        }
    }

    pub(crate) fn set_non_centred(&mut self, non_centred: Vec<bool>, local_identity: bool) {
        self.identity = local_identity && !non_centred.contains(&true);
        self.non_centred = non_centred;
    }

    pub(crate) fn counted(&self) -> Counted<'_> {
        Counted {
            non_centred: &self.non_centred,
            latents: &self.local_latents,
            observed: &self.observed,
            jacobian: true,
        }
    }

    pub(crate) fn counted_global<'a>(&'a self, centred: &'a [bool]) -> Counted<'a> {
        Counted {
            non_centred: centred,
            latents: &self.global_latents,
            observed: &self.observed,
            jacobian: self.global_jacobian,
        }
    }

    /// ln p(theta) + ln |dx/du| of the sampled global sites, and the sampled observations outside the plate:
    /// the two values, and the derivatives of their sum.
    pub(crate) fn global<M: Model, O: Order>(&self, model: &M, theta: &[f64], out: &mut Derivatives) -> (f64, f64) {
        let centred = flags(M::GLOBAL_SITES.len(), false);
        out.reset(theta.len(), GlobalN::<M, O>::ORDER == 2);
        let mut parts = (0.0, 0.0);
        let mut scratch = Default::default();
        for pass in passes::<GlobalN<M, O>>(theta.len()) {
            let coordinates: Vec<Real<GlobalN<M, O>>> =
                theta.iter().enumerate().map(|(j, &u)| pass.seed(u, j)).collect();
            let mut run = LogDensity::new(&coordinates, self.counted_global(&centred));
            model.global(&mut run, &mut scratch);
            out.take(&(run.latents + run.data).0, &pass);
            parts = (run.latents.value(), run.data.value());
        }
        parts
    }

    /// The same two values without derivatives.
    pub(crate) fn global_value<M: Model>(&self, model: &M, theta: &[f64]) -> (f64, f64) {
        let centred = flags(M::GLOBAL_SITES.len(), false);
        let coordinates: Vec<Real<f64>> = theta.iter().map(|&u| Real(u)).collect();
        let mut run = LogDensity::new(&coordinates, self.counted_global(&centred));
        model.global(&mut run, &mut Default::default());
        (run.latents.value(), run.data.value())
    }

    /// A draw of theta, ready for derivatives of tasks of at most that many coordinates and values.
    pub(crate) fn theta<M: Model, O: Order>(&self, model: &M, theta: &[f64], most: (usize, usize)) -> Theta<M, O> {
        if O::SECOND && self.task_reads.is_empty() && most.0 > WIDEST_SECOND {
            let held = Some(globals(model, theta, |_, u| Real::constant(u)));
            return Theta { local: Vec::new(), likelihood: Vec::new(), held };
        }
        let position = |reads: &[usize], j: usize| reads.iter().position(|&r| r == j);
        let local = passes::<LocalN<M, O>>(self.local_reads.len() + most.0);
        let likelihood = passes::<LikelihoodN<M, O>>(self.likelihood_reads.len() + most.1);
        let local = local.iter().map(|pass| {
            globals(model, theta, |j, u| match position(&self.local_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        let likelihood = likelihood.iter().map(|pass| {
            globals(model, theta, |j, u| match position(&self.likelihood_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        Theta { local: local.collect(), likelihood: likelihood.collect(), held: None }
    }
}

/// The globals at the unconstrained `theta`, each coordinate seeded by `seed`; nothing is scored.
pub(crate) fn globals<M: Model, N: Number>(
    model: &M,
    theta: &[f64],
    seed: impl Fn(usize, f64) -> Real<N>,
) -> Globals<M, N> {
    let none = flags(M::GLOBAL_SITES.len().max(M::OBSERVED_SITES.len()), false);
    let coordinates: Vec<Real<N>> = theta.iter().enumerate().map(|(j, &u)| seed(j, u)).collect();
    let counted = Counted { non_centred: &none, latents: &none, observed: &none, jacobian: true };
    let mut out = Default::default();
    model.global(&mut LogDensity::new(&coordinates, counted), &mut out);
    out
}

/// A draw of theta as dual numbers, one struct of globals a pass of each block.
pub(crate) struct Theta<M: Model, O: Order> {
    local: Vec<Globals<M, LocalN<M, O>>>,
    likelihood: Vec<Globals<M, LikelihoodN<M, O>>>,
    /// In place of the others where tasks are too wide for lanes and only their own coordinates vary.
    held: Option<Globals<M, Taped<2>>>,
}

/// One block's coordinates: the passes that cover them, and the slot of each in the task's own.
#[derive(Clone, Debug)]
struct Route {
    n: usize,
    passes: Vec<Pass>,
    at: Vec<usize>,
}

impl Route {
    fn new() -> Self {
        Self { n: usize::MAX, passes: Vec::new(), at: Vec::new() }
    }

    /// Lays the route for the globals in `reads` and `own` coordinates of the task behind them.
    #[inline(always)]
    fn lay<N: Lanes>(&mut self, reads: &[usize], own: usize, task_reads: &[usize]) {
        if self.n != reads.len() + own {
            self.n = reads.len() + own;
            self.passes = passes::<N>(self.n);
            let slot = |j| task_reads.binary_search(j).expect("task_reads holds every read");
            self.at = reads.iter().map(slot).chain(task_reads.len()..task_reads.len() + own).collect();
        }
    }
}

/// Evaluates tasks; holds every buffer that needs, so that nothing is allocated once they have grown.
pub(crate) struct TaskBlock<'a, M: Model, O: Order> {
    model: &'a M,
    blocks: &'a Blocks,
    coordinates: Vec<Real<LocalN<M, O>>>,
    prior_local: Locals<M, LocalN<M, O>>,
    likelihood_local: Locals<M, LikelihoodN<M, O>>,
    prior: Derivatives,
    data: Derivatives,
    /// d x / d (globals read, u), one a value of the task's latents; not needed where x = u.
    values: Vec<Derivatives>,
    prior_route: Route,
    data_route: Route,
    jacobian: Vec<f64>,
    /// ln p(phi | theta) + ln |dx/du| + ln p(D | phi, theta) in the coordinates (`task_reads`, u of the task).
    pub(crate) out: Derivatives,
    /// The two parts of its value: latents and data.
    pub(crate) parts: (f64, f64),
}

impl<'a, M: Model, O: Order> TaskBlock<'a, M, O> {
    pub(crate) fn new(model: &'a M, blocks: &'a Blocks) -> Self {
        Self {
            model,
            blocks,
            coordinates: Vec::new(),
            prior_local: Default::default(),
            likelihood_local: Default::default(),
            prior: Derivatives::default(),
            data: Derivatives::default(),
            values: Vec::new(),
            prior_route: Route::new(),
            data_route: Route::new(),
            jacobian: Vec::new(),
            out: Derivatives::default(),
            parts: (0.0, 0.0),
        }
    }

    /// Evaluates task data at the unconstrained locals `u`, filling `out` and `parts`.
    #[inline(always)]
    pub(crate) fn evaluate(&mut self, theta: &Theta<M, O>, task: &M::Task, u: &[f64]) {
        if let Some(held) = &theta.held {
            self.parts = expand_task((self.model, self.blocks), held, task, u, &mut self.out);
            return;
        }
        self.out.reset(self.blocks.task_reads.len() + u.len(), O::SECOND);
        self.prior_block(theta, task, u);
        self.likelihood_block(theta, task, u.len());
        self.out.value = self.parts.0 + self.parts.1;
        if !self.blocks.identity {
            self.chain();
        }
    }

    #[inline(always)]
    fn prior_block(&mut self, theta: &Theta<M, O>, task: &M::Task, u: &[f64]) {
        let reads = &self.blocks.local_reads;
        self.prior_route.lay::<LocalN<M, O>>(reads, u.len(), &self.blocks.task_reads);
        let Route { n, passes, at } = &self.prior_route;
        if O::SECOND {
            self.prior.reset(*n, true);
        }
        for (pass, global) in passes.iter().zip(&theta.local) {
            self.coordinates.clear();
            self.coordinates.extend(u.iter().enumerate().map(|(l, &u)| pass.seed::<LocalN<M, O>>(u, reads.len() + l)));
            let mut run = LogDensity::new(&self.coordinates, self.blocks.counted());
            self.model.local(&mut run, global, task, &mut self.prior_local);
            self.parts.0 = run.latents.value();
            if O::SECOND {
                self.prior.take(&run.latents.0, pass);
            } else {
                self.out.add_gradient(&run.latents.0, pass, at);
            }
            if !self.blocks.identity {
                let (values, mut entry) = (&mut self.values, 0);
                M::Local::map(&self.prior_local, &mut Default::default(), |x: &Real<LocalN<M, O>>| {
                    if values.len() == entry {
                        values.push(Derivatives::default());
                    }
                    if values[entry].gradient.len() != *n {
                        values[entry].reset(*n, O::SECOND);
                    }
                    values[entry].take(&x.0, pass);
                    entry += 1;
                });
            }
        }
        if O::SECOND {
            self.out.add(&self.prior, 1.0, at);
        }
    }

    #[inline(always)]
    fn likelihood_block(&mut self, theta: &Theta<M, O>, task: &M::Task, coordinates: usize) {
        let reads = &self.blocks.likelihood_reads;
        let mut entries = coordinates;
        if !self.blocks.identity {
            entries = 0;
            M::Local::map(&self.prior_local, &mut Default::default(), |_: &Real<LocalN<M, O>>| entries += 1);
        }
        // where x is not u the slots are not used: `chain` knows the way
        self.data_route.lay::<LikelihoodN<M, O>>(reads, entries, &self.blocks.task_reads);
        let Route { n, passes, at } = &self.data_route;
        let is_direct = self.blocks.identity && !O::SECOND;
        if !is_direct {
            self.data.reset(*n, O::SECOND);
        }
        for (pass, global) in passes.iter().zip(&theta.likelihood) {
            let mut entry = reads.len();
            M::Local::map(&self.prior_local, &mut self.likelihood_local, |x: &Real<LocalN<M, O>>| {
                entry += 1;
                pass.seed::<LikelihoodN<M, O>>(x.value(), entry - 1)
            });
            let mut run = LogDensity::new(&[], self.blocks.counted());
            self.model.likelihood(&mut run, global, &self.likelihood_local, task);
            self.parts.1 = run.data.value();
            if is_direct {
                self.out.add_gradient(&run.data.0, pass, at);
            } else {
                self.data.take(&run.data.0, pass);
            }
        }
        if self.blocks.identity && O::SECOND {
            self.out.add(&self.data, 1.0, at);
        }
    }

    /// Brings the likelihood to the task's own coordinates. With J = d(likelihood's coordinates) / d(task's coordinates):
    /// gradient J' g, Hessian J' H J + sum_k g_k d2 x_k.
    fn chain(&mut self) {
        let reads = self.blocks.likelihood_reads.len();
        let (n, width) = (self.out.gradient.len(), self.data.gradient.len());
        self.jacobian.clear();
        self.jacobian.resize(width * n + n, 0.0);
        let (jacobian, product) = self.jacobian.split_at_mut(width * n);
        for i in 0..width {
            if i < reads {
                jacobian[i * n + self.data_route.at[i]] = 1.0;
            } else {
                for (d, slot) in self.values[i - reads].gradient.iter().zip(&self.prior_route.at) {
                    jacobian[i * n + slot] += d;
                }
            }
        }
        for (g, row) in self.data.gradient.iter().zip(jacobian.chunks(n.max(1))) {
            self.out.gradient.iter_mut().zip(row).for_each(|(out, j)| *out += g * j);
        }
        if !O::SECOND {
            return;
        }
        for i in 0..width {
            product.fill(0.0);
            for k in 0..width {
                let h = self.data.hessian[i * width + k];
                for (p, j) in product.iter_mut().zip(&jacobian[k * n..(k + 1) * n]) {
                    *p += h * j;
                }
            }
            for (j, out) in jacobian[i * n..(i + 1) * n].iter().zip(self.out.hessian.chunks_mut(n)) {
                out.iter_mut().zip(&*product).for_each(|(out, p)| *out += j * p);
            }
            if i >= reads {
                self.out.add_hessian(&self.values[i - reads], self.data.gradient[i], &self.prior_route.at);
            }
        }
    }
}

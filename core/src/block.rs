//! Derivatives of a task's log density by blocks, never one dense dual over all latents.
//!
//! A task's part is evaluated in two blocks: the prior p(phi | theta) on lanes (globals it reads, u of the task), and the
//! likelihood p(D | phi, theta) on lanes (globals it reads directly, values x of the task's latents). The small Jacobian
//! dx/d(theta, u) of the first chains the second to the task's own coordinates: (all globals read, u).

use crate::dual::{LaneWidth, Lanes};
use crate::interpret::discover::Level;
use crate::interpret::log_density::{Counted, LogDensity};
use crate::model::{Latents, Model};
use crate::number::{Number, Real};

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

/// A function's value, gradient and Hessian (row-major, full; empty for first order) in n coordinates.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derivatives {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) hessian: Vec<f64>,
}

impl Derivatives {
    fn reset(&mut self, n: usize, second: bool) {
        self.value = 0.0;
        self.gradient.clear();
        self.gradient.resize(n, 0.0);
        self.hessian.clear();
        self.hessian.resize(if second { n * n } else { 0 }, 0.0);
    }

    /// Takes the derivatives of one pass, whose lanes stand for the given coordinates.
    #[inline(always)]
    fn take<N: Lanes>(&mut self, number: &N, pass: &Pass) {
        let n = self.gradient.len();
        self.value = number.value();
        for (lane, coordinate) in pass.coordinates() {
            self.gradient[coordinate] = number.partials()[lane];
        }
        if N::ORDER == 2 {
            let triangle = number.triangle();
            for (row, j) in pass.coordinates() {
                for (col, k) in pass.coordinates().take_while(|t| t.0 <= row) {
                    let second = triangle[row * (row + 1) / 2 + col];
                    self.hessian[j * n + k] = second;
                    self.hessian[k * n + j] = second;
                }
            }
        }
    }
}

/// Which coordinates ride on which lanes in one evaluation: two runs of consecutive coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass {
    runs: [(usize, usize); 2],
}

impl Pass {
    /// Pairs (lane, coordinate), lanes ascending.
    #[inline(always)]
    fn coordinates(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let [(a, a_end), (b, b_end)] = self.runs;
        (a..a_end).chain(b..b_end).enumerate()
    }

    #[inline(always)]
    fn lane(&self, coordinate: usize) -> Option<usize> {
        let [(a, a_end), (b, b_end)] = self.runs;
        if (a..a_end).contains(&coordinate) {
            return Some(coordinate - a);
        }
        (b..b_end).contains(&coordinate).then(|| coordinate - b + a_end - a)
    }

    #[inline(always)]
    fn seed<N: Lanes>(&self, value: f64, coordinate: usize) -> Real<N> {
        Real(match self.lane(coordinate) {
            Some(lane) => N::variable(value, lane),
            None => N::constant(value),
        })
    }
}

/// The passes that together give all derivatives in n coordinates: chunks of the width for first derivatives, pairs of
/// half-width chunks for second ones. The first passes of a longer list are those of a shorter one, but for their ends.
pub(crate) fn passes<N: Lanes>(n: usize) -> Vec<Pass> {
    let chunk = |size: usize, i: usize| ((i * size).min(n), ((i + 1) * size).min(n));
    if n <= N::WIDTH {
        return vec![Pass { runs: [(0, n), (n, n)] }];
    }
    if N::ORDER < 2 {
        return (0..n.div_ceil(N::WIDTH)).map(|i| Pass { runs: [chunk(N::WIDTH, i), (n, n)] }).collect();
    }
    assert!(N::WIDTH.is_multiple_of(2), "a block of {n} coordinates needs an even number of lanes, not {}", N::WIDTH);
    let half = N::WIDTH / 2;
    let chunks = n.div_ceil(half);
    (1..chunks).flat_map(|b| (0..b).map(move |a| Pass { runs: [chunk(half, a), chunk(half, b)] })).collect()
}

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
        Counted { non_centred: &self.non_centred, latents: &self.local_latents, observed: &self.observed }
    }

    pub(crate) fn counted_global<'a>(&'a self, centred: &'a [bool]) -> Counted<'a> {
        Counted { non_centred: centred, latents: &self.global_latents, observed: &self.observed }
    }

    /// The globals at the unconstrained `theta`, each coordinate seeded by `seed`; nothing is scored.
    fn globals<M: Model, N: Number>(
        &self,
        model: &M,
        theta: &[f64],
        seed: impl Fn(usize, f64) -> Real<N>,
    ) -> <M::Global as Latents>::Of<Real<N>> {
        let none = flags(M::GLOBAL_SITES.len().max(M::OBSERVED_SITES.len()), false);
        let coordinates: Vec<Real<N>> = theta.iter().enumerate().map(|(j, &u)| seed(j, u)).collect();
        let counted = Counted { non_centred: &none, latents: &none, observed: &none };
        let mut out = Default::default();
        model.global(&mut LogDensity::new(&coordinates, counted), &mut out);
        out
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

    /// A draw of theta, ready for values of tasks.
    pub(crate) fn theta_values<M: Model>(&self, model: &M, theta: &[f64]) -> <M::Global as Latents>::Of<Real<f64>> {
        self.globals(model, theta, |_, u| Real(u))
    }

    /// A draw of theta, ready for derivatives of tasks of at most that many coordinates and values.
    pub(crate) fn theta<M: Model, O: Order>(&self, model: &M, theta: &[f64], most: (usize, usize)) -> Theta<M, O> {
        let position = |reads: &[usize], j: usize| reads.iter().position(|&r| r == j);
        let local = passes::<LocalN<M, O>>(self.local_reads.len() + most.0);
        let likelihood = passes::<LikelihoodN<M, O>>(self.likelihood_reads.len() + most.1);
        let local = local.iter().map(|pass| {
            self.globals(model, theta, |j, u| match position(&self.local_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        let likelihood = likelihood.iter().map(|pass| {
            self.globals(model, theta, |j, u| match position(&self.likelihood_reads, j) {
                Some(at) => pass.seed(u, at),
                None => Real::constant(u),
            })
        });
        Theta { local: local.collect(), likelihood: likelihood.collect() }
    }
}

/// A draw of theta as dual numbers, one struct of globals a pass of each block.
pub(crate) struct Theta<M: Model, O: Order> {
    local: Vec<<M::Global as Latents>::Of<Real<LocalN<M, O>>>>,
    likelihood: Vec<<M::Global as Latents>::Of<Real<LikelihoodN<M, O>>>>,
}

/// Evaluates tasks; holds every buffer that needs, so that nothing is allocated once they have grown.
pub(crate) struct TaskBlock<'a, M: Model, O: Order> {
    model: &'a M,
    blocks: &'a Blocks,
    coordinates: Vec<Real<LocalN<M, O>>>,
    prior_local: <M::Local as Latents>::Of<Real<LocalN<M, O>>>,
    likelihood_local: <M::Local as Latents>::Of<Real<LikelihoodN<M, O>>>,
    prior: Derivatives,
    data: Derivatives,
    values: Vec<Derivatives>,
    passes: (Vec<Pass>, Vec<Pass>),
    shape: (usize, usize),
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
            passes: (Vec::new(), Vec::new()),
            shape: (usize::MAX, usize::MAX),
            out: Derivatives::default(),
            parts: (0.0, 0.0),
        }
    }

    /// Evaluates task data at the unconstrained locals `u`, filling `out` and `parts`.
    #[inline(always)]
    pub(crate) fn evaluate(&mut self, theta: &Theta<M, O>, task: &M::Task, u: &[f64]) {
        let second = LocalN::<M, O>::ORDER == 2;
        self.out.reset(self.blocks.task_reads.len() + u.len(), second);
        self.prior_block(theta, task, u);
        self.likelihood_block(theta, task);
        self.parts = (self.prior.value, self.data.value);
        self.out.value = self.prior.value + self.data.value;
        self.chain();
    }

    #[inline(always)]
    fn prior_block(&mut self, theta: &Theta<M, O>, task: &M::Task, u: &[f64]) {
        let reads = self.blocks.local_reads.len();
        let n = reads + u.len();
        if self.shape.0 != n {
            self.shape.0 = n;
            self.passes.0 = passes::<LocalN<M, O>>(n);
        }
        self.prior.reset(n, LocalN::<M, O>::ORDER == 2);
        for (pass, global) in self.passes.0.iter().zip(&theta.local) {
            self.coordinates.clear();
            self.coordinates.extend(u.iter().enumerate().map(|(l, &u)| pass.seed::<LocalN<M, O>>(u, reads + l)));
            let mut run = LogDensity::new(&self.coordinates, self.blocks.counted());
            self.model.local(&mut run, global, task, &mut self.prior_local);
            self.prior.take(&run.latents.0, pass);
            if !self.blocks.identity {
                let (values, mut at) = (&mut self.values, 0);
                M::Local::map(&self.prior_local, &mut Default::default(), |x: &Real<LocalN<M, O>>| {
                    if values.len() == at {
                        values.push(Derivatives::default());
                    }
                    if values[at].gradient.len() != n {
                        values[at].reset(n, LocalN::<M, O>::ORDER == 2);
                    }
                    values[at].take(&x.0, pass);
                    at += 1;
                });
            }
        }
    }

    #[inline(always)]
    fn likelihood_block(&mut self, theta: &Theta<M, O>, task: &M::Task) {
        let reads = self.blocks.likelihood_reads.len();
        let mut entries = 0;
        M::Local::map(&self.prior_local, &mut Default::default(), |_: &Real<LocalN<M, O>>| entries += 1);
        let n = reads + entries;
        if self.shape.1 != n {
            self.shape.1 = n;
            self.passes.1 = passes::<LikelihoodN<M, O>>(n);
        }
        self.data.reset(n, LikelihoodN::<M, O>::ORDER == 2);
        for (pass, global) in self.passes.1.iter().zip(&theta.likelihood) {
            let mut at = reads;
            M::Local::map(&self.prior_local, &mut self.likelihood_local, |x: &Real<LocalN<M, O>>| {
                at += 1;
                pass.seed::<LikelihoodN<M, O>>(x.value(), at - 1)
            });
            let mut run = LogDensity::new(&[], self.blocks.counted());
            self.model.likelihood(&mut run, global, &self.likelihood_local, task);
            self.data.take(&run.data.0, pass);
        }
    }

    /// Brings both blocks to the task's own coordinates. With J = d(likelihood's coordinates) / d(task's coordinates):
    /// gradient J' g, Hessian J' H J + sum_k g_k d2 x_k.
    #[inline(always)]
    fn chain(&mut self) {
        let shared = self.blocks.task_reads.len();
        let at = |reads: &[usize], i: usize| match reads.get(i) {
            Some(global) => self.blocks.task_reads.binary_search(global).expect("task_reads holds every read"),
            None => shared + i - reads.len(),
        };
        let n = self.out.gradient.len();
        let prior_at = |i: usize| at(&self.blocks.local_reads, i);
        let data_at = |i: usize| at(&self.blocks.likelihood_reads, i);
        add_renamed(&mut self.out, &self.prior, 1.0, prior_at);
        if self.blocks.identity {
            add_renamed(&mut self.out, &self.data, 1.0, data_at);
            return;
        }
        let reads = self.blocks.likelihood_reads.len();
        let width = self.data.gradient.len();
        // rows of J, dense: small
        let mut jacobian = vec![0.0; width * n];
        for i in 0..width {
            if i < reads {
                jacobian[i * n + data_at(i)] = 1.0;
            } else {
                for (c, d) in self.values[i - reads].gradient.iter().enumerate() {
                    jacobian[i * n + prior_at(c)] += d;
                }
            }
        }
        for i in 0..width {
            for j in 0..n {
                self.out.gradient[j] += self.data.gradient[i] * jacobian[i * n + j];
            }
        }
        if self.out.hessian.is_empty() {
            return;
        }
        let mut product = vec![0.0; n];
        for i in 0..width {
            product.fill(0.0);
            for k in 0..width {
                let h = self.data.hessian[i * width + k];
                for (p, j) in product.iter_mut().zip(&jacobian[k * n..(k + 1) * n]) {
                    *p += h * j;
                }
            }
            for row in 0..n {
                let j = jacobian[i * n + row];
                for (col, p) in product.iter().enumerate() {
                    self.out.hessian[row * n + col] += j * p;
                }
            }
            if i >= reads {
                let value = &self.values[i - reads];
                let curvature = self.data.gradient[i];
                add_second(&mut self.out, value, curvature, prior_at);
            }
        }
    }
}

#[inline(always)]
fn add_renamed(to: &mut Derivatives, from: &Derivatives, factor: f64, at: impl Fn(usize) -> usize) {
    for (i, g) in from.gradient.iter().enumerate() {
        to.gradient[at(i)] += factor * g;
    }
    add_second(to, from, factor, at);
}

#[inline(always)]
fn add_second(to: &mut Derivatives, from: &Derivatives, factor: f64, at: impl Fn(usize) -> usize) {
    if to.hessian.is_empty() {
        return;
    }
    let (n, width) = (to.gradient.len(), from.gradient.len());
    for i in 0..width {
        let row = at(i) * n;
        for j in 0..width {
            to.hessian[row + at(j)] += factor * from.hessian[i * width + j];
        }
    }
}

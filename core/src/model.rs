//! The kernel: what a model is, and what interprets one. Contract and laws, no implementation.
//!
//! A [`Model`] is three generic functions: p(theta), p(phi_i | theta), p(D_i | phi_i). An [`Interpreter`] gives them a
//! meaning: it decides, site by site, where a value comes from, how it is transformed and what is accumulated.
//!
//! Laws. A model visits its latents in the same order in every run, whatever their values. Lengths of vectors, and the
//! number of sites, depend on data and constants only. The model gives a latent's value to nothing but later sites.

pub(crate) mod chain;
pub mod datum;
pub mod draw;
pub(crate) mod entry;
pub(crate) mod grouped;
pub mod level;
pub(crate) mod nodes;
pub(crate) mod signature;
pub mod site_mask;
#[cfg(feature = "serde")]
pub(crate) mod stored;
pub(crate) mod subset;
pub mod tasks;
pub(crate) mod values;

use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::numbers::dual::LaneWidth;
use crate::numbers::number::{Number, Real};
use std::borrow::Cow;

pub use chain::Chain;

/// One `~` (or `factor`) of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// The left side as written, without an index: `theta`, `school.effect`.
    pub name: &'static str,
    /// Number of the site among the latent sites of its level, or among the observations and factors of its level.
    pub id: usize,
    /// Source file; empty if unknown.
    pub file: &'static str,
    /// Line in it, from 1; 0 if unknown.
    pub line: u32,
}

/// A nested plate: a `for` with latents in the plate, or in another nested plate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nest {
    /// What its turns are called: the list that it runs over, `schools` of `&area.schools`.
    pub name: &'static str,
}

/// Gives the body of a model its meaning.
pub trait Interpreter {
    /// The algebra the model computes in.
    type N: Number;

    /// `site ~ dist` for a scalar latent: its value.
    fn sample<D: ContinuousDistribution<Self::N>>(&mut self, site: &Site, dist: D) -> Real<Self::N>;

    /// `site ~ dist` for a vector latent: its value replaces the content of `out`.
    fn sample_vector<D: VectorDistribution<Self::N>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<Self::N>>);

    /// `site[k in 0..len] ~ dist(k)` for a vector of scalar latents: their values replace the content of `out`.
    /// `dist` is handed the ones before k, so that they may form a chain.
    #[inline(always)]
    fn sample_each<D: ContinuousDistribution<Self::N>>(
        &mut self,
        site: &Site,
        len: usize,
        dist: impl Fn(usize, &[Real<Self::N>]) -> D,
        out: &mut Vec<Real<Self::N>>,
    ) {
        out.clear();
        for k in 0..len {
            let value = self.sample(site, dist(k, out));
            out.push(value);
        }
    }

    /// `place ~ dist` for a datum, or a missing one.
    fn observe<D: Distribution<Self::N>>(&mut self, site: &Site, datum: impl Datum, dist: D);

    /// `place ~ dist` for a vector of data.
    fn observe_vector<D: VectorDistribution<Self::N>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D);

    /// `factor(term)`: adds to the log density.
    fn factor(&mut self, site: &Site, term: Real<Self::N>);

    /// `site ~ dist` for a discrete latent, which has no coordinates: visited where its level's latents are drawn.
    #[inline(always)]
    fn declare(&mut self, _site: &Site) {}

    /// The sum over a discrete latent, visited where the data are: ln sum_k p(k) p(what `body` visits | k). The sum is one of the
    /// observations, `sum`; sites in `body` count as part of it.
    fn sum_out<D: FiniteDistribution<Self::N>>(
        &mut self,
        site: &Site,
        sum: &Site,
        dist: D,
        body: impl Fn(&mut Self, usize),
    );

    /// The sum over the paths of a chain of discrete latents, `site[t in 0..len] ~ dist`: as [`sum_out`](Self::sum_out), but what
    /// depends on an entry of it, `body` visits by [`given_entry`](Self::given_entry).
    fn sum_chain<D: ChainDistribution<Self::N>>(
        &mut self,
        site: &Site,
        sum: &Site,
        chain: Chain<D>,
        body: impl Fn(&mut Self),
    );

    /// What depends on entry `t` of the chain that is being summed over: `body` visits it for one of its values.
    fn given_entry(&mut self, t: usize, body: impl Fn(&mut Self, usize));

    /// A turn of a nested plate begins, the `turn`-th of its list, which may have a label; what is visited until
    /// [`leave`](Self::leave) belongs to it.
    #[inline(always)]
    fn enter(&mut self, _nest: &Nest, _turn: usize, _label: impl FnOnce() -> Option<String>) {}

    /// The turn that was entered last ends.
    #[inline(always)]
    fn leave(&mut self) {}
}

/// A hierarchical model with its data: p(theta) prod_i p(phi_i | theta) p(D_i | phi_i).
pub trait Model: Send + Sync {
    /// The shared latents theta, as a struct of numbers of any type `R`.
    type Global: Latents;
    /// The latents phi_i of a task.
    type Local: Latents;
    /// The data of a task.
    type Task: ?Sized + Sync;

    /// Lanes for differentiating `global`: the number of unconstrained global coordinates, 8 at most.
    type GlobalLanes: LaneWidth;
    /// Lanes for `local`: the unconstrained coordinates of the task and of the globals in `LOCAL_READS`, 8 at most.
    type LocalLanes: LaneWidth;
    /// Lanes for `likelihood`: the values of the task's latents and the coordinates of the globals in
    /// `LIKELIHOOD_READS`, 8 at most.
    type LikelihoodLanes: LaneWidth;

    /// The global latent sites, in order; `id` is the position.
    const GLOBAL_SITES: &'static [Site];
    /// The local latent sites, in order; `id` is the position.
    const LOCAL_SITES: &'static [Site];
    /// The observations and factors outside the plate (first) and in it; `id` is the position.
    const OBSERVED_SITES: &'static [Site];
    /// Ids of the global sites that `local` reads.
    const LOCAL_READS: &'static [usize];
    /// Ids of the global sites that `likelihood` reads directly.
    const LIKELIHOOD_READS: &'static [usize];
    /// Whether the model has a plate. Without one there are no tasks.
    const HAS_PLATE: bool;
    /// Whether a task has discrete latents.
    const HAS_CLASSES: bool = false;

    /// M, the number of tasks.
    fn num_tasks(&self) -> usize;
    /// The data of task `i`, counted from 0.
    fn task(&self, i: usize) -> &Self::Task;
    /// What task `i` is called, if its data say so.
    fn task_label(&self, _i: usize) -> Option<String> {
        None
    }

    /// p(theta), and p(D | theta) of data outside the plate.
    fn global<I: Interpreter>(&self, i: &mut I, global: &mut Of<Self::Global, I>);

    /// p(phi | theta) of one task.
    fn local<I: Interpreter>(
        &self,
        i: &mut I,
        global: &Of<Self::Global, I>,
        task: &Self::Task,
        local: &mut Of<Self::Local, I>,
    );

    /// p(D | phi, theta) of one task.
    fn likelihood<I: Interpreter>(
        &self,
        i: &mut I,
        global: &Of<Self::Global, I>,
        local: &Of<Self::Local, I>,
        task: &Self::Task,
    );
}

/// The latents of one level, as numbers of the interpreter `I`.
pub type Of<L, I> = <L as Latents>::Of<Real<<I as Interpreter>::N>>;

/// The globals of the model `M` as numbers over the algebra `N`.
pub type Globals<M, N> = <<M as Model>::Global as Latents>::Of<Real<N>>;

/// The locals of a task of the model `M` as numbers over the algebra `N`.
pub type Locals<M, N> = <<M as Model>::Local as Latents>::Of<Real<N>>;

/// A family of structs with one field a latent site: a number `R`, a `Vec<R>` for a vector, or a `Vec<Vec<R>>` for
/// the probabilities of a chain of discrete latents.
/// Implemented for the member with `R = ()`, which stands for the family.
pub trait Latents: 'static {
    /// The member whose numbers are of type `R`.
    type Of<R: Value>: Clone + Default + std::fmt::Debug + Send + Sync;

    /// Applies `f` to every number of `from`, in order, replacing the content of `to`.
    fn map<R: Value, S: Value>(from: &Self::Of<R>, to: &mut Self::Of<S>, f: impl FnMut(&R) -> S);

    /// Applies `f` to the probabilities of every discrete latent, with the id of its site, in order; they have no entries
    /// until they are computed.
    fn classes<R: Value>(_of: &mut Self::Of<R>, _f: &mut dyn FnMut(usize, &mut Vec<R>)) {}

    /// The same for every chain of discrete latents, which has the probabilities of each of its entries.
    fn chains<R: Value>(_of: &mut Self::Of<R>, _f: &mut dyn FnMut(usize, &mut Vec<Vec<R>>)) {}
}

/// What a latent's number can be: `f64`, [`Real<N>`], or `()` for the family itself.
pub trait Value: Clone + Default + std::fmt::Debug + Send + Sync + 'static {}
impl<T: Clone + Default + std::fmt::Debug + Send + Sync + 'static> Value for T {}

/// A field of a struct of latents; implemented for a number, for a `Vec` of numbers and for one of such.
pub trait Field<R, S, To> {
    /// Applies `f` to every number, in order, replacing the content of `to`.
    fn map_into(&self, to: &mut To, f: &mut impl FnMut(&R) -> S);
}

/// What can be observed: a number, a truth value (0 or 1), a reference to one, or an `Option` whose `None` is missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be observed",
    label = "not a number, a truth value, or an `Option` of one",
    note = "parse text into numbers before the fit, and number categories from 0; `None` is a datum that is missing",
    note = "a vector is observed by `place[..] ~ ...`, or entry by entry in a `for`"
)]
pub trait Datum {
    /// The datum; `None` when it is missing.
    fn datum(&self) -> Option<f64>;
}

/// A vector that can be observed: a slice, a `Vec`, an array, a nalgebra vector, or an `Option` whose `None` is missing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be observed as a vector",
    label = "not a slice, `Vec`, array or nalgebra vector of `f64` or `f32`, or an `Option` of one",
    note = "a single number is observed by `place ~ ...`, without `[..]`"
)]
pub trait VectorDatum {
    /// The data; `None` when they are missing. Those that are not kept as `f64` are copied at each visit.
    fn data(&self) -> Option<Cow<'_, [f64]>>;
}

//! Draws of all latents that are computed where they are looked at.

use crate::density::program::unscored;
use crate::density::typed::Classified;
use crate::model::signature::Signature;
use crate::model::site_mask::SiteMask;
use crate::model::subset::Subset;
use crate::model::tasks::must_be_one;
use crate::model::values::values_of;
use crate::model::{Globals, Latents, Model};
use crate::posterior::columns::Source;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::ops::Index;
use std::sync::OnceLock;

/// Where typed draws come from: the coordinates of a task's are made when first asked for.
pub(crate) struct TypedSource<'f, M: Model> {
    program: Subset<'f, M>,
    source: Source<'f>,
    mask: SiteMask,
    tables: Vec<OnceLock<Cow<'f, [f64]>>>,
}

impl<'f, M: Model> TypedSource<'f, M> {
    pub(crate) fn new(model: &'f M, source: Source<'f>) -> Self {
        let tables = (0..model.num_tasks()).map(|_| OnceLock::new()).collect();
        let mask = unscored(&Signature::of::<M>(), &source.draws.non_centred);
        Self { program: Subset::all(model), source, mask, tables }
    }

    /// theta of the draw of that number.
    pub(crate) fn theta(&self, number: usize) -> Globals<M, f64> {
        self.program.plain_globals(self.source.draws.theta(number))
    }

    /// phi of task `i` in that draw, whose theta is given.
    pub(crate) fn local(&self, number: usize, theta: &Globals<M, f64>, i: usize) -> <M::Local as Latents>::Of<f64> {
        values_of::<M::Local>(&self.classified(number, theta, i).latents)
    }

    /// The same with the classes of the discrete latents.
    pub(crate) fn classified(&self, number: usize, theta: &Globals<M, f64>, i: usize) -> Classified<M> {
        let table = self.tables[i].get_or_init(|| self.source.table(i));
        self.program.plain_locals(theta, &self.mask, i, self.source.phi(table, i, number))
    }
}

/// A draw of all latents, as [`Fit::marginal`](crate::Fit::marginal) hands it out: those of a task are computed when they are
/// first looked at, so that a function of a few tasks costs the same for any number of them.
pub struct LazyDraw<'f, M: Model> {
    /// theta.
    pub global: <M::Global as Latents>::Of<f64>,
    /// phi_i of every task: `draw.local[3]`.
    pub local: LazyLocals<'f, M>,
}

/// The latents of every task of a [`LazyDraw`].
pub struct LazyLocals<'f, M: Model> {
    source: &'f TypedSource<'f, M>,
    number: usize,
    theta: Globals<M, f64>,
    tasks: Vec<OnceCell<<M::Local as Latents>::Of<f64>>>,
    /// Which of them have been looked at.
    filled: RefCell<Vec<usize>>,
}

impl<'f, M: Model> LazyDraw<'f, M> {
    /// No draw yet: [`turn_to`](Self::turn_to) makes it one.
    pub(crate) fn new(source: &'f TypedSource<'f, M>, tasks: usize) -> Self {
        let tasks = (0..tasks).map(|_| OnceCell::new()).collect();
        let local = LazyLocals { source, number: 0, theta: Default::default(), tasks, filled: RefCell::default() };
        Self { global: Default::default(), local }
    }

    /// Becomes the draw of that number.
    pub(crate) fn turn_to(&mut self, number: usize) {
        let local = &mut self.local;
        for i in local.filled.get_mut().drain(..) {
            local.tasks[i].take();
        }
        local.number = number;
        local.theta = local.source.theta(number);
        self.global = values_of::<M::Global>(&local.theta);
    }
}

impl<M: Model> LazyLocals<'_, M> {
    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// The latents of each task in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &<M::Local as Latents>::Of<f64>> {
        (0..self.len()).map(|i| &self[i])
    }
}

impl<M: Model> Index<usize> for LazyLocals<'_, M> {
    type Output = <M::Local as Latents>::Of<f64>;

    /// The latents of task `i`.
    ///
    /// # Panics
    /// If there is no task `i`.
    #[track_caller]
    fn index(&self, i: usize) -> &Self::Output {
        must_be_one(i, self.tasks.len());
        self.tasks[i].get_or_init(|| {
            self.filled.borrow_mut().push(i);
            self.source.local(self.number, &self.theta, i)
        })
    }
}

impl<M: Model> fmt::Debug for LazyDraw<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local: Vec<_> = self.local.iter().collect();
        f.debug_struct("LazyDraw").field("global", &self.global).field("local", &local).finish()
    }
}

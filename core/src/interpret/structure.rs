//! The structure of a model in the latents: what its expectation can be taken by.
//!
//! Where a value comes from: a coordinate that knows its own name, in the algebra [`Nodal`]. How it is transformed: by its
//! support, as a form. What is accumulated: nothing; every site's log density is shown to a [`Visitor`], which may ask for
//! its [`ClosedForm`], or for its value at nodes of the leaves that it reads.

use crate::dist::{ChainDistribution, ContinuousDistribution, Distribution, FiniteDistribution, VectorDistribution};
use crate::model::site_mask::SiteMask;
use crate::model::{Chain, Datum, Interpreter, Site, VectorDatum};
use crate::numbers::form::{Affine, ClosedForm, Form};
use crate::numbers::leaves::{LeafFunction, MOST_LEAVES};
use crate::numbers::nodal::Nodal;
use crate::numbers::{Number, Param, Real};
use crate::support::VectorSupport;

/// A site of one level, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteAt {
    /// A latent site.
    Latent(usize),
    /// An observation or a factor.
    Observed(usize),
}

impl SiteAt {
    /// Whether a mask marks it.
    pub(crate) fn is_marked_in(self, mask: &SiteMask) -> bool {
        match self {
            Self::Latent(id) => mask.latents[id],
            Self::Observed(id) => mask.observed[id],
        }
    }
}

/// What can be asked of the log density of a site where it is visited.
pub struct SiteDensity<'a> {
    /// The closed form, if there is one.
    pub closed_form: &'a dyn Fn() -> Option<ClosedForm>,
    /// The value, where the leaves stand if it is asked for at a node.
    pub value: &'a dyn Fn() -> LeafFunction,
}

/// Who is shown the sites.
pub trait Visitor {
    /// A visit of a site.
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>);

    /// The latent site visited next is a multivariate normal of the level's first coordinates, given what the level is given.
    fn see_normal(&mut self, _site: usize) {}
}

/// A visitor that looks at nothing.
pub(crate) struct Absent;

impl Visitor for Absent {
    fn visit(&mut self, _: SiteAt, _: &SiteDensity<'_>) {}
}

/// The state: coordinates still to be named, and who is shown the sites.
pub struct Structure<'a> {
    at: &'a [f64],
    mask: &'a SiteMask,
    offset: usize,
    next: usize,
    shown: Shown<'a>,
}

/// What becomes of the sites.
enum Shown<'a> {
    /// They are shown.
    To(&'a mut dyn Visitor),
    /// They are summed: the term of a sum over a discrete latent, which is shown as a whole.
    Summed(Real<Nodal>),
}

impl<'a> Structure<'a> {
    /// A visit whose latents take the coordinates `offset..`, now at `at`, and are written as the mask says.
    pub fn new(at: &'a [f64], offset: usize, mask: &'a SiteMask, visitor: &'a mut dyn Visitor) -> Self {
        Self { at, mask, offset, next: 0, shown: Shown::To(visitor) }
    }

    fn show(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        match &mut self.shown {
            Shown::To(visitor) => visitor.visit(site, density),
            Shown::Summed(term) => *term += Real(Nodal::Function((density.value)())),
        }
    }

    fn see_normal(&mut self, site: &Site) {
        if let Shown::To(visitor) = &mut self.shown {
            visitor.see_normal(site.id);
        }
    }

    fn coordinate(&mut self) -> Real<Nodal> {
        self.next += 1;
        Real(Nodal::coordinate(self.offset + self.next - 1, self.at[self.next - 1]))
    }
}

impl Interpreter for Structure<'_> {
    type N = Nodal;

    fn sample<D: ContinuousDistribution<Nodal>>(&mut self, site: &Site, dist: D) -> Real<Nodal> {
        let (u, at) = (self.coordinate(), SiteAt::Latent(site.id));
        if self.mask.non_centred[site.id]
            && let Some((x, _)) = dist.non_centred(u)
        {
            let value = || dist.non_centred(u).map_or_else(unknown, |(_, ln_density)| ln_density.0.function());
            let closed_form = || dist.standard_closed_form(u);
            self.show(at, &SiteDensity { closed_form: &closed_form, value: &value });
            return x;
        }
        let (x, ln_jacobian) = dist.constrain(u);
        let jacobian = self.mask.jacobian;
        let closed_form = || {
            let form = dist.closed_form(x);
            if jacobian { form.and_then(|form| plus(form, ln_jacobian)) } else { form }
        };
        // constrained once more, so that what its transform does is done to the leaf
        let value = || {
            let (x, ln_jacobian) = dist.constrain(u);
            let ln_density = dist.ln_density(x);
            if jacobian { (ln_density + ln_jacobian).0.function() } else { ln_density.0.function() }
        };
        self.show(at, &SiteDensity { closed_form: &closed_form, value: &value });
        x
    }

    fn sample_vector<D: VectorDistribution<Nodal>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<Nodal>>) {
        out.clear();
        if self.next == 0 && dist.as_normal(&mut Vec::new(), &mut Vec::new()) {
            self.see_normal(site);
        }
        let support = dist.support();
        let u: Vec<_> = (0..support.num_coordinates()).map(|_| self.coordinate()).collect();
        support.constrain(&u, out);
        let jacobian = self.mask.jacobian;
        let value = || {
            if u.len() > MOST_LEAVES {
                return unknown();
            }
            let mut x = Vec::with_capacity(support.len());
            let ln_jacobian = support.constrain(&u, &mut x);
            let ln_density = dist.ln_density(&x);
            if jacobian { (ln_density + ln_jacobian).0.function() } else { ln_density.0.function() }
        };
        self.show(SiteAt::Latent(site.id), &SiteDensity { closed_form: &|| None, value: &value });
    }

    fn observe<D: Distribution<Nodal>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        if let Some(y) = datum.datum() {
            let (closed_form, value) = (|| dist.closed_form(y), || dist.ln_density(y).0.function());
            let density = SiteDensity { closed_form: &closed_form, value: &value };
            self.show(SiteAt::Observed(site.id), &density);
        }
    }

    fn observe_vector<D: VectorDistribution<Nodal>>(&mut self, site: &Site, datum: impl VectorDatum, dist: D) {
        if let Some(y) = datum.data() {
            let is_short = y.len() <= MOST_LEAVES;
            let value = || if is_short { dist.ln_density(&y).0.function() } else { unknown() };
            let density = SiteDensity { closed_form: &|| None, value: &value };
            self.show(SiteAt::Observed(site.id), &density);
        }
    }

    fn factor(&mut self, site: &Site, term: Real<Nodal>) {
        let affine = || Param::form(term).affine();
        let closed_form = || affine().map(|affine| ClosedForm { affine, exponential: None });
        let density = SiteDensity { closed_form: &closed_form, value: &|| term.0.function() };
        self.show(SiteAt::Observed(site.id), &density);
    }

    fn sum_out<D: FiniteDistribution<Nodal>>(
        &mut self,
        _: &Site,
        sum: &Site,
        dist: D,
        body: impl Fn(&mut Self, usize),
    ) {
        let Self { at, mask, offset, next, .. } = *self;
        let value = || {
            let mut total = Real::constant(f64::NEG_INFINITY);
            for class in 0..dist.num_values() {
                let ln_mass = dist.ln_density(class as f64);
                let mut term = Structure { at, mask, offset, next, shown: Shown::Summed(ln_mass) };
                body(&mut term, class);
                if let Shown::Summed(term) = term.shown {
                    total = total.ln_add_exp(term);
                }
            }
            total.0.function()
        };
        self.show(SiteAt::Observed(sum.id), &SiteDensity { closed_form: &|| None, value: &value });
    }

    fn sum_chain<D: ChainDistribution<Nodal>>(&mut self, _: &Site, sum: &Site, _: Chain<D>, _: impl Fn(&mut Self)) {
        self.show(SiteAt::Observed(sum.id), &SiteDensity { closed_form: &|| None, value: &unknown });
    }

    fn given_entry(&mut self, _: usize, _: impl Fn(&mut Self, usize)) {}
}

/// What is no function of few leaves.
fn unknown() -> LeafFunction {
    Nodal::Form(Form::opaque(0.0)).function()
}

/// A log density with its log-Jacobian added, if that is affine.
fn plus(mut form: ClosedForm, ln_jacobian: Real<Nodal>) -> Option<ClosedForm> {
    form.affine = form.affine.plus(1.0, &ln_jacobian.0.form().affine()?);
    Some(form)
}

impl ClosedForm {
    /// A density that has no coordinates in it.
    pub fn constant(value: f64) -> Self {
        Self { affine: Affine::constant(value), exponential: None }
    }
}

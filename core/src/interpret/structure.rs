//! Finds the terms of the ELBO that have a closed form.
//!
//! Where a value comes from: a coordinate that knows its own name ([`Form`]). How it is transformed: by its support, as a
//! form. What is accumulated: for every site the [`ClosedForm`] of its log density, or that it has none.

use crate::dist::{ContinuousDistribution, Distribution, VectorDistribution};
use crate::model::site_mask::SiteMask;
use crate::model::{Datum, Interpreter, Site, VectorDatum};
use crate::numbers::form::{Affine, ClosedForm, Form};
use crate::numbers::{Number, Param, Real};
use crate::support::VectorSupport;

/// The closed form of one visit of a site; `None` when it must be sampled.
pub type Found = (usize, Option<ClosedForm>);

/// The state: coordinates still to be named, and what was found.
#[derive(Debug)]
pub struct Structure<'a> {
    start: &'a [f64],
    mask: &'a SiteMask,
    offset: usize,
    next: usize,
    /// Latent sites visited, by id.
    pub latents: Vec<Found>,
    /// Observations and factors visited, by id.
    pub observed: Vec<Found>,
    /// The first site, if its distribution is a multivariate normal given what the level is given.
    pub normal: Option<usize>,
}

impl<'a> Structure<'a> {
    /// A visit whose latents take the coordinates `offset..`, now at `start`, and are written as the mask says.
    pub fn new(start: &'a [f64], offset: usize, mask: &'a SiteMask) -> Self {
        Self { start, mask, offset, next: 0, latents: Vec::new(), observed: Vec::new(), normal: None }
    }

    fn coordinate(&mut self) -> Real<Form> {
        self.next += 1;
        Real(Form::coordinate(self.offset + self.next - 1, self.start[self.next - 1]))
    }
}

impl Interpreter for Structure<'_> {
    type N = Form;

    fn sample<D: ContinuousDistribution<Form>>(&mut self, site: &Site, dist: D) -> Real<Form> {
        let u = self.coordinate();
        if self.mask.non_centred[site.id]
            && let Some((x, _)) = dist.non_centred(u)
        {
            self.latents.push((site.id, dist.standard_closed_form(u)));
            return x;
        }
        let (x, ln_jacobian) = dist.constrain(u);
        let form = dist.closed_form(x);
        let form = if self.mask.jacobian { form.and_then(|form| plus(form, ln_jacobian)) } else { form };
        self.latents.push((site.id, form));
        x
    }

    fn sample_vector<D: VectorDistribution<Form>>(&mut self, site: &Site, dist: D, out: &mut Vec<Real<Form>>) {
        out.clear();
        if self.next == 0 && dist.as_normal(&mut Vec::new(), &mut Vec::new()) {
            self.normal = Some(site.id);
        }
        let support = dist.support();
        let u: Vec<_> = (0..support.num_coordinates()).map(|_| self.coordinate()).collect();
        support.constrain(&u, out);
        self.latents.push((site.id, None));
    }

    fn observe<D: Distribution<Form>>(&mut self, site: &Site, datum: impl Datum, dist: D) {
        if let Some(y) = datum.datum() {
            self.observed.push((site.id, dist.closed_form(y)));
        }
    }

    fn observe_vector<D: VectorDistribution<Form>>(&mut self, site: &Site, datum: impl VectorDatum, _: D) {
        if datum.data().is_some() {
            self.observed.push((site.id, None));
        }
    }

    fn factor(&mut self, site: &Site, term: Real<Form>) {
        let closed = Param::form(term).affine().map(|affine| ClosedForm { affine, exponential: None });
        self.observed.push((site.id, closed));
    }
}

/// A log density with its log-Jacobian added, if that is affine.
fn plus(mut form: ClosedForm, ln_jacobian: Real<Form>) -> Option<ClosedForm> {
    form.affine = form.affine.plus(1.0, &ln_jacobian.0.form().affine()?);
    Some(form)
}

impl ClosedForm {
    /// A density that has no coordinates in it.
    pub fn constant(value: f64) -> Self {
        Self { affine: Affine::constant(value), exponential: None }
    }
}

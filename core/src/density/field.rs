//! Everything but a few globals given these, where the locals phi and the other globals w have normal priors given these, but some
//! data have no closed form: a normal of x = (w, phi) that is near to what it has to be.
//!
//! Such data are functions of few leaves z, affine in x. Around a point c
//!     f(z) ~ f_c + g' (z - z_c) - (z - z_c)' K (z - z_c) / 2,
//! K being -f'' without the directions in which f bends upwards. With that all is quadratic in x, and is integrated as what is
//! Gaussian is ([`integrated`](crate::density::integrated)); the mean of x is the next c, until that is the mode: the Laplace
//! approximation, nested under the few (Rue, Martino & Chopin 2009).
//!
//! A normal that is right on average is nearer than that of the mode (Opper & Archambeau 2009): with V the covariance of z at the
//! centre, f, f' and f'' are replaced by their means over z_c + Normal(0, V), and f + tr(K V) / 2 makes it the bound of that normal.

mod around;
mod expansion;
mod named;
mod sites;
mod spreads;

use crate::density::Density;
use crate::density::bordered::Extent;
use crate::density::integrated::{Integrated, Integration, IntegrationSpace, concatenated};
use crate::linalg::storage::Storage;
use crate::numbers::expression::forgetting;
pub(crate) use around::Field;
use around::{Point, Way};
use expansion::Expansion;
use nalgebra::DVector;

/// Steps to a mode, at most.
const MOST_STEPS: usize = 40;
/// How far below a maximum is as good as there, in nats: where values are compared, and where draws are proposed.
pub(crate) const EXACT: f64 = 1e-2;
pub(crate) const NEAR: f64 = 0.5;
/// The mode given this much more of a coordinate tells how it moves with that.
const AWAY: f64 = 0.1;
/// A height may fall by rounding, by this part of it.
const ROUNDING: f64 = 1e-9;

impl Density<'_> {
    /// What there is given a few globals, if there is something, around the mode given those of `centre`, which is looked for from
    /// there and the tasks' modes on.
    pub(crate) fn field(&self, centre: &[f64], modes: &[DVector<f64>]) -> Option<Field> {
        let globals = self.globals_with_normal_priors(centre).filter(|_| !self.has_open_priors())?;
        let extent = |(i, is_named): (usize, Vec<bool>)| {
            let coordinates = self.offsets[i + 1] - self.offsets[i];
            Extent { seats: globals.seats(i, is_named), coordinates, storage: Storage::Full(coordinates) }
        };
        let extents = self.named_by_any(centre).into_iter().enumerate().map(extent).collect();
        let integration = self.integration_of(globals, extents, centre, concatenated(modes));
        self.field_of(integration, centre)
    }

    /// The same around the mode given others.
    pub(crate) fn field_around(&self, field: &Field, centre: &[f64], modes: &[DVector<f64>]) -> Option<Field> {
        self.field_of(self.integration_around(&field.integration, centre, concatenated(modes)), centre)
    }

    /// `integration` is around the centre and the tasks' modes.
    fn field_of(&self, integration: Integration, centre: &[f64]) -> Option<Field> {
        let centre = centre.to_vec();
        let rest = self.all_outside.without(&self.integrated.outside);
        let spreads = vec![Vec::new(); 1 + self.num_tasks()];
        let mut field = Field { integration, centre, rest, ways: Vec::new(), spreads };
        let mut space = IntegrationSpace::default();
        let mode = self.mode_given(&field, &field.centre, EXACT, &mut space)?;
        field.spreads = self.spreads(&field, mode);
        let mode = self.mode_given(&field, &field.centre, EXACT, &mut space)?;
        let Point { theta, phi } = field.mean(mode, &field.centre);
        field.integration = self.integration_around(&field.integration, &theta, phi);
        field.centre = theta;
        let ways = field.integration.globals.others.iter().map(|&j| self.way(&field, j, &mut space));
        field.ways = ways.collect::<Option<_>>()?;
        Some(field)
    }

    /// How the mode moves with a coordinate that it is given.
    fn way(&self, field: &Field, j: usize, space: &mut IntegrationSpace) -> Option<Way> {
        let mut theta = field.centre.clone();
        theta[j] += AWAY;
        let mode = self.mode_given(field, &theta, EXACT, space)?;
        let of_w = mode.w.mean().iter().map(|step| step / AWAY).collect();
        let Point { phi, .. } = field.mean(mode, &theta);
        let of_phi = phi.iter().zip(&field.integration.phi).map(|(a, b)| (a - b) / AWAY).collect();
        Some(Way { of_w, of_phi })
    }

    /// The normal given the others of a theta whose w is at w_0, expanded no more than so many nats below the maximum; `None` where
    /// there is none.
    pub(crate) fn mode_given<'s>(
        &self,
        field: &Field,
        theta: &[f64],
        tolerance: f64,
        space: &'s mut IntegrationSpace,
    ) -> Option<&'s mut Integrated> {
        let integration = &field.integration;
        let mut at = field.expected(theta);
        // where it was, and how high
        let mut last: Option<(Point, f64)> = None;
        for _ in 0..MOST_STEPS {
            let (height, top) = forgetting(|| {
                let mut expansion = Expansion::new(self, field, theta, &at);
                let integrated = self.integrate_with(integration, theta, space, &mut expansion)?;
                let Expansion { height, raised, .. } = expansion;
                Some((height, integrated.ln_p - integrated.ln_volume(integration) - raised))
            })?;
            if top - height < tolerance {
                return Some(space.found());
            }
            match &last {
                Some((before, its_height)) if height.is_nan() || height < its_height - ROUNDING * its_height.abs() => {
                    at.halfway_to(before);
                    continue;
                }
                None if !height.is_finite() => return None,
                _ => {}
            }
            let next = field.mean(space.found(), theta);
            last = Some((std::mem::replace(&mut at, next), height));
        }
        None
    }
}

#[cfg(test)]
mod tests;

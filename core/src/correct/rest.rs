//! Coordinates of theta that are drawn given the others.

use crate::correct::reweighting::Basis;
use crate::density::Density;
use crate::density::field::{EXACT, Field, NEAR};
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::integrated::{Integration, IntegrationSpace};
use crate::density::presumed::Presumed;
use crate::guide::{Guide, MeanField};
use nalgebra::DVector;

/// What becomes of theta but for the coordinates that are proposed.
pub(super) enum Rest {
    /// All are proposed.
    Nothing,
    /// It is Gaussian given these, as the tasks are, and integrated out.
    Integrated(Integration),
    /// There are too many for all to be proposed together: given these it is proposed from a normal around its mode.
    Field(Box<Field>),
    /// It is proposed given these.
    Presumed(Presumed),
}

impl Rest {
    pub(super) fn of(density: &Density<'_>, basis: &Basis<'_>) -> Self {
        if basis.is_fixed() {
            return Self::Nothing;
        }
        let guide = &basis.guide.global;
        if let Some(integration) = density.integration(&guide.loc, basis.modes_at_mean) {
            return Self::Integrated(integration);
        }
        let Some(curvature) = &basis.gaussian.curvature else {
            let field = density.field(&guide.loc, basis.modes_at_mean);
            return field.map_or(Self::Nothing, |field| Self::Field(Box::new(field)));
        };
        density.presumed(guide, curvature).map_or(Self::Nothing, Self::Presumed)
    }

    pub(super) fn globals(&self) -> Option<&GaussianGlobals> {
        match self {
            Self::Nothing => None,
            Self::Integrated(integration) => Some(&integration.globals),
            Self::Field(field) => Some(&field.integration.globals),
            Self::Presumed(presumed) => Some(&presumed.globals),
        }
    }

    /// Coordinates of theta that are proposed.
    pub(super) fn proposed(&self, guide: &Guide) -> Vec<usize> {
        self.globals().map_or_else(|| (0..guide.global.len()).collect(), |globals| globals.others.clone())
    }

    /// Theta with these coordinates, all else being where it is looked for.
    pub(super) fn around(&self, guide: &MeanField, proposed: &DVector<f64>) -> Vec<f64> {
        let mut theta = match self {
            Self::Nothing => return proposed.as_slice().to_vec(),
            Self::Field(field) => field.centre.clone(),
            Self::Integrated(_) | Self::Presumed(_) => guide.loc.clone(),
        };
        let others = self.globals().into_iter().flat_map(|globals| &globals.others);
        others.zip(proposed).for_each(|(&j, x)| theta[j] = *x);
        theta
    }

    /// Looks for it around its mode given the others of a theta, where it has one.
    pub(super) fn turn_to(&mut self, theta: &[f64], density: &Density<'_>, basis: &Basis<'_>) {
        if let Self::Field(field) = self
            && let Some(turned) = density.field_around(field, theta, basis.modes_at_mean)
        {
            **field = turned;
        }
    }

    /// Moves it in `theta` to its mode given the others there; their log density with the data by the bound of the normal there.
    /// `None` where there is none.
    pub(super) fn bound_at(
        &self,
        density: &Density<'_>,
        theta: &mut [f64],
        space: &mut IntegrationSpace,
    ) -> Option<f64> {
        let Self::Field(field) = self else { return None };
        let mode = density.mode_given(field, theta, EXACT, space)?;
        field.integration.globals.move_w(theta, mode.w.mean());
        Some(mode.ln_p)
    }

    /// Moves it in `theta`, from where it is looked for, to where a standard normal z stands for, by its normal given the others
    /// there; ln of its density. `None` where there is none.
    pub(super) fn draw_given(
        &self,
        density: &Density<'_>,
        theta: &mut [f64],
        z: &[f64],
        space: &mut IntegrationSpace,
    ) -> Option<f64> {
        let (globals, (step, ln_q)) = match self {
            Self::Nothing => return Some(0.0),
            Self::Integrated(integration) => {
                (&integration.globals, density.integrate(integration, theta, space)?.w.draw(z))
            }
            Self::Field(field) => {
                (&field.integration.globals, density.mode_given(field, theta, NEAR, space)?.w.draw(z))
            }
            // what is but presumed is looked for further out
            Self::Presumed(presumed) => (&presumed.globals, density.presume(presumed, theta)?.draw_heavy(z)),
        };
        globals.move_w(theta, &step);
        Some(ln_q)
    }
}

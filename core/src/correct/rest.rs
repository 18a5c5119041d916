//! Coordinates of theta that are drawn given the others.

use crate::correct::reweighting::Basis;
use crate::density::Density;
use crate::density::field::{EXACT, Field, NEAR};
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::given_others::NormalStep;
use crate::density::integrated::{Integration, IntegrationSpace};
use crate::density::presumed::Presumed;
use crate::guide::MeanField;
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

    /// Theta with these coordinates, all else being where it is looked for.
    pub(super) fn around(&self, guide: &MeanField, proposed: &DVector<f64>) -> Vec<f64> {
        let mut theta = if let Self::Field(field) = self { field.centre.clone() } else { guide.loc.clone() };
        let others = self.globals().into_iter().flat_map(|globals| &globals.others);
        others.zip(proposed).for_each(|(&j, x)| theta[j] = *x);
        theta
    }

    /// Looks for it around its mode given these coordinates, where it has one.
    pub(super) fn turn_to(&mut self, proposed: &DVector<f64>, density: &Density<'_>, basis: &Basis<'_>) {
        let theta = self.around(&basis.guide.global, proposed);
        if let Some(field) = density.field(&theta, basis.modes_at_mean) {
            *self = Self::Field(Box::new(field));
        }
    }

    /// Theta at its mode given these coordinates, and their log density with the data by the bound of the normal there.
    pub(super) fn bound_at(
        &self,
        density: &Density<'_>,
        guide: &MeanField,
        proposed: &DVector<f64>,
    ) -> (Vec<f64>, f64) {
        let mut theta = self.around(guide, proposed);
        let Self::Field(field) = self else { return (theta, f64::NEG_INFINITY) };
        let mut space = IntegrationSpace::default();
        let Some(mode) = density.mode_given(field, &theta, EXACT, &mut space) else {
            return (theta, f64::NEG_INFINITY);
        };
        field.integration.globals.move_w(&mut theta, mode.w.mean());
        (theta, mode.ln_p)
    }

    /// The normal that it is drawn from, given the others in `theta`; `None` where there is none.
    pub(super) fn normal_at(&self, density: &Density<'_>, theta: &[f64]) -> Option<NormalStep> {
        match self {
            Self::Nothing => None,
            Self::Integrated(integration) => {
                let mut space = IntegrationSpace::default();
                density.integrate(integration, theta, &mut space).map(|integrated| std::mem::take(&mut integrated.w))
            }
            Self::Field(field) => {
                let mut space = IntegrationSpace::default();
                density.mode_given(field, theta, NEAR, &mut space).map(|mode| std::mem::take(&mut mode.w))
            }
            Self::Presumed(presumed) => density.presume(presumed, theta),
        }
    }

    /// The step to it that a standard normal z stands for, and ln of its density: what is but presumed is looked for further out.
    pub(super) fn draw(&self, normal: &NormalStep, z: &[f64]) -> (Vec<f64>, f64) {
        match self {
            Self::Presumed(_) => normal.draw_heavy(z),
            Self::Nothing | Self::Integrated(_) | Self::Field(_) => normal.draw(z),
        }
    }
}

//! Coordinates of theta that are drawn given the others.

use crate::correct::reweighting::Basis;
use crate::density::Density;
use crate::density::gaussian_globals::GaussianGlobals;
use crate::density::given_others::NormalStep;
use crate::density::integrated::{Integration, IntegrationSpace};
use crate::density::presumed::Presumed;

/// What becomes of theta but for the coordinates that are proposed.
pub(super) enum Rest {
    /// All are proposed.
    Nothing,
    /// It is Gaussian given these, as the tasks are, and integrated out.
    Integrated(Integration),
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
        let presumed = basis.gaussian.curvature.as_ref().and_then(|curvature| density.presumed(guide, curvature));
        presumed.map_or(Self::Nothing, Self::Presumed)
    }

    pub(super) fn globals(&self) -> Option<&GaussianGlobals> {
        match self {
            Self::Nothing => None,
            Self::Integrated(integration) => Some(&integration.globals),
            Self::Presumed(presumed) => Some(&presumed.globals),
        }
    }

    /// The normal that it is drawn from, given the others in `theta`; `None` where there is none.
    pub(super) fn normal_at(&self, density: &Density<'_>, theta: &[f64]) -> Option<NormalStep> {
        match self {
            Self::Nothing => None,
            Self::Integrated(integration) => {
                let mut space = IntegrationSpace::default();
                density.integrate(integration, theta, &mut space).map(|integrated| std::mem::take(&mut integrated.w))
            }
            Self::Presumed(presumed) => density.presume(presumed, theta),
        }
    }

    /// The step to it that a standard normal z stands for, and ln of its density: what is but presumed is looked for further out.
    pub(super) fn draw(&self, normal: &NormalStep, z: &[f64]) -> (Vec<f64>, f64) {
        match self {
            Self::Presumed(_) => normal.draw_heavy(z),
            Self::Nothing | Self::Integrated(_) => normal.draw(z),
        }
    }
}

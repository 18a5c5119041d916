//! What keeps a density, or its derivatives, from being finite near the start of a fit: told once a climb has failed.

use crate::density::program::Program;
use crate::density::shape::{RANDOM_STARTS, Shape, ShapeVisit};
use crate::error::{Error, Invalid, Place};
use crate::interpret::discover::{Entered, NotFinite, Start};
use std::fmt;

/// A site, and what is wrong there.
pub(crate) enum Spoilt {
    /// A parameter that its distribution does not allow, at a random point.
    Parameter(Box<Place>, Invalid),
    /// A log density that is not finite there.
    Density(NotFinite),
    /// A number of the data, or a constant, that is not finite: the log density is, its derivatives may not be.
    Derivative(Entered),
}

impl Spoilt {
    /// The first that is found at random points, or else by a look at the data from `start`.
    pub(crate) fn find(program: &dyn Program, start: &Start) -> Option<Self> {
        let around = (1..=RANDOM_STARTS).map(Start::Random).find_map(|near| Self::at(program, &near));
        let mut found = around.or_else(|| {
            let ShapeVisit { unseen, .. } = Shape::visit(program, start).ok()?;
            unseen.map(Self::Derivative)
        })?;
        found.place_mut().label_task(|i| program.task_label(i));
        Some(found)
    }

    fn at(program: &dyn Program, near: &Start) -> Option<Self> {
        match Shape::visit(program, near) {
            Ok(ShapeVisit { not_finite, .. }) => not_finite.map(Self::Density),
            Err(Error::Parameter { place, invalid, .. }) => Some(Self::Parameter(place, invalid)),
            Err(_) => None,
        }
    }

    fn place_mut(&mut self) -> &mut Place {
        match self {
            Self::Parameter(place, _) => place,
            Self::Density(found) => &mut found.place,
            Self::Derivative(found) => &mut found.place,
        }
    }

    /// What to try next.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Parameter(..) => "a function that keeps the parameter there, such as `exp` or `sigmoid`",
            Self::Density(_) => "tighter priors, or data on a smaller scale",
            Self::Derivative(_) => "finite numbers: an `if` on the data around a `ln(0)`, say",
        }
    }
}

impl fmt::Display for Spoilt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(place, invalid) => write!(f, "{place}: {invalid} at a point near the start"),
            Self::Density(NotFinite { place, value }) => {
                write!(f, "{place}: the log density is {value} at a point near the start")
            }
            Self::Derivative(Entered { place, value }) => {
                write!(f, "{place}: {value} enters here from the data or a constant")
            }
        }
    }
}

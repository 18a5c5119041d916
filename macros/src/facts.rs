//! What the checker found out about a model beyond what is written.

use proc_macro2::{Ident, Span};
use syn::{Attribute, ExprRange};

/// What is known of a model beyond its syntax.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) roles: Roles,
    pub(crate) latents: Tiers<Vec<Latent>>,
    /// Observations and factors.
    pub(crate) observations: Tiers<Vec<Observation>>,
    pub(crate) plate: Option<Plate>,
    /// What is no error, but hardly meant.
    pub(crate) warnings: Vec<Warning>,
}

/// Something that the compiler is to warn of.
pub(crate) struct Warning {
    /// The name of an item, of which the compiler says that it is deprecated.
    pub(crate) item: &'static str,
    /// The user's token.
    pub(crate) span: Span,
    pub(crate) note: String,
}

/// Where a statement stands.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Tier {
    /// Outside the plate.
    Global,
    /// In the plate.
    Local,
}

/// One thing for each [`Tier`].
#[derive(Default)]
pub(crate) struct Tiers<T> {
    pub(crate) global: T,
    pub(crate) local: T,
}

/// What a site or factor is; `at` counts the latents, or the observations and factors, of its tier.
#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Role {
    /// An error has been reported.
    #[default]
    Unknown,
    Latent {
        tier: Tier,
        at: usize,
    },
    Observation {
        tier: Tier,
        at: usize,
    },
}

/// The roles of all sites and factors, by their numbers.
#[derive(Default)]
pub(crate) struct Roles(Vec<Role>);

/// What a `~` declares.
pub(crate) struct Latent {
    pub(crate) name: Ident,
    pub(crate) dimension: Dimension,
    /// `///` and lint attributes.
    pub(crate) attrs: Vec<Attribute>,
    /// The statement that declares it, as text.
    pub(crate) source: String,
}

/// What a `~` observes, or a term that `factor` adds.
pub(crate) struct Observation {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) dimension: Dimension,
}

/// Whether a site is of a number or of a vector.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Dimension {
    Scalar,
    /// With the number of unconstrained coordinates, where the source tells.
    Vector(Option<usize>),
}

/// The top-level `for` over tasks.
pub(crate) struct Plate {
    /// Its position in the body.
    pub(crate) at: usize,
    /// Positions of further plates, which have been reported.
    pub(crate) others: Vec<usize>,
    pub(crate) list: PlateList,
}

/// What the plate runs over.
pub(crate) enum PlateList {
    /// An argument, by position.
    Argument(usize),
    /// A range of numbers.
    Numbers(ExprRange),
    /// Something else, which has been reported.
    Unknown,
}

impl Facts {
    /// Whether the statement at this position of the body is a plate, be it one too many.
    pub(crate) fn is_plate(&self, at: usize) -> bool {
        self.plate.as_ref().is_some_and(|plate| plate.at == at || plate.others.contains(&at))
    }

    /// The observations and factors in the order of their ids: those outside the plate, then those in it.
    pub(crate) fn all_observations(&self) -> impl Iterator<Item = &Observation> {
        self.observations.global.iter().chain(&self.observations.local)
    }

    /// The id of the observation or factor `at` of its tier.
    pub(crate) fn observation_id(&self, tier: Tier, at: usize) -> usize {
        match tier {
            Tier::Global => at,
            Tier::Local => self.observations.global.len() + at,
        }
    }
}

impl Roles {
    pub(crate) fn of(&self, number: usize) -> Role {
        self.0.get(number).copied().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, number: usize, role: Role) {
        if self.0.len() <= number {
            self.0.resize(number + 1, Role::Unknown);
        }
        self.0[number] = role;
    }
}

impl<T> Tiers<T> {
    pub(crate) fn of(&self, tier: Tier) -> &T {
        match tier {
            Tier::Global => &self.global,
            Tier::Local => &self.local,
        }
    }

    pub(crate) fn of_mut(&mut self, tier: Tier) -> &mut T {
        match tier {
            Tier::Global => &mut self.global,
            Tier::Local => &mut self.local,
        }
    }
}

impl Dimension {
    pub(crate) fn is_vector(self) -> bool {
        self != Dimension::Scalar
    }
}

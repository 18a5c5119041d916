//! What the checker found out about a model beyond what is written.

use crate::ast::Flow;
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
    /// The nested plates, one within another behind it.
    pub(crate) nests: Vec<Nest>,
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
    /// A discrete latent of the plate, the `at`-th there, whose sum is the `sum`-th of the observations and factors there.
    Discrete {
        at: usize,
        sum: usize,
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
    /// The nested plate that it stands in.
    pub(crate) nest: Option<usize>,
}

/// A `for` with latents in the plate, or in another such `for`.
pub(crate) struct Nest {
    /// The number of the `for`.
    pub(crate) flow: usize,
    /// What its turns are called: a field of the struct of what it stands in.
    pub(crate) name: Ident,
    /// The nested plate that it stands in.
    pub(crate) parent: Option<usize>,
    /// How many latents of the plate stand before it.
    pub(crate) first: usize,
}

/// A field of a struct of latents.
pub(crate) enum Member<'f> {
    Latent(&'f Latent),
    Nest(&'f Nest),
}

/// Whose latents a struct has.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Owner {
    Global,
    Task,
    /// A turn of a nested plate.
    Turn(usize),
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
    /// A discrete latent: its results are the probabilities of its classes.
    Classes,
    /// A chain of discrete latents: its results are the probabilities of the classes of each entry.
    Chain,
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

    /// The nested plate that a `for` is.
    pub(crate) fn nest(&self, flow: &Flow) -> Option<usize> {
        self.nests.iter().position(|nest| nest.flow == flow.number)
    }

    /// Whether what stands in the nested plate `inner` stands in `outer` too.
    pub(crate) fn is_within(&self, inner: Option<usize>, outer: Option<usize>) -> bool {
        let mut at = inner;
        while at != outer {
            let Some(nest) = at else { return false };
            at = self.nests[nest].parent;
        }
        true
    }

    /// The fields of a struct of latents, in the order in which they are drawn.
    pub(crate) fn members(&self, owner: Owner) -> Vec<Member<'_>> {
        let nest = match owner {
            Owner::Global => return self.latents.global.iter().map(Member::Latent).collect(),
            Owner::Task => None,
            Owner::Turn(nest) => Some(nest),
        };
        let latents = self.latents.local.iter().enumerate().filter(|(_, latent)| latent.nest == nest);
        let nests = self.nests.iter().filter(|inner| inner.parent == nest);
        let mut members: Vec<(usize, Member<'_>)> = latents.map(|(at, latent)| (at, Member::Latent(latent))).collect();
        members.extend(nests.map(|inner| (inner.first, Member::Nest(inner))));
        members.sort_by_key(|(at, _)| *at);
        members.into_iter().map(|(_, member)| member).collect()
    }

    /// Whether a struct of latents has one of that kind, be it in a turn of a nested plate.
    pub(crate) fn has(&self, owner: Owner, dimension: Dimension) -> bool {
        self.members(owner).iter().any(|member| match member {
            Member::Latent(latent) => latent.dimension == dimension,
            Member::Nest(nest) => self.has(self.owner_of(nest), dimension),
        })
    }

    /// The struct of the latents of a turn of a nested plate.
    pub(crate) fn owner_of(&self, nest: &Nest) -> Owner {
        let at = self.nests.iter().position(|other| other.flow == nest.flow);
        Owner::Turn(at.expect("one of the nested plates"))
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

    pub(crate) fn is_discrete(self) -> bool {
        matches!(self, Dimension::Classes | Dimension::Chain)
    }
}

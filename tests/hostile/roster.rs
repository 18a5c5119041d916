//! Models that differ, each of which takes from a group what it needs.

mod counts;
mod kinds;
mod measured;
mod shapes;
mod vectors;

use crate::data::Set;
use crate::examine::{Found, with_tasks, without_tasks};

/// A model, ready to be tried with a set.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) run: fn(&Set) -> Found,
}

/// The models of some rooms.
macro_rules! roster {
    ($($room:ident: $($name:ident)*;)*) => {
        &[$($(Entry {
            name: stringify!($name),
            run: |set| with_tasks(set, || $room::$name::new(&set.groups, set.wide)),
        },)*)* Entry {
            name: "Pooled",
            run: |set| without_tasks(set, || measured::Pooled::new(&set.groups, set.wide)),
        }]
    };
}

pub(crate) const ROSTER: &[Entry] = roster! {
    measured: Normals KnownErrors StudentTs Lines Cauchys Weibulls LogNormals Exponentials Truncations Bounded Shapes
        TwoKinds Tails Leaning Logarithms;
    counts: Binomials Yes Poissons LogRates NegativeBinomials GammaPoissons BetaBinomials Zeros Waiting Factors;
    kinds: Ordinals Simplexes Choices Indexed CrossedOdds CrossedMeans;
    shapes: Sizes Correlations Bounds Blends Unchecked;
    vectors: Slopes Pairs WideLocals WideGlobals Chains;
};

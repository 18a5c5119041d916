//! Models that differ, each with proper priors that its truth is drawn from.

use crate::nature::Nature;
use crate::trial::Trial;
use crate::{choices, counts, measured, positive};

/// A model, and what draws a truth, draws data of it, and fits them.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// In a few words.
    pub(crate) what: &'static str,
    pub(crate) run: fn(&mut Nature) -> Trial,
}

const fn entry(name: &'static str, what: &'static str, run: fn(&mut Nature) -> Trial) -> Entry {
    Entry { name, what, run }
}

/// New ones go to the end: an entry's place is a part of its random numbers.
pub(crate) const ROSTER: &[Entry] = &[
    entry("normal", "10 groups of 5", measured::normals),
    entry("few groups", "3 groups of 6, HalfCauchy scale", measured::few_groups),
    entry("one each", "8 tasks of one observation, HalfCauchy scale", measured::one_each),
    entry("heavy locals", "StudentT locals, 8 groups of 4", measured::heavy_locals),
    entry("two kinds", "mixture prior of the locals, 12 groups of 3", measured::two_kinds),
    entry("slopes", "LkjCholesky, 12 lines of 6", measured::slopes),
    entry("regression", "no plate, StudentT noise, 20 points", measured::regression),
    entry("levels", "LogNormal locals, Gamma data, 8 groups of 4", positive::levels),
    entry("survival", "Censored Weibull, 10 groups of 8", positive::survival),
    entry("pumps", "Gamma locals, Poisson, 10 tasks of 1", positive::pumps),
    entry("chances", "BinomialLogit, 10 tasks", counts::chances),
    entry("rates", "PoissonLog, 10 tasks of 5", counts::rates),
    entry("overdispersed", "NegativeBinomial2Log, 10 tasks of 6", counts::overdispersed),
    entry("concentrations", "Beta locals, Binomial, 10 tasks", counts::concentrations),
    entry("zeros", "ZeroInflated PoissonLog, 8 tasks of 6", counts::zeros),
    entry("yes or no", "BernoulliLogit, 15 tasks of 4", choices::yes_or_no),
    entry("ordinal", "ordered cuts, 8 tasks of 8 grades", choices::ordinal),
];

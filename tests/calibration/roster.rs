//! Models that differ, each with proper priors that its truth is drawn from.

use crate::nature::Nature;
use crate::trial::Trial;
use crate::{choices, counts, measured, positive, several};

/// A model, and what draws a truth, draws data of it, and fits them.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    /// In a few words.
    pub(crate) what: &'static str,
    pub(crate) run: fn(&mut Nature) -> Trial,
    /// It is fitted once where others are so many times, since a fit takes seconds.
    pub(crate) one_in: u64,
}

const fn entry(name: &'static str, what: &'static str, run: fn(&mut Nature) -> Trial) -> Entry {
    Entry { name, what, run, one_in: 1 }
}

impl Entry {
    const fn once_in(self, one_in: u64) -> Self {
        Self { one_in, ..self }
    }
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
    entry("own scales", "2 locals a task, 10 groups of 5", several::own_scales).once_in(5),
    entry("logit slopes", "3 locals a task, BernoulliLogit, 10 tasks of 12", several::logit_slopes).once_in(10),
    entry("items", "7 globals, BernoulliLogit, 25 persons, 6 items", several::items).once_in(2),
    entry("two groups", "2 groups of 2, HalfCauchy scales", several::two_groups),
    entry("pairs", "BernoulliLogit, 8 tasks of 2, HalfCauchy scale", several::pairs),
    entry("outliers", "Cauchy locals, StudentT noise, 8 groups of 3", several::outliers).once_in(3),
];

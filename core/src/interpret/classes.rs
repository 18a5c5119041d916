//! The probabilities of discrete latents: as a tree, since a sum may have sums within.

use crate::model::Latents;
use crate::numbers::Real;
use crate::sampling::paths::PathLaw;

/// What is known of a discrete latent, or of a chain of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Classes {
    /// The id of its site among the latent sites of its level.
    pub(crate) site: usize,
    pub(crate) known: Known,
}

/// What is known of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    Value {
        probabilities: Vec<f64>,
        /// Given each of its values, those that are summed out within its sum.
        inner: Vec<Vec<Classes>>,
    },
    /// Of the entries of a chain.
    Path(PathLaw),
}

impl Classes {
    /// The probabilities of the values of a discrete latent.
    pub(crate) fn probabilities(&self) -> Option<&[f64]> {
        match &self.known {
            Known::Value { probabilities, .. } => Some(probabilities),
            Known::Path(_) => None,
        }
    }

    /// The law of a chain.
    pub(crate) fn path(&self) -> Option<&PathLaw> {
        match &self.known {
            Known::Path(law) => Some(law),
            Known::Value { .. } => None,
        }
    }
}

/// Classes of an earlier visit, in the order in which the next one meets them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Replay<'a>(&'a [Classes]);

impl<'a> Replay<'a> {
    pub(crate) fn new(classes: &'a [Classes]) -> Self {
        Self(classes)
    }

    /// Those of the next discrete latent, if anything is known of it.
    pub(crate) fn next(&mut self) -> Option<&'a Classes> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// The law of the next, which is a chain: as far as anything is known of it, and behind that as it is.
    pub(crate) fn next_law(&mut self, law: PathLaw) -> PathLaw {
        match self.next().and_then(Classes::path) {
            Some(known) => known.continued(&law),
            None => law,
        }
    }

    /// Those within the sum over one, given its value.
    pub(crate) fn within(of: Option<&'a Classes>, value: usize) -> Self {
        Self(match of.map(|of| &of.known) {
            Some(Known::Value { inner, .. }) => inner.get(value).map_or(&[], Vec::as_slice),
            Some(Known::Path(_)) | None => &[],
        })
    }
}

/// The probabilities of each discrete latent whatever those around it are, by site, place after place.
#[derive(Default)]
struct Marginals {
    of_sites: Vec<Vec<Marginal>>,
    /// By site: how many have been met.
    met: Vec<usize>,
}

/// Those of one, or of each entry of a chain.
#[derive(Debug, PartialEq)]
struct Marginal {
    /// K.
    states: usize,
    /// K a value, or an entry of a chain.
    probabilities: Vec<f64>,
}

impl Marginals {
    fn add(&mut self, classes: &[Classes], weight: f64) {
        // what cannot be says nothing of what is within, be that no number
        let share = |p: f64| if weight > 0.0 { weight * p } else { 0.0 };
        for Classes { site, known } in classes {
            match known {
                Known::Path(law) => self.meet(*site, law.states(), law.marginals().into_iter().map(share)),
                Known::Value { probabilities, inner } => {
                    let shares: Vec<f64> = probabilities.iter().copied().map(share).collect();
                    self.meet(*site, shares.len(), shares.iter().copied());
                    self.add_inner(inner, &shares);
                }
            }
        }
    }

    /// Adds to the next place of a site.
    fn meet(&mut self, site: usize, states: usize, shares: impl ExactSizeIterator<Item = f64>) {
        if self.met.len() <= site {
            self.met.resize(site + 1, 0);
            self.of_sites.resize_with(site + 1, Vec::new);
        }
        let (of_site, at) = (&mut self.of_sites[site], self.met[site]);
        self.met[site] += 1;
        if of_site.len() <= at {
            of_site.push(Marginal { states, probabilities: vec![0.0; shares.len()] });
        }
        of_site[at].probabilities.iter_mut().zip(shares).for_each(|(to, share)| *to += share);
    }

    /// Adds those within a sum, which meet the same places given each of its values.
    fn add_inner(&mut self, inner: &[Vec<Classes>], shares: &[f64]) {
        let before = self.met.clone();
        let mut after = before.clone();
        for (inner, share) in inner.iter().zip(shares) {
            self.met.clone_from(&before);
            self.add(inner, *share);
            join_counts(&mut after, &self.met);
        }
        self.met = after;
    }
}

/// Takes the larger of two counts.
pub(super) fn join_counts(counts: &mut Vec<usize>, others: &[usize]) {
    counts.resize(counts.len().max(others.len()), 0);
    counts.iter_mut().zip(others).for_each(|(count, other)| *count = (*count).max(*other));
}

/// Gives the discrete latents among a task's their probabilities.
pub(crate) fn fill<L: Latents>(of: &mut L::Of<Real<f64>>, classes: &[Classes]) {
    let mut marginals = Marginals::default();
    marginals.add(classes, 1.0);
    let mut of_sites: Vec<_> = marginals.of_sites.into_iter().map(Vec::into_iter).collect();
    let mut next = |site: usize| of_sites[site].next().expect("a place of each that was visited");
    L::classes(of, &mut |site, out| *out = next(site).probabilities.into_iter().map(Real).collect());
    L::chains(of, &mut |site, out| {
        let Marginal { states, probabilities } = next(site);
        *out = probabilities.chunks(states).map(|entry| entry.iter().copied().map(Real).collect()).collect();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(b = 0) = sum_a P(a) P(b = 0 | a), and every latent in its own place.
    #[test]
    fn inner_classes_are_averaged_over_the_outer_ones() {
        let of = |site, probabilities: &[f64], inner| Classes {
            site,
            known: Known::Value { probabilities: probabilities.to_vec(), inner },
        };
        let inner = |p: f64| vec![of(1, &[p, 1.0 - p], vec![vec![], vec![]]), of(1, &[0.5 * p, 1.0 - 0.5 * p], vec![])];
        let tree =
            [of(0, &[0.25, 0.75, 0.0], vec![inner(0.8), inner(0.4), inner(f64::NAN)]), of(1, &[1.0, 0.0], vec![])];
        let mut marginals = Marginals::default();
        marginals.add(&tree, 1.0);
        assert_eq!(marginals.of_sites[0], [Marginal { states: 3, probabilities: vec![0.25, 0.75, 0.0] }]);
        let expected = [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]];
        for (found, expected) in marginals.of_sites[1].iter().zip(expected) {
            assert!(
                found.probabilities.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15),
                "{found:?} {expected:?}"
            );
        }
        assert_eq!(marginals.of_sites[1].len(), 3);
    }
}

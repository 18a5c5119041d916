//! The probabilities of discrete latents: as a tree, since a sum may have sums within.

use crate::model::Latents;
use crate::numbers::Real;

/// The probabilities of one discrete latent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Classes {
    /// The id of its site among the latent sites of its level.
    pub(crate) site: usize,
    pub(crate) probabilities: Vec<f64>,
    /// Given each of its values, those that are summed out within its sum.
    pub(crate) inner: Vec<Vec<Classes>>,
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

    /// Those within the sum over one, given its value.
    pub(crate) fn within(of: Option<&'a Classes>, value: usize) -> Self {
        Self(of.and_then(|of| of.inner.get(value)).map_or(&[], Vec::as_slice))
    }
}

/// The probabilities of each discrete latent whatever those around it are, by site, place after place.
#[derive(Default)]
struct Marginals {
    of_sites: Vec<Vec<Vec<f64>>>,
    /// By site: how many have been met.
    met: Vec<usize>,
}

impl Marginals {
    fn add(&mut self, classes: &[Classes], weight: f64) {
        for Classes { site, probabilities, inner } in classes {
            if self.met.len() <= *site {
                self.met.resize(site + 1, 0);
                self.of_sites.resize(site + 1, Vec::new());
            }
            let (of_site, at) = (&mut self.of_sites[*site], self.met[*site]);
            self.met[*site] += 1;
            if of_site.len() <= at {
                of_site.push(vec![0.0; probabilities.len()]);
            }
            // what cannot be says nothing of what is within, be that no number
            let share = |p: f64| if weight > 0.0 { weight * p } else { 0.0 };
            of_site[at].iter_mut().zip(probabilities).for_each(|(to, p)| *to += share(*p));
            let before = self.met.clone();
            let mut after = before.clone();
            for (inner, p) in inner.iter().zip(probabilities) {
                self.met.clone_from(&before);
                self.add(inner, share(*p));
                after.resize(self.met.len(), 0);
                after.iter_mut().zip(&self.met).for_each(|(to, met)| *to = (*to).max(*met));
            }
            self.met = after;
        }
    }
}

/// Gives the discrete latents among a task's their probabilities.
pub(crate) fn fill<L: Latents>(of: &mut L::Of<Real<f64>>, classes: &[Classes]) {
    let mut marginals = Marginals::default();
    marginals.add(classes, 1.0);
    let mut next = vec![0; marginals.of_sites.len()];
    L::classes(of, &mut |site, out| {
        out.clear();
        out.extend(marginals.of_sites[site][next[site]].iter().map(|p| Real(*p)));
        next[site] += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// P(b = 0) = sum_a P(a) P(b = 0 | a), and every latent in its own place.
    #[test]
    fn inner_classes_are_averaged_over_the_outer_ones() {
        let of = |site, probabilities: &[f64], inner| Classes { site, probabilities: probabilities.to_vec(), inner };
        let inner = |p: f64| vec![of(1, &[p, 1.0 - p], vec![vec![], vec![]]), of(1, &[0.5 * p, 1.0 - 0.5 * p], vec![])];
        let tree =
            [of(0, &[0.25, 0.75, 0.0], vec![inner(0.8), inner(0.4), inner(f64::NAN)]), of(1, &[1.0, 0.0], vec![])];
        let mut marginals = Marginals::default();
        marginals.add(&tree, 1.0);
        assert_eq!(marginals.of_sites[0], [[0.25, 0.75, 0.0]]);
        let expected = [[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]];
        for (found, expected) in marginals.of_sites[1].iter().zip(expected) {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-15), "{found:?} {expected:?}");
        }
        assert_eq!(marginals.of_sites[1].len(), 3);
    }
}

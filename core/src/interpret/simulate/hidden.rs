//! Draws of what is summed out: the values of discrete latents, and the paths of chains of them.

use super::Simulate;
use crate::dist::categorical::sample_category;
use crate::dist::{ChainDistribution, FiniteDistribution};
use crate::error::Error;
use crate::interpret::classes::{Classes, Known, Replay};
use crate::model::{Chain, Site};
use crate::sampling::paths::PathLaw;

/// A discrete latent whose value has been drawn.
pub(super) struct Begun<'a> {
    site: usize,
    pub(super) value: usize,
    /// How many values it could have had.
    count: usize,
    /// What is known of the discrete latents behind its sum.
    known: Replay<'a>,
    /// What was drawn before.
    around: Vec<Classes>,
}

impl<'a> Simulate<'a> {
    /// Draws the value of a discrete latent; what is visited until [`end_class`](Self::end_class) is given it.
    pub(super) fn begin_class<D: FiniteDistribution<f64>>(&mut self, site: &Site, dist: &D) -> Begun<'a> {
        let place = self.place(site, None);
        let known = self.known.next();
        // of data that cannot be there is nothing to be known
        let likely = known.and_then(Classes::probabilities);
        let likely = likely.and_then(|likely| sample_category(self.rng, likely.iter().copied()));
        let draw = match likely {
            None if self.is_valid(&place, dist.check()) => dist.sample(self.rng),
            likely => likely,
        };
        let draw = draw.unwrap_or_else(|| {
            self.no_draw::<D>(&place);
            0.0
        });
        let value = whole(draw);
        let known = std::mem::replace(&mut self.known, Replay::within(known, value));
        Begun { site: site.id, value, count: dist.num_values(), known, around: std::mem::take(&mut self.classes) }
    }

    pub(super) fn end_class(&mut self, Begun { site, value, count, known, around }: Begun<'a>) {
        let (mut probabilities, mut inner) = (vec![0.0; count], vec![Vec::new(); count]);
        probabilities[value] = 1.0;
        inner[value] = std::mem::replace(&mut self.classes, around);
        self.classes.push(Classes { site, known: Known::Value { probabilities, inner } });
        self.known = known;
    }

    /// Draws the path of a chain; what is visited until [`end_path`](Self::end_path) is given its entries.
    pub(super) fn begin_path<D: ChainDistribution<f64>>(&mut self, site: &Site, chain: &Chain<D>) {
        let place = self.place(site, None);
        let is_valid = self.is_valid(&place, chain.dist.check());
        let law = if is_valid { chain.law() } else { PathLaw::impossible(chain.len) };
        let law = self.known.next_law(law);
        let path = law.draw(|p| sample_category(self.rng, p.iter().copied()).map(whole));
        self.classes.push(Classes { site: site.id, known: Known::Path(law.certain(&path)) });
        self.path = Some((*site, path));
    }

    pub(super) fn end_path(&mut self) {
        self.path = None;
    }

    /// The entry of the path that was drawn.
    pub(super) fn entry_of_path(&mut self, t: usize) -> usize {
        let Some((site, path)) = &self.path else { return 0 };
        if let Some(state) = path.get(t) {
            return *state;
        }
        let error = Error::Entry { place: Box::new(self.place(site, None)), found: t, len: path.len() };
        self.fail(error);
        0
    }
}

/// The number of a class.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small whole number")]
fn whole(draw: f64) -> usize {
    draw as usize
}

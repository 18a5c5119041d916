//! Sums over discrete latents, as a visit meets them.

use crate::error::Place;
use crate::model::Site;
use crate::model::level::Counted;
use crate::numbers::number::Real;
use crate::numbers::traced::Traced;

/// The most combinations of values of discrete latents that one sum is over.
pub(super) const MOST_CLASSES: usize = 1024;

/// The sums that are being visited.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// By latent site: the results of each occurrence of a discrete latent.
    classes: Vec<Vec<Counted>>,
    around: Around,
}

/// Where in sums the visit is.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// How many terms those sums have together; none counts as one.
    terms: Option<usize>,
    /// Whether one of them is visited in another term than its first.
    is_again: bool,
    /// The term of the innermost.
    term: Option<Term>,
}

/// A term of a sum.
#[derive(Debug)]
pub(super) struct Term {
    pub(super) ln_density: Real<Traced>,
    /// The data that were visited: their site's name, and how many they were; `None` for missing ones.
    data: Vec<(&'static str, Option<usize>)>,
}

/// The terms of a sum together.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) ln_density: Real<Traced>,
    data: Option<Vec<(&'static str, Option<usize>)>>,
    /// The first value under which other data were visited than under 0.
    pub(super) uneven: Option<usize>,
}

/// A chain whose paths are being summed over.
#[derive(Debug)]
pub(super) struct OpenChain {
    pub(super) place: Place,
    /// K.
    pub(super) states: usize,
    /// ln p(data | state), K numbers an entry.
    pub(super) entries: Vec<Real<Traced>>,
}

impl Default for Whole {
    fn default() -> Self {
        Self { ln_density: Real::constant(f64::NEG_INFINITY), data: None, uneven: None }
    }
}

impl Whole {
    pub(super) fn add(&mut self, value: usize, Term { ln_density, data }: Term) {
        self.ln_density = self.ln_density.ln_add_exp(ln_density);
        match &self.data {
            Some(first) if *first != data => _ = self.uneven.get_or_insert(value),
            Some(_) => {}
            None => self.data = Some(data),
        }
    }
}

impl Sums {
    /// By latent site: the results of each occurrence of a discrete latent.
    pub(super) fn classes(&self) -> &[Vec<Counted>] {
        &self.classes
    }

    /// Notes that data are visited, or missing ones.
    pub(super) fn see(&mut self, site: &Site, len: Option<usize>) {
        if let Some(term) = &mut self.around.term {
            term.data.push((site.name, len));
        }
    }

    /// Adds to the term that is being visited; false if none is.
    pub(super) fn add(&mut self, ln_density: Real<Traced>) -> bool {
        let Some(term) = &mut self.around.term else { return false };
        term.ln_density += ln_density;
        true
    }

    /// Begins a sum over so many values, for these results; `None` if that is too many. What is around it is given back to
    /// [`end`](Self::end).
    pub(super) fn begin(&mut self, site: &Site, values: usize, counted: Counted) -> Option<Around> {
        if !self.around.is_again {
            if self.classes.len() <= site.id {
                self.classes.resize(site.id + 1, Vec::new());
            }
            self.classes[site.id].push(counted);
        }
        let terms = self.around.terms.unwrap_or(1).saturating_mul(values);
        let inner = Around { terms: Some(terms), is_again: self.around.is_again, term: None };
        (terms <= MOST_CLASSES).then(|| std::mem::replace(&mut self.around, inner))
    }

    /// Begins an entry of a chain, within the sum over its paths.
    pub(super) fn begin_entry(&mut self) -> Around {
        let inner = Around { terms: self.around.terms, is_again: self.around.is_again, term: None };
        std::mem::replace(&mut self.around, inner)
    }

    /// Begins the term of a value, with its mass.
    pub(super) fn begin_term(&mut self, around: &Around, value: usize, ln_mass: Real<Traced>) {
        self.around.is_again = around.is_again || value > 0;
        self.around.term = Some(Term { ln_density: ln_mass, data: Vec::new() });
    }

    pub(super) fn end_term(&mut self) -> Term {
        self.around.term.take().expect("a term that was begun")
    }

    /// Ends a sum, whose data are those of any of its terms.
    pub(super) fn end(&mut self, around: Around, whole: &Whole) {
        self.around = around;
        if let Some(term) = &mut self.around.term {
            term.data.extend(whole.data.iter().flatten());
        }
    }
}

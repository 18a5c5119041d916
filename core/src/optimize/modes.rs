//! The maxima of an ELBO that climbs from several starts have found, and which of them are one but for names.

use crate::density::program::Program;
use crate::guide::MeanField;
use crate::optimize::climb_end::End;
use crate::optimize::summit::Summit;

/// A maximum so many nats below the highest stands for less than a hundredth of the posterior.
pub(crate) const MATERIAL: f64 = 5.0;
/// ELBOs of one maximum differ by less, whatever draws they are averaged over.
const NOISE: f64 = 0.5;
/// A climb is at a maximum where its ELBO is as high, and every coordinate of theta within so many of its standard deviations; ...
const NEAR: f64 = 1.0;
/// ... at a copy of one where every number is within so many.
const NEAR_COPY: f64 = 0.3;

/// What climbs from several starts have found.
pub(crate) struct Modes {
    /// The highest; the first climb's own where none is higher beyond noise.
    pub(crate) best: Summit,
    /// Climbs that came there since.
    pub(super) returns: usize,
    pub(crate) others: OtherModes,
}

/// What there is but for the highest maximum.
#[derive(Default)]
pub(crate) struct OtherModes {
    /// Maxima with a part of the posterior.
    pub(crate) apart: Vec<Summit>,
    /// One that is the best but for names, or signs.
    pub(crate) copy: Option<Copied>,
}

/// A maximum that has the numbers of another.
#[derive(Clone)]
pub(crate) struct Copied {
    pub(crate) theta: MeanField,
    pub(crate) by: Symmetry,
}

/// How the numbers of a copy differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Symmetry {
    /// They are in another order, as where kinds trade places.
    Order,
    /// Two or more have the other sign, as where factors of products do.
    Signs,
}

/// What a place of a climb is to a maximum that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    Copy(Symmetry),
    Apart,
}

impl Modes {
    pub(super) fn of(first: Summit) -> Self {
        Self { best: first, returns: 0, others: OtherModes::default() }
    }

    /// The least ELBO that matters beside those known.
    pub(super) fn least(&self) -> f64 {
        if self.best.end == End::Converged { self.best.elbo.total() - MATERIAL } else { f64::NEG_INFINITY }
    }

    /// Whether a place of a climb is at a maximum that is known, but for names; those that are one with other names are noted.
    pub(super) fn knows(&mut self, program: &dyn Program, theta: &MeanField, elbo: f64) -> bool {
        let known =
            || std::iter::once(&self.best).chain(&self.others.apart).filter(|known| known.end == End::Converged);
        let relations: Vec<Relation> = known().map(|known| relation(program, known, theta, elbo)).collect();
        if let Some(&Relation::Copy(by)) = relations.first() {
            self.others.copy.get_or_insert_with(|| Copied { theta: theta.clone(), by });
        }
        self.returns += usize::from(relations.first().is_some_and(|relation| *relation != Relation::Apart));
        relations.iter().any(|relation| *relation != Relation::Apart)
    }

    /// Takes the end of a climb that none of those known is.
    pub(super) fn add(&mut self, found: Summit) {
        if found.end != End::Converged {
            return;
        }
        let is_higher = found.elbo.total() > self.best.elbo.total() + NOISE;
        let lower = if is_higher || self.best.end != End::Converged {
            (self.others.copy, self.returns) = (None, 0);
            std::mem::replace(&mut self.best, found)
        } else {
            found
        };
        self.others.apart.push(lower);
        let least = self.least();
        self.others.apart.retain(|other| other.end == End::Converged && other.elbo.total() > least);
    }
}

/// What theta, with that ELBO, is to a maximum.
fn relation(program: &dyn Program, known: &Summit, theta: &MeanField, elbo: f64) -> Relation {
    let at = &known.guide.global;
    let is_near = at.loc.iter().zip(&theta.loc).zip(&at.ln_scale).all(|((a, b), s)| (a - b).abs() < NEAR * s.exp());
    if (known.elbo.total() - elbo).abs() > NOISE {
        return Relation::Apart;
    }
    if is_near {
        return Relation::Same;
    }
    let (here, there) = (Values::at(program, at), Values::at(program, theta));
    if are_permuted(&here, &there) {
        Relation::Copy(Symmetry::Order)
    } else if are_mirrored(&here, &there) {
        Relation::Copy(Symmetry::Signs)
    } else {
        Relation::Apart
    }
}

/// The numbers of theta at a guide's mean, and about how wide the guide is there.
pub(crate) struct Values {
    pub(crate) values: Vec<f64>,
    pub(crate) widths: Vec<f64>,
}

impl Values {
    pub(crate) fn at(program: &dyn Program, theta: &MeanField) -> Self {
        let values_at = |side: f64| {
            let mut values = Vec::new();
            program.global_values(&theta.at(&vec![side; theta.len()]), &mut values);
            values
        };
        let widths = values_at(1.0).iter().zip(values_at(-1.0)).map(|(up, down)| 0.5 * (up - down).abs()).collect();
        Self { values: values_at(0.0), widths }
    }
}

/// Whether both have the same numbers, in whatever order.
fn are_permuted(a: &Values, b: &Values) -> bool {
    let sorted = |of: &Values| {
        let mut pairs: Vec<(f64, f64)> = of.values.iter().copied().zip(of.widths.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        pairs
    };
    sorted(a).iter().zip(sorted(b)).all(|(a, b)| (a.0 - b.0).abs() < NEAR_COPY * a.1.max(b.1))
}

/// Whether both have the same numbers but for the signs of two or more.
fn are_mirrored(a: &Values, b: &Values) -> bool {
    let width = |j: usize| NEAR_COPY * a.widths[j].max(b.widths[j]);
    let is_alike = |j: usize| (a.values[j].abs() - b.values[j].abs()).abs() < width(j);
    let is_other = |&j: &usize| (a.values[j] - b.values[j]).abs() > 2.0 * width(j);
    (0..a.values.len()).all(is_alike) && (0..a.values.len()).filter(is_other).count() > 1
}

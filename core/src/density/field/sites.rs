//! Sites without closed forms, as quadratic functions of what their leaves name.

use crate::density::field::around::Spread;
use crate::interpret::structure::{SiteAt, SiteDensity, Visitor};
use crate::model::site_mask::SiteMask;
use crate::numbers::dual::Lanes;
use crate::numbers::leaves::{self, LeafFunction, MOST_LEAVES};
use crate::numbers::number::Number;
use nalgebra::{Matrix3, SymmetricEigen, Vector3};
use std::slice::Iter;

/// Nodes and weights of Gauss-Hermite quadrature of a standard normal.
const NODES: [(f64, f64); 3] =
    [(-1.732_050_807_568_877_2, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732_050_807_568_877_2, 1.0 / 6.0)];

/// Theta, and the coordinates of a task.
#[derive(Clone, Copy)]
pub(super) struct Coordinates<'a> {
    pub(super) theta: &'a [f64],
    pub(super) phi: &'a [f64],
}

impl Coordinates<'_> {
    fn at(self, coordinate: usize) -> f64 {
        coordinate.checked_sub(self.theta.len()).map_or_else(|| self.theta[coordinate], |local| self.phi[local])
    }
}

/// A coordinate of x among those of a block.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Global(usize),
    Local(usize),
}

/// A part of a quadratic function.
pub(super) enum Part {
    Slope(Place, f64),
    /// Every pair comes in both orders.
    Precision(Place, Place, f64),
}

/// The sites of a block, and where they are expanded.
pub(super) struct BlockSites<'a> {
    pub(super) mask: &'a SiteMask,
    /// V of each.
    pub(super) spreads: &'a [Spread],
    pub(super) from: Coordinates<'a>,
    pub(super) at: Coordinates<'a>,
    pub(super) places: &'a [Option<usize>],
}

/// Expands the sites of a block: what they are around `at`, as a quadratic function around `from`.
pub(super) struct Sites<'a, S> {
    block: BlockSites<'a>,
    /// V of the sites to come.
    spreads: Iter<'a, Spread>,
    /// The quadratic function at `from`, and f at `at`.
    pub(super) value: f64,
    pub(super) height: f64,
    /// What V adds to the former.
    pub(super) raised: f64,
    parts: Vec<Part>,
    sum: S,
}

impl<'a, S> Sites<'a, S> {
    pub(super) fn new(block: BlockSites<'a>, sum: S) -> Self {
        let spreads = block.spreads.iter();
        Self { block, spreads, value: 0.0, height: 0.0, raised: 0.0, parts: Vec::new(), sum }
    }

    fn place(&self, coordinate: usize) -> Option<Place> {
        match coordinate.checked_sub(self.block.places.len()) {
            Some(local) => Some(Place::Local(local)),
            None => self.block.places[coordinate].map(Place::Global),
        }
    }

    /// Calls `see` with the coordinates of x that a leaf names, and their coefficients.
    fn named(&self, leaf: usize, mut see: impl FnMut(Place, f64)) {
        leaves::form(leaf).with_terms(|terms| {
            for (place, c) in terms.iter().filter_map(|&(j, c)| Some((self.place(j)?, c))) {
                see(place, c);
            }
        });
    }
}

impl<S: FnMut(Part)> Visitor for Sites<'_, S> {
    fn visit(&mut self, site: SiteAt, density: &SiteDensity<'_>) {
        if !site.is_marked_in(self.block.mask) {
            return;
        }
        leaves::begin();
        let at_point = leaves::evaluate(density.value);
        let Some(count) = leaves::count() else {
            // no function of few leaves after all
            self.height = f64::NAN;
            return;
        };
        let spread = self.spreads.next();
        let f = spread.map_or(at_point, |root| averaged(density.value, count, root));
        let curvature = concave(&f, count);
        let BlockSites { from, at, .. } = self.block;
        let way = |leaf: usize| {
            leaves::form(leaf).with_terms(|terms| terms.iter().map(|&(j, c)| c * (from.at(j) - at.at(j))).sum())
        };
        let away = Vector3::from_fn(|a, _| if a < count { way(a) } else { 0.0 });
        let gradient = Vector3::from_column_slice(f.partials());
        let bent = curvature * away;
        let raised = spread.map_or(0.0, |root| 0.5 * root.component_mul(&(curvature * root)).sum());
        self.height += f.value();
        self.raised += raised;
        self.value += f.value() + raised + away.dot(&(gradient - 0.5 * bent));
        let slope = gradient - bent;
        let mut parts = std::mem::take(&mut self.parts);
        for a in 0..count {
            self.named(a, |j, c_j| {
                parts.push(Part::Slope(j, slope[a] * c_j));
                for b in (0..count).filter(|&b| curvature[(a, b)] != 0.0) {
                    self.named(b, |k, c_k| parts.push(Part::Precision(j, k, curvature[(a, b)] * c_j * c_k)));
                }
            });
        }
        parts.drain(..).for_each(&mut self.sum);
        self.parts = parts;
    }
}

/// The mean of a function around where its leaves stand.
fn averaged(density: &dyn Fn() -> LeafFunction, count: usize, root: &Spread) -> LeafFunction {
    let centre = leaves::node();
    let mut mean = LeafFunction::default();
    let directions: Vec<usize> = (0..MOST_LEAVES).filter(|&d| root.column(d).amax() > 0.0).collect();
    for number in 0..directions.iter().map(|_| NODES.len()).product() {
        let (mut z, mut weight, mut rest) = (centre, 1.0, number);
        for &d in &directions {
            let (node, its_weight) = NODES[rest % NODES.len()];
            rest /= NODES.len();
            weight *= its_weight;
            (0..count).for_each(|a| z[a] += node * root[(a, d)]);
        }
        leaves::move_to(&z);
        mean = mean.add(leaves::evaluate(density).scale(weight));
    }
    mean
}

/// K.
fn concave(f: &LeafFunction, count: usize) -> Matrix3<f64> {
    let triangle = f.triangle();
    let entry = |a: usize, b: usize| {
        let (row, col) = (a.max(b), a.min(b));
        if row < count { -triangle[row * (row + 1) / 2 + col] } else { 0.0 }
    };
    let k = Matrix3::from_fn(entry);
    if count <= 1 || !k.iter().all(|x| x.is_finite()) {
        return k.map(|x| x.max(0.0));
    }
    let SymmetricEigen { eigenvectors, eigenvalues } = SymmetricEigen::new(k);
    if eigenvalues.iter().all(|l| *l >= 0.0) {
        return k;
    }
    eigenvectors * Matrix3::from_diagonal(&eigenvalues.map(|l| l.max(0.0))) * eigenvectors.transpose()
}

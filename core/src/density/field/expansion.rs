//! Data without closed forms as quadratic functions around a point.

use crate::density::Density;
use crate::density::bordered::{TaskAt, TaskNumbers};
use crate::density::closed::BlockPoint;
use crate::density::field::around::{Field, Point, Spread};
use crate::density::given_others::QuadraticInW;
use crate::density::integrated::Beyond;
use crate::density::program::Structured;
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

/// What is said beyond closed forms, around a point.
pub(super) struct Expansion<'a> {
    density: &'a Density<'a>,
    field: &'a Field,
    /// w is at w_0.
    theta: &'a [f64],
    at: &'a Point,
    structured: Option<Box<dyn Structured + 'a>>,
    /// By coordinate of theta: which of the block in hand it is, if it is of w.
    places: Vec<Option<usize>>,
    /// ln p at the point, averaged over V.
    pub(super) height: f64,
    /// tr(K V) / 2
    pub(super) raised: f64,
    /// Theta at the point as tasks read it, and the exponents that they share.
    reads: Vec<f64>,
    exps: Vec<f64>,
    unused: Vec<f64>,
}

impl<'a> Expansion<'a> {
    pub(super) fn new(density: &'a Density<'a>, field: &'a Field, theta: &'a [f64], at: &'a Point) -> Self {
        Self {
            density,
            field,
            theta,
            at,
            structured: None,
            places: vec![None; theta.len()],
            height: 0.0,
            raised: 0.0,
            reads: density.layout.task_reads.iter().map(|&j| at.theta[j]).collect(),
            exps: density.shared_at(theta),
            unused: Vec::new(),
        }
    }
}

impl Beyond for Expansion<'_> {
    fn outside(&mut self, of_w: &mut QuadraticInW) -> f64 {
        let Self { density, field, theta, at, .. } = *self;
        let w = &field.integration.globals.w;
        let (k, QuadraticInW { precision, gradient }) = (w.len(), of_w);
        w.iter().enumerate().for_each(|(place, &j)| self.places[j] = Some(place));
        let mut sites = Sites {
            mask: &density.integrated.outside,
            spreads: field.spreads[0].iter(),
            from: Coordinates { theta, phi: &[] },
            at: Coordinates { theta: &at.theta, phi: &[] },
            places: &self.places,
            value: 0.0,
            height: 0.0,
            raised: 0.0,
            parts: Vec::new(),
            sum: |part: Part| match part {
                Part::Slope(Place::Global(j), by) => gradient[j] += by,
                Part::Precision(Place::Global(i), Place::Global(j), by) if j <= i => precision[i * k + j] += by,
                _ => {}
            },
        };
        self.structured = Some(density.program.structure(&density.integrated, &at.theta, &mut sites));
        let Sites { value, height, raised, .. } = sites;
        self.places.fill(None);
        let rest = |theta: &[f64]| density.program.outside(&field.rest, theta).total();
        self.height += rest(&at.theta) + height;
        self.raised += raised;
        rest(theta) + value
    }

    fn task(&mut self, TaskAt { task, extent, phi }: TaskAt<'_>, numbers: &mut [f64]) {
        let Self { density, theta, at, structured: Some(structured), places, unused, .. } = self else {
            unreachable!("what is outside comes first");
        };
        let here = &at.phi[density.offsets[task]..density.offsets[task + 1]];
        let (reads, s, n) = (&density.layout.task_reads, extent.seats.len(), extent.coordinates);
        extent.seats.iter().enumerate().for_each(|(number, seat)| places[reads[seat.of_block]] = Some(number));
        let TaskNumbers { value, slopes, rows, own, corner } = extent.split(numbers);
        let mut sites = Sites {
            mask: &density.integrated.tasks,
            spreads: self.field.spreads[1 + task].iter(),
            from: Coordinates { theta, phi },
            at: Coordinates { theta: &at.theta, phi: here },
            places,
            value: 0.0,
            height: 0.0,
            raised: 0.0,
            parts: Vec::new(),
            sum: |part: Part| match part {
                Part::Slope(Place::Global(j), by) => slopes[j] += by,
                Part::Slope(Place::Local(r), by) => rows[r * (s + 1) + s] += by,
                Part::Precision(Place::Global(i), Place::Global(j), by) if j <= i => corner[i * (i + 1) / 2 + j] -= by,
                Part::Precision(Place::Local(r), Place::Global(j), by) => rows[r * (s + 1) + j] -= by,
                Part::Precision(Place::Local(r), Place::Local(c), by) => own[r * n + c] += by,
                Part::Precision(..) => {}
            },
        };
        structured.task(task, here, &mut sites);
        *value += sites.value;
        let Sites { height, raised, .. } = sites;
        extent.seats.iter().for_each(|seat| places[reads[seat.of_block]] = None);
        let u = [&self.reads, here].concat();
        unused.clear();
        unused.resize(u.len(), 0.0);
        let point = BlockPoint { u: &u, exps: &self.exps };
        self.height += height + density.closed_task(task).at_point(point, unused);
        self.raised += raised;
    }
}

/// Theta, and the coordinates of a task.
#[derive(Clone, Copy)]
struct Coordinates<'a> {
    theta: &'a [f64],
    phi: &'a [f64],
}

impl Coordinates<'_> {
    fn at(self, coordinate: usize) -> f64 {
        coordinate.checked_sub(self.theta.len()).map_or_else(|| self.theta[coordinate], |local| self.phi[local])
    }
}

/// A coordinate of x among those of a block.
#[derive(Clone, Copy)]
enum Place {
    Global(usize),
    Local(usize),
}

/// A part of a quadratic function.
enum Part {
    Slope(Place, f64),
    /// Every pair comes in both orders.
    Precision(Place, Place, f64),
}

/// Expands the sites of a block: what they are around `at`, as a quadratic function around `from`.
struct Sites<'a, S> {
    mask: &'a SiteMask,
    /// V of the sites to come.
    spreads: Iter<'a, Spread>,
    from: Coordinates<'a>,
    at: Coordinates<'a>,
    places: &'a [Option<usize>],
    /// The quadratic function at `from`, and f at `at`.
    value: f64,
    height: f64,
    /// What V adds to the former.
    raised: f64,
    parts: Vec<Part>,
    sum: S,
}

impl<S> Sites<'_, S> {
    fn place(&self, coordinate: usize) -> Option<Place> {
        match coordinate.checked_sub(self.places.len()) {
            Some(local) => Some(Place::Local(local)),
            None => self.places[coordinate].map(Place::Global),
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
        if !site.is_marked_in(self.mask) {
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
        let (from, at) = (self.from, self.at);
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

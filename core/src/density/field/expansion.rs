//! Data without closed forms as quadratic functions around a point.

use crate::density::Density;
use crate::density::bordered::{TaskAt, TaskNumbers};
use crate::density::closed::BlockPoint;
use crate::density::field::around::{Field, Point};
use crate::density::field::sites::{BlockSites, Coordinates, Part, Place, Sites};
use crate::density::given_others::QuadraticInW;
use crate::density::integrated::Beyond;
use crate::density::program::Structured;

/// What is said beyond closed forms, around a point.
pub(super) struct Expansion<'a> {
    density: &'a Density<'a>,
    field: &'a Field,
    /// w is at w_0.
    theta: &'a [f64],
    at: &'a Point,
    structured: Option<Box<dyn Structured + 'a>>,
    /// By coordinate of theta: which of the task in hand it is, if it is of w.
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
        let globals = &field.integration.globals;
        let (k, places, QuadraticInW { precision, gradient }) = (globals.w.len(), globals.places(), of_w);
        let block = BlockSites {
            mask: &density.integrated.outside,
            spreads: &field.spreads[0],
            from: Coordinates { theta, phi: &[] },
            at: Coordinates { theta: &at.theta, phi: &[] },
            places: &places,
        };
        let mut sites = Sites::new(block, |part: Part| match part {
            Part::Slope(Place::Global(j), by) => gradient[j] += by,
            Part::Precision(Place::Global(i), Place::Global(j), by) if j <= i => precision[i * k + j] += by,
            _ => {}
        });
        self.structured = Some(density.program.structure(&density.integrated, &at.theta, &mut sites));
        let Sites { value, height, raised, .. } = sites;
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
        let block = BlockSites {
            mask: &density.integrated.tasks,
            spreads: &self.field.spreads[1 + task],
            from: Coordinates { theta, phi },
            at: Coordinates { theta: &at.theta, phi: here },
            places,
        };
        let mut sites = Sites::new(block, |part: Part| match part {
            Part::Slope(Place::Global(j), by) => slopes[j] += by,
            Part::Slope(Place::Local(r), by) => rows[r * (s + 1) + s] += by,
            Part::Precision(Place::Global(i), Place::Global(j), by) if j <= i => corner[i * (i + 1) / 2 + j] -= by,
            Part::Precision(Place::Local(r), Place::Global(j), by) => rows[r * (s + 1) + j] -= by,
            Part::Precision(Place::Local(r), Place::Local(c), by) => own[r * n + c] += by,
            Part::Precision(..) => {}
        });
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

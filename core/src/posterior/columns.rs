//! A posterior's draws as columns: one a constrained number.

use crate::density::program::{Program, TaskPoint, unscored};
use crate::guide::Guide;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::summary::Summary;
use std::borrow::Cow;

/// Where a posterior's draws come from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'s> {
    pub(crate) guide: &'s Guide,
    pub(crate) gaussian: &'s GaussianHierarchy,
    pub(crate) draws: &'s WeightedDraws,
}

impl<'s> Source<'s> {
    /// Summaries of the globals' numbers.
    pub(crate) fn globals(&self, program: &dyn Program) -> Vec<Summary> {
        let thetas = (0..self.draws.len()).map(|s| self.draws.theta(s));
        global_summaries(program, thetas, &self.draws.weights)
    }

    /// Summaries of the numbers of task i of the fit, which is task `at` of the program.
    pub(crate) fn locals(&self, program: &dyn Program, i: usize, at: usize) -> Vec<Summary> {
        self.locals_of(program, i, at, &self.table(i))
    }

    /// Summaries of the numbers of task i of the fit, which is task `at` of the program, from the table of its draws.
    pub(crate) fn locals_of(&self, program: &dyn Program, i: usize, at: usize, table: &[f64]) -> Vec<Summary> {
        let mut columns = Columns::default();
        if self.draws.are_values {
            (0..self.draws.len()).for_each(|s| columns.push(self.phi(table, i, s)));
            return columns.summaries(&self.draws.weights);
        }
        let unscored = unscored(&program.signature(), &self.draws.non_centred);
        let mut row = Vec::new();
        for s in 0..self.draws.len() {
            let point = TaskPoint { task: at, u: self.phi(table, i, s), unscored: &unscored };
            program.local_values(self.draws.theta(s), &point, &mut row);
            columns.push(&row);
        }
        columns.summaries(&self.draws.weights)
    }

    /// All draws of task i's coordinates.
    pub(crate) fn table(&self, i: usize) -> Cow<'s, [f64]> {
        self.draws.task(self.guide, self.gaussian, i)
    }

    /// The coordinates of task i in draw s, out of the table of its draws.
    pub(crate) fn phi<'t>(&self, table: &'t [f64], i: usize, s: usize) -> &'t [f64] {
        let width = self.guide.task(i).len();
        &table[s * width..(s + 1) * width]
    }
}

/// Summaries of the globals' numbers at these unconstrained thetas, whose weights sum to 1.
pub(crate) fn global_summaries<'a>(
    program: &dyn Program,
    thetas: impl Iterator<Item = &'a [f64]>,
    weights: &[f64],
) -> Vec<Summary> {
    let mut row = Vec::new();
    let mut columns = Columns::default();
    for theta in thetas {
        program.global_values(theta, &mut row);
        columns.push(&row);
    }
    columns.summaries(weights)
}

/// Columns of numbers.
#[derive(Default)]
struct Columns(Vec<Vec<f64>>);

impl Columns {
    fn push(&mut self, row: &[f64]) {
        self.0.resize(row.len(), Vec::new());
        self.0.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
    }

    fn summaries(&self, weights: &[f64]) -> Vec<Summary> {
        self.0.iter().map(|column| Summary::weighted(column, weights)).collect()
    }
}

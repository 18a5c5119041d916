//! A posterior's draws as columns: one a constrained number.

use crate::density::program::{Program, TaskPoint, unscored};
use crate::guide::Guide;
use crate::model::level::Level;
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
    /// The globals' numbers.
    pub(crate) fn globals(&self, program: &dyn Program) -> Columns {
        Columns::of_globals(program, (0..self.draws.len()).map(|s| self.draws.theta(s)))
    }

    /// The numbers of task i of the fit, which is task `at` of the program, from the table of its draws.
    pub(crate) fn locals(&self, program: &dyn Program, i: usize, at: usize, table: &[f64]) -> Columns {
        let mut columns = Columns::default();
        if self.draws.are_values {
            (0..self.draws.len()).for_each(|s| columns.push(self.phi(table, i, s)));
            return columns;
        }
        let unscored = unscored(&program.signature(), &self.draws.non_centred);
        let mut row = Vec::new();
        for s in 0..self.draws.len() {
            let point = TaskPoint { task: at, u: self.phi(table, i, s), unscored: &unscored };
            program.local_values(self.draws.theta(s), &point, &mut row);
            columns.push(&row);
        }
        columns
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

/// Columns of numbers: a row a draw.
#[derive(Default)]
pub(crate) struct Columns(Vec<Vec<f64>>);

impl Columns {
    /// The globals' numbers at these unconstrained thetas.
    pub(crate) fn of_globals<'a>(program: &dyn Program, thetas: impl Iterator<Item = &'a [f64]>) -> Self {
        let mut row = Vec::new();
        let mut columns = Self::default();
        for theta in thetas {
            program.global_values(theta, &mut row);
            columns.push(&row);
        }
        columns
    }

    pub(crate) fn push(&mut self, row: &[f64]) {
        self.0.resize(row.len(), Vec::new());
        self.0.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
    }

    /// What a table shows of each draw of a level's numbers.
    pub(crate) fn shown(self, level: &Level) -> Self {
        if !level.shows_others() {
            return self;
        }
        let mut shown = Self::default();
        for s in 0..self.0.first().map_or(0, Vec::len) {
            let row: Vec<f64> = self.0.iter().map(|column| column[s]).collect();
            shown.push(&level.shown(&row));
        }
        shown
    }

    /// The summary of each column under weights of sum 1, of which `cluster` neighbours depend on each other.
    pub(crate) fn summaries(&self, weights: &[f64], cluster: usize) -> Vec<Summary> {
        self.0.iter().map(|column| Summary::clustered(column, weights, cluster)).collect()
    }
}

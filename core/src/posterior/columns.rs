//! A posterior's draws as columns: one a constrained number.

use crate::density::program::{Numbers, Program, TaskPoint, unscored};
use crate::guide::Guide;
use crate::model::level::Level;
use crate::model::site_mask::SiteMask;
use crate::posterior::draws::WeightedDraws;
use crate::posterior::gaussian::GaussianHierarchy;
use crate::posterior::mc_error::{Dependence, Moments, Tails};
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
        global_columns(program, thetas).summaries(&self.draws.weights, &self.draws.dependence)
    }

    /// What a table shows of the globals, by draw.
    pub(crate) fn columns_of_globals(&self, program: &dyn Program, level: &Level) -> Columns {
        global_columns(program, (0..self.draws.len()).map(|s| self.draws.theta(s))).shown(level)
    }

    /// Summaries of what a table shows of the globals.
    pub(crate) fn shown_globals(&self, program: &dyn Program, level: &Level) -> Vec<Summary> {
        self.columns_of_globals(program, level).summaries(&self.draws.weights, &self.draws.dependence)
    }

    /// Summaries of the numbers of task i of the fit, which is task `at` of the program, from the table of its draws.
    pub(crate) fn locals(&self, program: &dyn Program, i: usize, at: usize, table: &[f64]) -> Vec<Summary> {
        self.local_columns(program, i, at, table).summaries(&self.draws.weights, &self.draws.dependence)
    }

    /// What a table shows of task i, by draw.
    pub(crate) fn columns_of_task(&self, program: &dyn Program, level: &Level, i: usize) -> Columns {
        self.local_columns(program, i, i, &self.table(i)).shown(level)
    }

    /// Summaries of what a table shows of task i.
    pub(crate) fn shown_locals(&self, program: &dyn Program, level: &Level, i: usize) -> Vec<Summary> {
        self.columns_of_task(program, level, i).summaries(&self.draws.weights, &self.draws.dependence)
    }

    fn local_columns(&self, program: &dyn Program, i: usize, at: usize, table: &[f64]) -> Columns {
        let rows = (0..self.draws.len()).map(|s| (self.draws.theta(s), self.phi(table, i, s)));
        let unscored = (!self.draws.are_values).then(|| unscored(&program.signature(), &self.draws.non_centred));
        local_columns(program, at, rows, unscored.as_ref(), Numbers::All)
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

/// Columns of the globals' numbers at these unconstrained thetas.
pub(crate) fn global_columns<'a>(program: &dyn Program, thetas: impl Iterator<Item = &'a [f64]>) -> Columns {
    let mut row = Vec::new();
    let mut columns = Columns::default();
    for theta in thetas {
        program.global_values(theta, &mut row);
        columns.push(&row);
    }
    columns
}

/// Columns of the numbers of task `at` of the program, from rows of theta and phi; the coordinates are the numbers themselves
/// unless a mask says how they are written.
pub(crate) fn local_columns<'a>(
    program: &dyn Program,
    at: usize,
    rows: impl Iterator<Item = (&'a [f64], &'a [f64])>,
    unscored: Option<&SiteMask>,
    numbers: Numbers,
) -> Columns {
    let mut columns = Columns::default();
    let mut row = Vec::new();
    for (theta, u) in rows {
        match unscored {
            Some(unscored) => {
                program.local_values(theta, &TaskPoint { task: at, u, unscored }, numbers, &mut row);
                columns.push(&row);
            }
            None => columns.push(u),
        }
    }
    columns
}

/// Summaries of the globals' numbers at these unconstrained, independent thetas, whose weights sum to 1.
pub(crate) fn global_summaries<'a>(
    program: &dyn Program,
    thetas: impl Iterator<Item = &'a [f64]>,
    weights: &[f64],
) -> Vec<Summary> {
    global_columns(program, thetas).summaries(weights, &Dependence::NONE)
}

/// Columns of numbers.
#[derive(Default)]
pub(crate) struct Columns(Vec<Vec<f64>>);

impl Columns {
    pub(crate) fn push(&mut self, row: &[f64]) {
        self.0.resize(row.len(), Vec::new());
        self.0.iter_mut().zip(row).for_each(|(column, x)| column.push(*x));
    }

    /// Column by column.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.0.iter().map(Vec::as_slice)
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

    pub(crate) fn summaries(&self, weights: &[f64], dependence: &Dependence) -> Vec<Summary> {
        self.0.iter().map(|column| Summary::weighted(column, weights, dependence)).collect()
    }

    /// What is known of the tails of each number, given their moments.
    pub(crate) fn tails(&self, weights: &[f64], moments: &[Moments]) -> Vec<Tails> {
        self.0.iter().zip(moments).map(|(column, moments)| Tails::of(column, weights, moments)).collect()
    }

    pub(crate) fn moments(&self, weights: &[f64], dependence: &Dependence) -> Vec<Moments> {
        self.0.iter().map(|column| Moments::of(column, weights, dependence)).collect()
    }
}

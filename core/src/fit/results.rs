//! What a fit found, number by number: by name, for programs that do not know the model.

use crate::density::program::Program;
use crate::fit::Fit;
use crate::fit::names::{NamedLevel, NumberName};
use crate::fit::solution::Solution;
use crate::interpret::discover::Start;
use crate::model::subset::Subset;
use crate::model::{Latents, Model};
use crate::posterior::columns::Columns;
use crate::posterior::summary::Summary;
use std::io::{self, Write};

/// A latent's number and its posterior.
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct NamedSummary {
    /// Its name.
    pub name: NumberName,
    /// Its posterior.
    pub summary: Summary,
}

/// Equally weighted draws of all latents as a table: a column a number, a row a draw.
#[doc(alias("export"))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[derive(Clone, Debug, PartialEq)]
pub struct DrawsTable {
    /// Names of the columns, the globals first, then task by task.
    pub names: Vec<NumberName>,
    /// By column, its draws.
    pub columns: Vec<Vec<f64>>,
}

impl DrawsTable {
    /// Writes it as comma-separated values under a heading, with all digits; names with a comma in them are quoted.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn to_csv(&self, mut out: impl Write) -> io::Result<()> {
        let heading: Vec<String> = self.names.iter().map(|name| quoted(&name.to_string())).collect();
        writeln!(out, "{}", heading.join(","))?;
        for s in 0..self.columns.first().map_or(0, Vec::len) {
            let row: Vec<String> = self.columns.iter().map(|column| column[s].to_string()).collect();
            writeln!(out, "{}", row.join(","))?;
        }
        Ok(())
    }
}

/// A field of a table of comma-separated values (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

impl<M: Model> Fit<M> {
    /// Every latent's numbers by name with their posteriors, the globals first, then task by task; of Cholesky factors of
    /// correlations the correlations.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # model! {
    /// #     Coins(heads: &[(u32, u32)]) {
    /// #         spread ~ HalfNormal(1.0);
    /// #         for &(heads, tosses) in heads {
    /// #             log_odds ~ Normal(0.0, spread);
    /// #             heads ~ BinomialLogit(tosses, log_odds);
    /// #         }
    /// #     }
    /// # }
    /// let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
    /// for row in fit.rows() {
    ///     println!("{},{},{}", row.name, row.summary.mean, row.summary.sd);
    /// }
    /// assert_eq!(fit.rows()[1].name.to_string(), "log_odds task 0");
    /// # Ok::<(), hierarch::Error>(())
    /// ```
    pub fn rows(&self) -> Vec<NamedSummary> {
        rows(&Subset::all(&self.model), &self.solution)
    }

    /// So many equally weighted draws of all latents as a table, by the fit's own seed: the same ones each time.
    pub fn draws_table(&self, n: usize) -> DrawsTable {
        draws_table(&Subset::all(&self.model), &self.solution, n)
    }

    /// Posterior summaries of the latents of the task of that label, as [`grouped`](crate::tasks::grouped) gives them; `None` if
    /// no task is called so.
    pub fn local_of(&self, label: &str) -> Option<<M::Local as Latents>::Of<Summary>> {
        self.task_of(label).map(|i| self.local(i))
    }

    /// The number of the task of that label, which [`predict`](Self::predict), [`seen`](Self::seen) and others want; `None` if no task
    /// is called so.
    pub fn task_of(&self, label: &str) -> Option<usize> {
        let is_called = |i: &usize| self.model.task_label(*i).as_deref() == Some(label);
        (0..self.model.num_tasks()).find(is_called)
    }
}

fn rows(program: &dyn Program, solution: &Solution) -> Vec<NamedSummary> {
    let draws = &solution.draws;
    let summarised = |(names, columns): (Vec<NumberName>, Columns)| {
        let summaries = columns.summaries(&draws.weights, &draws.dependence);
        names.into_iter().zip(summaries).map(|(name, summary)| NamedSummary { name, summary }).collect::<Vec<_>>()
    };
    levels(program, solution).flat_map(summarised).collect()
}

fn draws_table(program: &dyn Program, solution: &Solution, n: usize) -> DrawsTable {
    let picked = solution.picked(n);
    let mut table = DrawsTable { names: Vec::new(), columns: Vec::new() };
    for (names, columns) in levels(program, solution) {
        table.names.extend(names);
        table.columns.extend(columns.iter().map(|column| picked.iter().map(|&s| column[s]).collect()));
    }
    table
}

/// What a table shows of each level, with names: of the globals, and of every task.
fn levels<'a>(
    program: &'a dyn Program,
    solution: &'a Solution,
) -> impl Iterator<Item = (Vec<NumberName>, Columns)> + 'a {
    let signature = program.signature();
    let globals = &solution.shape.global;
    let named = NamedLevel { level: globals, sites: signature.global_sites, task: None };
    let of_globals = (all_names(&named), solution.source().columns_of_globals(program, globals));
    let of_task = move |i: usize| {
        let level = program.task_level(&Start::Zero, i);
        let columns = solution.source().columns_of_task(program, &level, i);
        let task = Some(program.task_name(i));
        (all_names(&NamedLevel { level: &level, sites: signature.local_sites, task }), columns)
    };
    std::iter::once(of_globals).chain((0..program.num_tasks()).map(of_task))
}

fn all_names(level: &NamedLevel<'_>) -> Vec<NumberName> {
    level.names().flat_map(|(_, names)| names).collect()
}

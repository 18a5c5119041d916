//! What a whole default fit costs, row by row, on one thread: `cargo bench --bench panel`.
//!
//! Each row is measured in a process of its own, so that its processor time and its peak of memory are its own. A fit's
//! processor time is split into that of the climb and that of the correction as its own clock says ([`Times`]). What takes
//! less than 0.1 s is repeated until 0.5 s have passed, and the medians count. Where the right posterior is known, the
//! worst errors of a mean and of a standard deviation are given, and which latents have them.
//!
//! `cargo bench --bench panel -- radon logit` runs the rows whose names contain one of the words, `-- --markdown` makes a
//! table for a page, `-- --dump crossed` prints the simulated data of those rows.
//!
//! [`Times`]: hierarch::fit::Times
#![allow(missing_docs)]
#![allow(clippy::duplicate_mod, reason = "programs of `examples/` are modules here, each with what it needs")]

#[path = "shared/by_hand.rs"]
mod by_hand;
#[path = "full_covariance.rs"]
#[allow(dead_code, reason = "a program of its own, of which the model and its data serve here")]
mod full_covariance;
#[path = "shared/measure.rs"]
mod measure;
#[path = "../../tests/shared/models.rs"]
#[allow(unused_imports, reason = "tests need more of it")]
mod models;
#[path = "../../tests/shared/panel_rows.rs"]
mod panel_rows;
#[path = "shared/ratios.rs"]
mod ratios;

use measure::{CELLS, measured};
use panel_rows::simulated::regression;
use panel_rows::{LARGE, Row, SMALL};
use ratios::RATIOS;
use std::process::Command;

/// What the command line asks for.
enum Asked {
    /// The rows of these words, as a table.
    Table { words: Vec<String>, is_markdown: bool },
    /// The simulated data of these rows.
    Data { words: Vec<String> },
    /// One row, measured in this process.
    Row { name: String },
}

impl Asked {
    /// Without `--bench`, as `cargo test --benches` starts it, a row that takes milliseconds shows that it runs.
    fn read() -> Self {
        let (flags, mut words): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|a| a.starts_with('-'));
        let has = |flag: &str| flags.iter().any(|f| f == flag);
        if has("--measure") {
            return Self::Row { name: words.join(" ") };
        }
        if words.is_empty() && !has("--bench") {
            words.push(SMALL[0].name.to_owned());
        }
        if has("--dump") { Self::Data { words } } else { Self::Table { words, is_markdown: has("--markdown") } }
    }
}

fn is_asked(name: &str, words: &[String]) -> bool {
    words.is_empty() || words.iter().any(|word| name.to_lowercase().contains(&word.to_lowercase()))
}

/// All rows that are fits.
fn rows() -> impl Iterator<Item = &'static Row> {
    SMALL.iter().chain(LARGE)
}

/// Names of all rows, those of ratios last.
fn names() -> impl Iterator<Item = &'static str> {
    rows().map(|row| row.name).chain(RATIOS.iter().map(|ratio| ratio.name))
}

/// A line of cells, the first one wide.
struct Line {
    is_markdown: bool,
}

/// Widths of the columns.
const WIDTHS: [usize; CELLS.len()] = [11, 11, 9, 10, 12, 22, 22];
/// Width of the names' column.
const WIDEST_NAME: usize = 43;

impl Line {
    fn print(&self, name: &str, cells: &[&str]) {
        if self.is_markdown {
            println!("| {name} | {} |", cells.join(" | "));
            return;
        }
        let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:>width$}"));
        println!("{name:WIDEST_NAME$} {}", padded.collect::<Vec<_>>().join(" "));
    }

    /// A row, measured by a process of its own.
    fn print_measured(&self, name: &str) {
        let program = std::env::current_exe().expect("a program knows where it is");
        let output = Command::new(program).args(["--measure", name]).output().expect("a program can start itself");
        let said = String::from_utf8_lossy(&output.stdout);
        match said.lines().last() {
            Some(line) if output.status.success() => self.print(name, &line.split('\t').collect::<Vec<_>>()),
            _ => {
                let complaint = String::from_utf8_lossy(&output.stderr);
                self.print(name, &[&format!("{}: {}", output.status, complaint.trim().replace('\n', " "))]);
            }
        }
    }
}

fn main() {
    match Asked::read() {
        Asked::Row { name } => println!("{}", measured(&name).join("\t")),
        Asked::Data { words } => {
            for row in rows().filter(|row| is_asked(row.name, &words)) {
                print!("{}", row.data.map_or_else(String::new, |data| data()));
            }
        }
        Asked::Table { words, is_markdown } => {
            let line = Line { is_markdown };
            line.print("", &CELLS);
            if is_markdown {
                line.print("---", &["---:"; CELLS.len()]);
            }
            names().filter(|name| is_asked(name, &words)).for_each(|name| line.print_measured(name));
        }
    }
}

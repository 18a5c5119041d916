//! Tables of summaries.

use crate::fit::names::NamedLevel;
use crate::posterior::summary::Summary;
use std::fmt;

/// Entries of a vector shown in full.
const MOST_ENTRIES: usize = 60;
/// Entries shown of a longer one: the first.
const FEW_ENTRIES: usize = 10;

/// A row of a table: a number's name, its summary, and that of the guide as it is.
struct Row {
    name: String,
    summary: Summary,
    guide: Option<Summary>,
}

/// A table of the numbers of some levels.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
    /// Which sites have more numbers than are shown, and how many more.
    cut: Vec<(String, usize)>,
}

impl Table {
    /// A row for each number of a level, from the summaries of all that are shown; of many of one site the first few.
    pub(crate) fn add(&mut self, level: &NamedLevel<'_>, summaries: &[Summary], of_guide: Option<&[Summary]>) {
        let task = level.task.as_ref().map_or_else(String::new, |task| format!("  {}", task.in_table()));
        let mut left = vec![0; level.sites.len()];
        level.names().for_each(|(slot, names)| left[slot.site] += names.len());
        for (site, numbers) in level.sites.iter().zip(&mut left).filter(|(_, numbers)| **numbers > MOST_ENTRIES) {
            self.cut.push((format!("{}{task}", site.name), *numbers - FEW_ENTRIES));
            *numbers = FEW_ENTRIES;
        }
        let mut first = 0;
        for (slot, names) in level.names() {
            let left = &mut left[slot.site];
            for (at, name) in (first..).zip(&names).take(*left) {
                let name = format!("{}{task}", name.in_level());
                self.rows.push(Row { name, summary: summaries[at], guide: of_guide.map(|guide| guide[at]) });
            }
            *left -= names.len().min(*left);
            first += names.len();
        }
    }
}

impl fmt::Display for Table {
    /// The rows under their heading, behind an empty line, and what is not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rows, cut } = self;
        let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(8);
        let heading = if rows.iter().any(|row| row.guide.is_some()) { "   guide sd" } else { "" };
        writeln!(
            f,
            "\n{:width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9} {:>6}{heading}",
            "", "mean", "sd", "5%", "50%", "95%", "mc error", "of sd"
        )?;
        rows.iter().try_for_each(|row| row.write(f, width))?;
        cut.iter().try_for_each(|(name, more)| writeln!(f, "... and {more} entries more of {name}"))
    }
}

impl Row {
    fn write(&self, f: &mut fmt::Formatter<'_>, width: usize) -> fmt::Result {
        let Self { name, summary, guide } = self;
        write!(f, "{name:width$}")?;
        for number in [summary.mean, summary.sd, summary.q05, summary.q50, summary.q95] {
            write!(f, " {}", FourDigits(number))?;
        }
        write!(f, " {:>9} {:>6}", OneDigit(summary.mc_error).to_string(), OneDigit(summary.sd_mc_error).to_string())?;
        match guide {
            Some(guide) => writeln!(f, " {}", FourDigits(guide.sd)),
            None => writeln!(f),
        }
    }
}

/// Four significant digits, right-aligned in ten columns.
struct FourDigits(f64);

impl fmt::Display for FourDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let v = self.0;
        let text = if v == 0.0 || !v.is_finite() {
            format!("{v}")
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "the magnitude of an f64 is a small integer")]
            let magnitude = v.abs().log10().floor() as i32;
            match magnitude {
                -4..=5 => format!("{v:.*}", usize::try_from(3 - magnitude).unwrap_or(0)),
                _ => format!("{v:.3e}"),
            }
        };
        write!(f, "{text:>10}")
    }
}

/// One significant digit.
struct OneDigit(f64);

impl fmt::Display for OneDigit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0e}", self.0)
    }
}

//! Tables of summaries.

use crate::error::TaskName;
use crate::model::Site;
use crate::model::level::Level;
use crate::posterior::summary::Summary;
use std::fmt;

/// Entries of a vector shown in full.
pub(crate) const MOST_ENTRIES: usize = 60;
/// Entries shown of a longer one: the first.
pub(crate) const FEW_ENTRIES: usize = 10;

/// A row of a table: a number's name, its summary, and that of the guide as it is.
pub(crate) struct Row {
    name: String,
    summary: Summary,
    guide: Option<Summary>,
}

/// A level whose numbers are to be named: `tau`, `w[2]`, `theta  task 3`.
pub(crate) struct NamedLevel<'a> {
    pub(crate) level: &'a Level,
    pub(crate) sites: &'a [Site],
    /// The task, if it has a number or a label.
    pub(crate) task: Option<TaskName>,
}

impl NamedLevel<'_> {
    /// A row for each number, from the summaries of all that are shown.
    pub(crate) fn rows(&self, summaries: &[Summary], of_guide: Option<&[Summary]>) -> Vec<Row> {
        let (mut rows, mut first) = (Vec::new(), 0);
        let task = self.task.as_ref().map_or_else(String::new, |task| format!("  {}", task.in_table()));
        for site in self.sites {
            let labels = self.level.labels(site);
            let few = if labels.len() > MOST_ENTRIES { FEW_ENTRIES } else { labels.len() };
            for (at, label) in (first..).zip(&labels[..few]) {
                let name = format!("{}{label}{task}", site.name);
                rows.push(Row { name, summary: summaries[at], guide: of_guide.map(|guide| guide[at]) });
            }
            first += labels.len();
        }
        rows
    }
}

/// The rows under their heading, behind an empty line.
pub(crate) fn table(f: &mut fmt::Formatter<'_>, rows: &[Row]) -> fmt::Result {
    let width = rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(8);
    let heading = if rows.iter().any(|row| row.guide.is_some()) { "   guide sd" } else { "" };
    writeln!(
        f,
        "\n{:width$} {:>10} {:>10} {:>10} {:>10} {:>10} {:>9} {:>6}{heading}",
        "", "mean", "sd", "5%", "50%", "95%", "mc error", "of sd"
    )?;
    for Row { name, summary, guide } in rows {
        write!(f, "{name:width$}")?;
        for number in [summary.mean, summary.sd, summary.q05, summary.q50, summary.q95] {
            write!(f, " {}", FourDigits(number))?;
        }
        write!(f, " {:>9} {:>6}", OneDigit(summary.mc_error).to_string(), OneDigit(summary.sd_mc_error).to_string())?;
        match guide {
            Some(guide) => writeln!(f, " {}", FourDigits(guide.sd))?,
            None => writeln!(f)?,
        }
    }
    Ok(())
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

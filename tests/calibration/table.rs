//! What was found, as tables.

use crate::roster::ROSTER;
use crate::tally::{Judged, Tally};
use crate::trial::Trusted;
use crate::uniform::LEVELS;

/// How rows are written.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    pub(crate) is_markdown: bool,
}

impl Style {
    fn row(self, cells: &[String]) -> String {
        if self.is_markdown {
            return format!("| {} |", cells.join(" | "));
        }
        let (first, rest) = cells.split_first().expect("a row has cells");
        rest.iter().fold(format!("{first:<30}"), |row, cell| row + &format!("{cell:>13}"))
    }

    fn head(self, names: &[&str]) -> String {
        let head = self.row(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let rule = format!("|---|{}", "---:|".repeat(names.len() - 1));
        if self.is_markdown { format!("{head}\n{rule}") } else { head }
    }

    /// One row a model.
    pub(crate) fn models(self, tallies: &[(usize, Tally)]) -> String {
        let head =
            ["model", "fits", "reliable", "doubtful", "not checked", "50%", "80%", "90%", "95%", "rest, 90%", "ms"];
        let mut lines = vec![self.head(&head)];
        for (at, tally) in tallies {
            let percent = |count: usize| format!("{:.1}%", 100.0 * count as f64 / tally.replications() as f64);
            let shown =
                |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}%", 100.0 * share));
            let (reliable, rest) = (tally.coverage(true), tally.coverage(false));
            let mut cells = vec![ROSTER[*at].name.to_owned(), tally.replications().to_string()];
            cells.extend([Trusted::Reliable, Trusted::Doubtful, Trusted::NotChecked].map(|t| percent(tally.count(t))));
            cells.extend((0..LEVELS.len()).map(|k| shown(reliable.map(|coverage| coverage[k]))));
            cells.push(shown(rest.map(|coverage| coverage[2])));
            cells.push(format!("{:.0}", 1e3 * tally.median().as_secs_f64()));
            lines.push(self.row(&cells));
        }
        lines.join("\n")
    }

    /// One row a quantity, of reliable fits.
    pub(crate) fn quantities(self, judged: &[Judged]) -> String {
        let head = ["quantity", "fits", "mean rank", "50%", "80%", "90%", "95%", "p of bins", "least p"];
        let row = |Judged { name, uniformity, .. }: &Judged| {
            let mut cells = vec![name.clone(), uniformity.count.to_string(), format!("{:.3}", uniformity.mean)];
            cells.extend(uniformity.coverage().map(|share| format!("{:.1}%", 100.0 * share)));
            cells.extend([uniformity.by_bins, uniformity.least()].map(p_value));
            self.row(&cells)
        };
        let rows: Vec<String> = judged.iter().map(row).collect();
        format!("{}\n{}", self.head(&head), rows.join("\n"))
    }
}

/// Three decimals, or the power of ten.
pub(crate) fn p_value(p: f64) -> String {
    if p < 1e-3 { format!("{p:.0e}") } else { format!("{p:.3}") }
}

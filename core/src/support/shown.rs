//! What a table shows of a vector: its entries, or what they stand for.

use crate::support::correlation::correlation;

/// What a table shows of a point of a [`VectorSupport`](crate::support::VectorSupport).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shown {
    /// Its entries.
    #[default]
    Entries,
    /// The correlations below the diagonal, row by row, of that many numbers: the point is the Cholesky factor of their
    /// correlation matrix.
    Correlations(usize),
    /// Its entries, in rows of so many.
    Rows(usize),
}

impl Shown {
    /// Appends the numbers that are shown of a point.
    pub(crate) fn append(self, point: &[f64], out: &mut Vec<f64>) {
        match self {
            Self::Entries | Self::Rows(_) => out.extend(point),
            Self::Correlations(len) => out.extend(pairs(len).map(|(row, column)| correlation(point, row, column))),
        }
    }

    /// Whether other numbers are shown than the entries.
    pub(crate) fn differs(self) -> bool {
        matches!(self, Self::Correlations(_))
    }

    /// What to call each number, behind the name of a point of so many entries.
    pub(crate) fn labels(self, entries: usize) -> Vec<String> {
        match self {
            Self::Entries if entries == 1 => vec![String::new()],
            Self::Entries => (0..entries).map(|k| format!("[{k}]")).collect(),
            Self::Rows(len) => (0..entries).map(|at| format!("[{}, {}]", at / len, at % len)).collect(),
            Self::Correlations(len) => pairs(len).map(|(row, column)| format!("[{row}, {column}]")).collect(),
        }
    }

    /// The label of one of so many values: of a correlation's Cholesky factor its place there, as that of the correlation.
    pub(crate) fn label_of_value(self, value: usize, values: usize) -> String {
        let Self::Correlations(_) = self else { return self.labels(values).swap_remove(value) };
        let row = ((8 * value + 1).isqrt() - 1) / 2;
        format!("[{row}, {}]", value - row * (row + 1) / 2)
    }
}

/// Row and column of each entry below the diagonal.
fn pairs(len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).flat_map(|row| (0..row).map(move |column| (row, column)))
}

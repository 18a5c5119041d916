//! The correlations that a Cholesky factor stands for.

/// The correlation of numbers `row` and `column`, counted from 0, given the Cholesky factor of their correlation matrix as a
/// packed lower triangle: what `fit.marginal(|draw| correlation(&draw.global.corr, 1, 0))` is made of.
///
/// # Panics
/// If the triangle has no such rows.
///
/// ```
/// use hierarch::support::correlation;
/// assert_eq!(correlation(&[1.0, 0.6, 0.8], 1, 0), 0.6);
/// assert_eq!(correlation(&[1.0, 0.6, 0.8, 0.0, 1.0, 0.0], 2, 1), 0.8);
/// ```
pub fn correlation(triangle: &[f64], row: usize, column: usize) -> f64 {
    let of = |row: usize| &triangle[row * (row + 1) / 2..][..=row];
    of(row).iter().zip(of(column)).map(|(a, b)| a * b).sum()
}

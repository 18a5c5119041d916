//! The Cholesky factorisation in place: of small matrices, many of them a second, one for each task and Newton step; and of
//! wide ones, whose products are a library's.
//!
//! Matrices are row-major. A library's factorisations allocate; beside these few lines that was half the time of a step. With
//! blocks A_11 = L_11 L_11' of the first coordinates,
//!     L_21 = A_21 L_11^-T,   A_22 - L_21 L_21' = L_22 L_22'.

use nalgebra::{DMatrix, DMatrixView, DMatrixViewMut, Dyn};

/// From so many coordinates on a matrix is factorised in blocks of so many.
const WIDE: usize = 128;
const BLOCK: usize = 48;

/// A block of a larger matrix: rows, or columns of its transpose.
type View<'a> = DMatrixView<'a, f64, Dyn, Dyn>;
type ViewMut<'a> = DMatrixViewMut<'a, f64, Dyn, Dyn>;

/// Puts L with L L' = A in the lower triangle of `a` (n x n); false if A is not positive definite.
pub(crate) fn factorise(a: &mut [f64], n: usize) -> bool {
    if let [a] = a {
        let is_positive = *a > 0.0 && a.is_finite();
        *a = a.sqrt();
        return is_positive;
    }
    if n >= WIDE {
        return factorise_in_blocks(a, n);
    }
    for i in 0..n {
        let (above, row) = a.split_at_mut(i * n);
        for j in 0..i {
            let (left, right) = (&above[j * n..j * n + j], &row[..j]);
            let dot: f64 = left.iter().zip(right).map(|(a, b)| a * b).sum();
            row[j] = (row[j] - dot) / above[j * n + j];
        }
        let square: f64 = row[..i].iter().map(|a| a * a).sum();
        let pivot = row[i] - square;
        // also false for NaN
        if !(pivot > 0.0 && pivot.is_finite()) {
            return false;
        }
        row[i] = pivot.sqrt();
    }
    true
}

/// The same block by block.
fn factorise_in_blocks(a: &mut [f64], n: usize) -> bool {
    for first in (0..n).step_by(BLOCK) {
        let (size, rest) = (BLOCK.min(n - first), (first + BLOCK).min(n));
        let mut corner: Vec<f64> = (0..size * size).map(|at| a[(first + at / size) * n + first + at % size]).collect();
        if !factorise(&mut corner, size) {
            return false;
        }
        for (row, l) in corner.chunks_exact(size).enumerate() {
            a[(first + row) * n + first..][..=row].copy_from_slice(&l[..=row]);
        }
        let mut inverse = vec![0.0; size * size];
        inverse.iter_mut().step_by(size + 1).for_each(|one| *one = 1.0);
        solve_lower(&corner, size, &mut inverse, size);
        // L_21' column by column is L_21 row by row
        let mut panel = DMatrix::zeros(size, n - rest);
        let below = View::from_slice_with_strides(&a[first..], size, n, 1, n);
        let inverse = View::from_slice_with_strides(&inverse, size, size, size, 1);
        panel.gemm(1.0, &inverse, &below.columns(rest, n - rest), 0.0);
        for (row, l) in panel.column_iter().enumerate() {
            a[(rest + row) * n + first..][..size].copy_from_slice(l.as_slice());
        }
        let left = panel.transpose();
        for from in (rest..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - from);
            // rows from..from + rows of A_22, up to the diagonal
            let width = from + rows - rest;
            let mut block = ViewMut::from_slice_with_strides_mut(&mut a[from * n + rest..], width, rows, 1, n);
            block.gemm(-1.0, &left.rows(0, width), &panel.columns(from - rest, rows), 1.0);
        }
    }
    true
}

/// The solution of L X = B in place of B (n x columns).
pub(crate) fn solve_lower(l: &[f64], n: usize, b: &mut [f64], columns: usize) {
    for i in 0..n {
        let (solved, rest) = b.split_at_mut(i * columns);
        let factors = l[i * n..i * n + i].iter().copied();
        subtract(factors, solved, &mut rest[..columns], l[i * n + i]);
    }
}

/// The solution of L L' X = B in place of B (n x columns).
pub(crate) fn solve(l: &[f64], n: usize, b: &mut [f64], columns: usize) {
    if let [l] = l {
        let a = l * l;
        for b in b.iter_mut() {
            *b /= a;
        }
        return;
    }
    solve_lower(l, n, b, columns);
    if columns == 1 && n >= WIDE {
        return solve_transposed(l, b);
    }
    for i in (0..n).rev() {
        let (rest, solved) = b.split_at_mut((i + 1) * columns);
        let factors = (i + 1..n).map(|k| l[k * n + i]);
        subtract(factors, solved, &mut rest[i * columns..], l[i * n + i]);
    }
}

/// The solution of L' x = b in place of b.
pub(crate) fn solve_transposed(l: &[f64], b: &mut [f64]) {
    let n = b.len();
    for i in (0..n).rev() {
        let row = &l[i * n..=i * n + i];
        b[i] /= row[i];
        let solved = b[i];
        b[..i].iter_mut().zip(row).for_each(|(b, l)| *b -= l * solved);
    }
}

/// ln |L|.
pub(crate) fn ln_det(l: &[f64], n: usize) -> f64 {
    l.iter().step_by(n + 1).map(|d| d.ln()).sum()
}

/// row = (row - sum_k factors_k * rows_k) / diagonal.
fn subtract(factors: impl Iterator<Item = f64>, rows: &[f64], row: &mut [f64], diagonal: f64) {
    for (factor, other) in factors.zip(rows.chunks_exact(row.len().max(1))) {
        row.iter_mut().zip(other).for_each(|(x, other)| *x -= factor * other);
    }
    for x in row {
        *x /= diagonal;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    #[test]
    fn agrees_with_nalgebra() {
        for n in [1_usize, 2, 5, 12, WIDE - 1, WIDE, 2 * BLOCK + WIDE, 301] {
            let diagonal = |i, j| if i == j { (n as f64).sqrt() } else { 0.0 };
            let root = DMatrix::from_fn(n, n, |i, j| ((i * n + j) as f64).sin() + diagonal(i, j));
            let a = &root * root.transpose();
            let b = DMatrix::from_fn(n, 3, |i, j| ((3 * i + j) as f64).cos());
            let expected = a.clone().cholesky().expect("positive definite").solve(&b);
            let (mut l, mut x) = (a.as_slice().to_vec(), b.transpose().as_slice().to_vec());
            assert!(factorise(&mut l, n));
            solve(&l, n, &mut x, 3);
            let x = DMatrix::from_row_slice(n, 3, &x);
            assert!((&x - &expected).amax() < 1e-9 * expected.amax(), "{x} is not {expected}");
            let mut half = b.column(0).as_slice().to_vec();
            solve_transposed(&l, &mut half);
            let root = a.clone().cholesky().expect("positive definite").unpack();
            let back = root.transpose() * DMatrix::from_column_slice(n, 1, &half);
            assert!((back - b.column(0)).amax() < 1e-9, "{half:?}");
        }
    }

    #[test]
    fn refuses_what_is_not_positive_definite() {
        for mut a in [[1.0, 2.0, 2.0, 1.0], [0.0; 4], [f64::NAN; 4], [1.0, 0.0, 0.0, f64::INFINITY]] {
            assert!(!factorise(&mut a, 2), "{a:?}");
        }
    }
}

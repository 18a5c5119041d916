//! Precision matrices whose rows end early, such as those of trees: a node meets its parents, and the nodes below it.
//!
//! Coordinates are in the order in which a tree is walked through, a node before what is below it. Row j of the upper triangle is
//! kept from the diagonal to the last coordinate that j meets. Eliminating the last coordinate first, P = R R' with R upper
//! triangular, nothing is filled in beyond those ends, so that a tree costs as much as it has nodes, for any depth:
//!     R_jk = (P_jk - sum_{m > k} R_jm R_km) / R_kk,   R_jj^2 = P_jj - sum_{m > j} R_jm^2.

/// Below this many coordinates a full matrix is as good.
const WIDE: usize = 12;

/// Where the rows of a matrix end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// By row: where its numbers begin; and where the last one's end.
    starts: Vec<usize>,
}

/// Symmetric matrices that sums are taken in.
pub(crate) trait Symmetric {
    /// Adds to the entry of that row and column, and to no other: of a symmetric sum both (j, k) and (k, j) are added.
    fn add(&mut self, j: usize, k: usize, value: f64);
}

/// All n x n numbers, row-major.
pub(crate) struct Full<'a> {
    pub(crate) n: usize,
    pub(crate) numbers: &'a mut [f64],
}

impl Symmetric for Full<'_> {
    #[inline(always)]
    fn add(&mut self, j: usize, k: usize, value: f64) {
        self.numbers[j * self.n + k] += value;
    }
}

/// The numbers within an envelope.
pub(crate) struct Within<'a> {
    pub(crate) envelope: &'a Envelope,
    pub(crate) numbers: &'a mut [f64],
}

impl Symmetric for Within<'_> {
    #[inline(always)]
    fn add(&mut self, j: usize, k: usize, value: f64) {
        if k >= j {
            self.numbers[self.envelope.starts[j] + k - j] += value;
        }
    }
}

impl Envelope {
    /// The envelope of a matrix of which each call of `visit` names coordinates that meet; `None` where a full matrix is as good.
    pub(crate) fn of(n: usize, visit: impl FnOnce(&mut dyn FnMut(&[usize]))) -> Option<Self> {
        if n < WIDE {
            return None;
        }
        let mut last: Vec<usize> = (0..n).collect();
        visit(&mut |coordinates| {
            let furthest = coordinates.iter().copied().max().unwrap_or(0);
            for &j in coordinates {
                last[j] = last[j].max(furthest);
            }
        });
        let mut starts = vec![0];
        for (j, last) in last.into_iter().enumerate() {
            starts.push(starts[j] + last + 1 - j);
        }
        let envelope = Self { starts };
        (4 * envelope.len() < n * (n + 1)).then_some(envelope)
    }

    /// How many numbers there are.
    pub(crate) fn len(&self) -> usize {
        self.starts[self.rows()]
    }

    fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Row j from the diagonal on.
    fn row<'a>(&self, numbers: &'a [f64], j: usize) -> &'a [f64] {
        &numbers[self.starts[j]..self.starts[j + 1]]
    }

    /// Puts R with R R' = P in place of P; false if P is not positive definite.
    pub(crate) fn factorise(&self, p: &mut [f64]) -> bool {
        for j in (0..self.rows()).rev() {
            let (above, below) = p.split_at_mut(self.starts[j + 1]);
            let row = &mut above[self.starts[j]..];
            let below = |k: usize| &below[self.starts[k] - self.starts[j + 1]..self.starts[k + 1] - self.starts[j + 1]];
            for at in (1..row.len()).rev() {
                let (other, behind) = (below(j + at), &row[at + 1..]);
                let dot: f64 = behind.iter().zip(&other[1..]).map(|(a, b)| a * b).sum();
                row[at] = (row[at] - dot) / other[0];
            }
            let pivot = row[0] - row[1..].iter().map(|a| a * a).sum::<f64>();
            // also false for NaN
            if !(pivot > 0.0 && pivot.is_finite()) {
                return false;
            }
            row[0] = pivot.sqrt();
        }
        true
    }

    /// The solution of R R' X = B in place of B (n x columns).
    pub(crate) fn solve(&self, r: &[f64], b: &mut [f64], columns: usize) {
        self.solve_upper(r, b, columns);
        self.solve_transposed(r, b, columns);
    }

    /// The solution of R X = B in place of B (n x columns).
    pub(crate) fn solve_upper(&self, r: &[f64], b: &mut [f64], columns: usize) {
        for j in (0..self.rows()).rev() {
            let row = self.row(r, j);
            let (until, behind) = b.split_at_mut((j + 1) * columns);
            let here = &mut until[j * columns..];
            for (factor, other) in row[1..].iter().zip(behind.chunks_exact(columns)) {
                here.iter_mut().zip(other).for_each(|(x, other)| *x -= factor * other);
            }
            for x in here.iter_mut() {
                *x /= row[0];
            }
        }
    }

    /// The solution of R' X = B in place of B (n x columns).
    pub(crate) fn solve_transposed(&self, r: &[f64], b: &mut [f64], columns: usize) {
        for j in 0..self.rows() {
            let row = self.row(r, j);
            let (until, behind) = b.split_at_mut((j + 1) * columns);
            let here = &mut until[j * columns..];
            for x in here.iter_mut() {
                *x /= row[0];
            }
            for (factor, other) in row[1..].iter().zip(behind.chunks_exact_mut(columns)) {
                other.iter_mut().zip(&*here).for_each(|(x, here)| *x -= factor * here);
            }
        }
    }

    /// ln |R|.
    pub(crate) fn ln_det(&self, r: &[f64]) -> f64 {
        self.starts[..self.rows()].iter().map(|&start| r[start].ln()).sum()
    }

    /// R as all n x n numbers, row-major.
    pub(crate) fn full(&self, r: &[f64]) -> Vec<f64> {
        let n = self.rows();
        let mut full = vec![0.0; n * n];
        for j in 0..n {
            let row = self.row(r, j);
            full[j * n + j..][..row.len()].copy_from_slice(row);
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::DMatrix;

    /// A root, three children of it with four of their own each, and what they say of each other.
    fn tree() -> (Envelope, DMatrix<f64>) {
        let n = 16;
        let mut full = DMatrix::from_diagonal_element(n, n, 3.0);
        let mut meetings = Vec::new();
        for child in 0..3 {
            let at = 1 + 5 * child;
            meetings.push(vec![0, at]);
            meetings.extend((1..5).map(|leaf| vec![at + leaf, at, 0]));
        }
        for (number, meeting) in meetings.iter().enumerate() {
            for (j, k) in meeting.iter().flat_map(|&j| meeting.iter().map(move |&k| (j, k))) {
                full[(j, k)] += 0.3 * (number as f64 + (j + k) as f64).sin() + if j == k { 1.0 } else { 0.0 };
            }
        }
        let envelope = Envelope::of(n, |see| meetings.iter().for_each(|meeting| see(meeting)));
        (envelope.expect("a tree is sparse"), full)
    }

    fn within(envelope: &Envelope, full: &DMatrix<f64>) -> Vec<f64> {
        let mut numbers = vec![0.0; envelope.len()];
        let mut sum = Within { envelope, numbers: &mut numbers };
        for (j, k) in (0..full.nrows()).flat_map(|j| (0..full.ncols()).map(move |k| (j, k))) {
            if full[(j, k)] != 0.0 {
                sum.add(j, k, full[(j, k)]);
            }
        }
        numbers
    }

    #[test]
    fn a_tree_is_factorised_and_solved_as_the_full_matrix_is() {
        let (envelope, full) = tree();
        let n = full.nrows();
        assert_eq!(envelope.len(), 16 + 3 * 5 + 3 * 4 - 15 + 15);
        let mut r = within(&envelope, &full);
        assert!(envelope.factorise(&mut r));
        let root = DMatrix::from_row_slice(n, n, &envelope.full(&r));
        assert!((&root * root.transpose() - &full).amax() < 1e-12);
        let cholesky = full.clone().cholesky().expect("positive definite");
        assert!((envelope.ln_det(&r) - 0.5 * cholesky.determinant().ln()).abs() < 1e-12);
        let b = DMatrix::from_fn(n, 2, |i, j| ((2 * i + j) as f64).cos());
        let mut x = b.transpose().as_slice().to_vec();
        envelope.solve(&r, &mut x, 2);
        assert!((DMatrix::from_row_slice(n, 2, &x) - cholesky.solve(&b)).amax() < 1e-12);
        let mut half = b.column(0).as_slice().to_vec();
        envelope.solve_transposed(&r, &mut half, 1);
        assert!((root.transpose() * DMatrix::from_column_slice(n, 1, &half) - b.column(0)).amax() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        let (envelope, full) = tree();
        for bad in [-1.0, 0.0, f64::NAN, f64::INFINITY] {
            let mut spoilt = full.clone();
            spoilt[(4, 4)] = bad;
            assert!(!envelope.factorise(&mut within(&envelope, &spoilt)), "{bad}");
        }
    }

    #[test]
    fn what_is_small_or_full_has_no_envelope() {
        assert_eq!(Envelope::of(11, |_| {}), None);
        let all: Vec<usize> = (0..20).collect();
        assert_eq!(Envelope::of(20, |see| see(&all)), None);
    }
}

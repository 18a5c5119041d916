//! How normal priors of tasks that have no closed form depend on theta: some globals move their means alone, by so much each.
//!
//! With mean m + M d at w = w_0 + d and precision P, both m and P given the other globals, the log density is quadratic in (d, phi):
//!     d^2 / dphi dd = P M,   d^2 / dd dd = -M' P M,   and the gradient in d is -M' times that in phi.

use crate::density::Density;
use crate::density::bordered::{Extent, TaskAt, TaskNumbers};
use crate::density::gaussian_globals::{AWAY, Move};
use crate::density::prior::NormalPrior;
use crate::density::program::{Fixed, Scorer, Scoring};

/// Differences of means that are linear agree to this part of the mean and of themselves.
const ROUNDING: f64 = 1e-9;

impl Density<'_> {
    /// Whether tasks have a normal prior without closed form.
    pub(super) fn has_open_priors(&self) -> bool {
        self.open.tasks.latents.contains(&true)
    }

    /// Whether these are all that is open of the tasks' latents.
    pub(super) fn are_open_priors_normal(&self) -> bool {
        self.open.tasks.latents.iter().zip(&self.normal).all(|(is_open, is_normal)| !is_open || *is_normal)
    }

    /// By task, what moves the mean of its prior, around a `centre` that is possible; what does more to any prior is marked.
    pub(super) fn prior_moves(&self, centre: &[f64], is_other: &mut [bool]) -> Vec<Vec<Move>> {
        let reads = &self.layout.task_reads;
        let shifted: Vec<f64> = centre.iter().map(|u| u + AWAY).collect();
        // around two places: what moves a mean alone moves it likewise from both
        let thetas = [steps_around(centre, reads), steps_around(&shifted, reads)].concat();
        let half = thetas.len() / 2;
        let fixed = self.program.fix(Scoring::Value, &self.layout, &thetas);
        let mut scorer = fixed.scorer(&self.open.tasks);
        let mut seen = |task: usize| {
            let priors = scorer.priors(thetas.len(), task);
            let (here, there) = priors.split_at(half);
            let mut moves = Vec::new();
            for (read, &j) in reads.iter().enumerate() {
                let column = |around: &[NormalPrior]| Triple::of(around, read).column();
                match (column(here), column(there)) {
                    (Some(by), Some(again)) if are_alike(&by, &again, 1.0) => {
                        if by.iter().any(|x| *x != 0.0) {
                            moves.push(Move { read, by });
                        }
                    }
                    _ => is_other[j] = true,
                }
            }
            moves
        };
        if self.has_shared_prior {
            return vec![seen(0); self.num_tasks()];
        }
        (0..self.num_tasks()).map(&mut seen).collect()
    }
}

/// A theta, and for each of the coordinates a step up and one down from there.
fn steps_around(base: &[f64], coordinates: &[usize]) -> Vec<Vec<f64>> {
    let step = |(j, by): (usize, f64)| {
        let mut theta = base.to_vec();
        theta[j] += by;
        theta
    };
    let steps = coordinates.iter().flat_map(|&j| [(j, AWAY), (j, -AWAY)]).map(step);
    std::iter::once(base.to_vec()).chain(steps).collect()
}

/// A prior at a place, and a step of one coordinate up and down from there.
struct Triple<'p> {
    at: &'p NormalPrior,
    up: &'p NormalPrior,
    down: &'p NormalPrior,
}

impl<'p> Triple<'p> {
    fn of(around: &'p [NormalPrior], read: usize) -> Self {
        Self { at: &around[0], up: &around[1 + 2 * read], down: &around[2 + 2 * read] }
    }

    /// How the mean moves with the coordinate; `None` where not linearly, or where it does not move alone.
    fn column(&self) -> Option<Vec<f64>> {
        let Self { at, up, down } = self;
        if up.tril != at.tril || down.tril != at.tril {
            return None;
        }
        let slopes = |a: &NormalPrior, b: &NormalPrior| -> Vec<f64> {
            a.mean.iter().zip(&b.mean).map(|(a, b)| (a - b) / AWAY).collect()
        };
        let size = at.mean.iter().fold(0.0, |most: f64, m| most.max(m.abs()));
        let (above, below) = (slopes(up, at), slopes(at, down));
        are_alike(&above, &below, size).then_some(above)
    }
}

/// Whether numbers are the same but for rounding.
fn are_alike(a: &[f64], b: &[f64], size: f64) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() <= ROUNDING * (size + a.abs()))
}

/// Adds the normal priors of one task after another at a theta.
pub(super) struct OpenPriors<'f> {
    scorer: Box<dyn Scorer + 'f>,
    prior: NormalPrior,
    gradient: Vec<f64>,
    curvature: Vec<f64>,
}

impl<'f> OpenPriors<'f> {
    /// Those at the only theta that is fixed.
    pub(super) fn of(density: &'f Density<'_>, fixed: &'f dyn Fixed) -> Self {
        let scorer = fixed.scorer(&density.open.tasks);
        Self { scorer, prior: NormalPrior::default(), gradient: Vec::new(), curvature: Vec::new() }
    }

    /// Adds a task's to its numbers; false where it is none.
    pub(super) fn add_to(&mut self, at: TaskAt<'_>, moves: &[Move], numbers: &mut [f64]) -> bool {
        let Self { scorer, prior, gradient, curvature } = self;
        if !(scorer.prior(0, at.task, prior) && prior.invert()) {
            return false;
        }
        let (Extent { seats, .. }, n) = (at.extent, at.phi.len());
        for (numbers, len) in [(&mut *gradient, n), (&mut *curvature, n * n)] {
            numbers.clear();
            numbers.resize(len, 0.0);
        }
        let TaskNumbers { value, slopes, rows, own, corner } = at.extent.split(numbers);
        *value += prior.expand(at.phi, gradient, curvature);
        own.iter_mut().zip(&*curvature).for_each(|(own, c)| *own -= c);
        let columns = seats.len() + 1;
        rows.chunks_exact_mut(columns).zip(&*gradient).for_each(|(row, g)| row[seats.len()] += g);
        let seat_of =
            |a: &Move| seats.iter().position(|seat| seat.of_block == a.read).expect("what is read has a seat");
        for a in moves {
            let seat = seat_of(a);
            slopes[seat] -= a.by.iter().zip(&*gradient).map(|(m, g)| m * g).sum::<f64>();
            // -P m
            let bent: Vec<f64> =
                curvature.chunks_exact(n).map(|row| row.iter().zip(&a.by).map(|(c, m)| c * m).sum()).collect();
            rows.chunks_exact_mut(columns).zip(&bent).for_each(|(row, bent)| row[seat] -= bent);
            for b in moves {
                let other = seat_of(b);
                if other <= seat {
                    corner[seat * (seat + 1) / 2 + other] += bent.iter().zip(&b.by).map(|(x, m)| x * m).sum::<f64>();
                }
            }
        }
        true
    }
}

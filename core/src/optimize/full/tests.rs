//! Full-covariance locals against marginal likelihoods written down by hand.

use crate::options::{GlobalFactor, LocalFactor, Optimiser, Options};
use crate::prelude::*;
use crate::{Correction, Fit};
use nalgebra::{DMatrix, DVector};

/// Rows of predictors, and what was observed.
type Task = Vec<(Vec<f64>, f64)>;

fn dot<N: Number>(x: &[f64], w: &[Real<N>]) -> Real<N> {
    x.iter().zip(w).map(|(x, w)| *w * *x).sum()
}

model! {
    /// Multivariate random effects.
    Effects(tasks: &[Task], n: usize) {
        mean[_ in 0..n] ~ Normal(0.0, 2.0);
        scale[_ in 0..n] ~ LogNormal(0.0, 0.5);
        corr ~ LkjCholesky(n, 2.0);
        noise ~ LogNormal(-1.0, 0.5);
        for task in tasks {
            w ~ MultivariateNormal(&mean, diag_pre_multiply(&scale, &corr));
            for (x, y) in task {
                y ~ Normal(dot(x, w), noise);
            }
        }
    }
}

/// Waves that stand for random numbers.
fn wave(k: usize) -> f64 {
    1.4 * ((k * k) as f64 * 0.37 + k as f64 * 1.3).sin()
}

/// Fewer points than weights, which are correlated.
fn tasks(count: usize, n: usize, points: usize) -> Vec<Task> {
    let task = |i: usize| {
        let common = wave(31 * i + 7);
        let w: Vec<f64> = (0..n).map(|j| 0.3 * j as f64 + common + 0.4 * wave(17 * i + 5 * j + 3)).collect();
        let point = |k: usize| {
            let x: Vec<f64> = (0..n).map(|j| wave(101 * i + 13 * k + 29 * j + 1)).collect();
            let y = x.iter().zip(&w).map(|(x, w)| x * w).sum::<f64>() + 0.3 * wave(7 * i + 3 * k + 2);
            (x, y)
        };
        (0..points).map(point).collect()
    };
    (0..count).map(task).collect()
}

fn point(locals: LocalFactor) -> Options {
    let correction = Correction::LinearResponse;
    Options { global: GlobalFactor::Point, locals, correction, progress: false, ..Options::default() }
}

/// ln of the density of a normal vector.
fn ln_normal(away: &DVector<f64>, covariance: DMatrix<f64>) -> f64 {
    let root = covariance.cholesky().expect("positive definite");
    let ln_det: f64 = root.l_dirty().diagonal().iter().map(|d| d.ln()).sum();
    let solved = away.dot(&root.solve(away));
    -0.5 * (solved + away.len() as f64 * (2.0 * std::f64::consts::PI).ln()) - ln_det
}

/// ln p(D | theta) + ln p(theta), the locals integrated out: y_i ~ N(X mean, X S L L' S X' + noise^2). `u` holds means,
/// ln scales, one atanh of each partial correlation, ln noise.
fn by_hand(tasks: &[Task], n: usize, u: &[f64]) -> f64 {
    let (mean, scale) = (DVector::from_column_slice(&u[..n]), u[n..2 * n].iter().map(|s| s.exp()));
    let scale: Vec<f64> = scale.collect();
    let noise = u[u.len() - 1].exp();
    let mut root = DMatrix::zeros(n, n);
    let mut partial = u[2 * n..u.len() - 1].iter().map(|u| u.tanh());
    for i in 0..n {
        let mut rest: f64 = 1.0;
        for j in 0..i {
            let r = partial.next().expect("one a pair");
            root[(i, j)] = r * rest.sqrt();
            rest *= 1.0 - r * r;
        }
        root[(i, i)] = rest.sqrt();
    }
    let ln_log_normal = |x: f64, loc: f64| {
        let z = (x.ln() - loc) / 0.5;
        -0.5 * z * z - x.ln() - 0.5f64.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
    };
    let corr: Vec<f64> = (0..n).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|at| root[at]).collect();
    let mut total = VectorDistribution::<f64>::ln_density(&LkjCholesky(n, 2.0), &corr).value();
    total += ln_log_normal(noise, -1.0) + scale.iter().map(|&s| ln_log_normal(s, 0.0)).sum::<f64>();
    total += ln_normal(&mean, DMatrix::identity(n, n) * 4.0);
    let root = DMatrix::from_diagonal(&DVector::from_vec(scale)) * root;
    for task in tasks {
        let x = DMatrix::from_fn(task.len(), n, |r, c| task[r].0[c]);
        let y = DVector::from_iterator(task.len(), task.iter().map(|p| p.1));
        let spread = &x * &root;
        let covariance = &spread * spread.transpose() + DMatrix::identity(task.len(), task.len()) * (noise * noise);
        total += ln_normal(&(y - &x * &mean), covariance);
    }
    total
}

/// The fit is at a maximum of the marginal likelihood times the prior, and its bound is that.
fn check_maximum(tasks: &[Task], n: usize, fit: &Fit<Effects<'_>>) {
    assert!(fit.verdict().is_converged(), "{}", fit.verdict());
    let u = &fit.guide().global.loc;
    let expected = by_hand(tasks, n, u);
    assert!((fit.elbo().total() - expected).abs() < 1e-8 * expected.abs(), "{} {expected}", fit.elbo().total());
    for j in 0..u.len() {
        let moved = |h: f64| {
            let mut u = u.clone();
            u[j] += h;
            by_hand(tasks, n, &u)
        };
        let (low, high) = (moved(-0.02), moved(0.02));
        let (slope, curvature) = ((high - low) / 0.04, (high + low - 2.0 * expected) / 4e-4);
        assert!(curvature < 0.0, "coordinate {j}: curvature {curvature}");
        assert!((slope / curvature).abs() < 0.01, "coordinate {j} is off its maximum by {}", slope / curvature);
    }
}

#[test]
fn ends_at_the_maximum_of_the_marginal_likelihood() {
    for (n, count, points) in [(3, 20, 2), (10, 30, 6)] {
        let tasks = tasks(count, n, points);
        let fit = Effects::new(&tasks, n).fit_with(&point(LocalFactor::Full)).expect("the data are valid");
        check_maximum(&tasks, n, &fit);
        let shown = fit.to_string();
        assert!(shown.contains("locals: full covariance given theta, exact"), "{shown}");
    }
}

#[test]
fn independent_coordinates_have_a_lower_bound() {
    let tasks = tasks(20, 3, 2);
    let elbo = |locals: LocalFactor| {
        let fit = Effects::new(&tasks, 3).fit_with(&point(locals)).expect("the data are valid");
        assert!(fit.verdict().is_converged(), "{}", fit.verdict());
        fit.elbo().total()
    };
    let (full, mean_field) = (elbo(LocalFactor::Full), elbo(LocalFactor::MeanField));
    assert!(mean_field < full - 1.0, "{mean_field} and {full}");
}

#[test]
fn em_ends_where_the_climb_does() {
    let tasks = tasks(20, 3, 2);
    let options = point(LocalFactor::Full);
    let climbed = Effects::new(&tasks, 3).fit_with(&options).expect("the data are valid");
    let em = Options { optimiser: Optimiser::Em, ..options };
    let em = Effects::new(&tasks, 3).fit_with(&em).expect("the data are valid");
    check_maximum(&tasks, 3, &em);
    assert!((em.elbo().total() - climbed.elbo().total()).abs() < 1e-3);
}

#[test]
fn new_tasks_get_their_conjugate_posterior() {
    let (n, all) = (10, tasks(31, 10, 6));
    let (new, tasks) = all.split_last().expect("there are tasks");
    let fit = Effects::new(tasks, n).fit_with(&point(LocalFactor::Full)).expect("the data are valid");
    let theta = fit.global();
    let root =
        DMatrix::from_fn(
            n,
            n,
            |i, j| {
                if j <= i { theta.scale[i].mean * theta.corr[i * (i + 1) / 2 + j].mean } else { 0.0 }
            },
        );
    let x = DMatrix::from_fn(new.len(), n, |r, c| new[r].0[c]);
    let y = DVector::from_iterator(new.len(), new.iter().map(|p| p.1));
    let mean = DVector::from_iterator(n, theta.mean.iter().map(|m| m.mean));
    let prior = (&root * root.transpose()).cholesky().expect("positive definite").inverse();
    let each = theta.noise.mean.powi(-2);
    let posterior = (&prior + x.transpose() * &x * each).cholesky().expect("positive definite");
    let expected = posterior.solve(&(prior * mean + x.transpose() * y * each));
    let variances = posterior.inverse().diagonal();
    let adapted = fit.adapt(new).expect("the data are valid").local();
    // 256 draws: each mean within 5 standard errors, each sd within 25% (over 5 standard errors)
    for (summary, (mean, variance)) in adapted.w.iter().zip(expected.iter().zip(variances.iter())) {
        let sd = variance.sqrt();
        assert!((summary.mean - mean).abs() < 5.0 * sd / 16.0, "{} is not {mean}", summary.mean);
        assert!((summary.sd / sd - 1.0).abs() < 0.25, "{} is not {sd}", summary.sd);
    }
}

model! {
    /// Counts: not Gaussian given theta.
    Counts(tasks: &[Vec<u32>]) {
        mu ~ Normal(0.0, 2.0);
        tau ~ LogNormal(0.0, 0.5);
        for counts in tasks {
            eta ~ Normal(mu, tau);
            for count in counts {
                count ~ PoissonLog(eta);
            }
        }
    }
}

/// ln p(D | theta) + ln p(theta) by the trapezoidal rule over each eta.
fn by_quadrature(tasks: &[Vec<u32>], mu: f64, tau: f64) -> f64 {
    let ln = |dist: Real<f64>| dist.value();
    let of_task = |counts: &Vec<u32>| {
        let terms = (-400..=400).map(|k| {
            let eta = mu + 8.0 * tau * f64::from(k) / 400.0;
            let data: f64 = counts.iter().map(|c| ln(PoissonLog(eta).ln_density(*c))).sum();
            Real(data + ln(Normal(mu, tau).ln_density(eta)) + (8.0 * tau / 400.0).ln())
        });
        log_sum_exp(terms).value()
    };
    let prior = ln(Normal(0.0, 2.0).ln_density(mu)) + ln(LogNormal(0.0, 0.5).ln_density(tau));
    prior + tasks.iter().map(of_task).sum::<f64>()
}

#[test]
fn laplace_is_near_where_tasks_are_not_gaussian() {
    let tasks: Vec<Vec<u32>> = (0..30).map(|i| (0..4).map(|k| 4 + (i * 5 + k * 3) % (2 + i % 7)).collect()).collect();
    let fit = Counts::new(&tasks).fit_with(&point(LocalFactor::Full)).expect("the data are valid");
    assert!(fit.verdict().is_converged(), "{}", fit.verdict());
    let shown = fit.to_string();
    assert!(shown.contains("locals: full covariance given theta, a Laplace approximation"), "{shown}");
    let theta = fit.global();
    let (mu, tau) = (theta.mu.mean, theta.tau.mean);
    let exact = by_quadrature(&tasks, mu, tau);
    let gap = exact - fit.elbo().total();
    assert!((0.0..0.5).contains(&gap), "the bound is {gap} below ln p(D, theta) = {exact}");
    // a Newton step to the maximum of the exact density, by differences, is less than a fifth of its sd
    let at = |dm: f64, dt: f64| by_quadrature(&tasks, mu + 0.02 * dm, tau * (0.02 * dt).exp());
    for (low, high) in [(at(-1.0, 0.0), at(1.0, 0.0)), (at(0.0, -1.0), at(0.0, 1.0))] {
        let (slope, curvature) = ((high - low) / 0.04, (high + low - 2.0 * exact) / 4e-4);
        assert!(slope.abs() / (-curvature).sqrt() < 0.2, "off by {} sd", slope / (-curvature).sqrt());
    }
}

//! What a model says to its interpreter: order, values and parameters of its sites, for each part of the language.

pub(crate) mod recorder;

use crate::hand_written_model;
use hierarch::model::{Model, Site};
use hierarch::prelude::*;
use recorder::{Call, factor, normal, observed, record, sampled};

/// One school's experiment.
pub(crate) struct School {
    effect: f64,
    std_error: f64,
}

const SCHOOLS: [School; 2] = [School { effect: 28.0, std_error: 15.0 }, School { effect: 8.0, std_error: 10.0 }];

model! {
    /// Eight parallel coaching experiments (Rubin 1981).
    #[derive(Clone, Debug)]
    pub(crate) EightSchools(schools: &[School]) {
        /// Mean effect.
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfCauchy(5.0);
        for school in schools {
            theta ~ Normal(mu, tau);
            school.effect ~ Normal(theta, school.std_error);
        }
    }
}

impl std::fmt::Debug for School {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "School({}, {})", self.effect, self.std_error)
    }
}

fn names(sites: &[Site]) -> Vec<&str> {
    assert!(sites.iter().enumerate().all(|(id, site)| site.id == id));
    sites.iter().map(|site| site.name).collect()
}

/// What a model tells of itself.
#[derive(Debug, PartialEq)]
struct Tables {
    global: Vec<&'static str>,
    local: Vec<&'static str>,
    observed: Vec<&'static str>,
    local_reads: &'static [usize],
    likelihood_reads: &'static [usize],
    lanes: [usize; 3],
}

fn tables<M: Model>(_: &M) -> Tables {
    use hierarch::dual::{LaneWidth, Lanes};
    fn lanes<W: LaneWidth>() -> usize {
        W::First::WIDTH
    }
    Tables {
        global: names(M::GLOBAL_SITES),
        local: names(M::LOCAL_SITES),
        observed: names(M::OBSERVED_SITES),
        local_reads: M::LOCAL_READS,
        likelihood_reads: M::LIKELIHOOD_READS,
        lanes: [lanes::<M::GlobalLanes>(), lanes::<M::LocalLanes>(), lanes::<M::LikelihoodLanes>()],
    }
}

#[test]
fn a_plate_visits_global_local_and_likelihood_of_each_task() {
    let model = EightSchools::new(&SCHOOLS);
    let calls = record(&model, &[0.5, 2.0, 1.0, 3.0]);
    let expected = [
        sampled("mu", 0.5, normal(0.0, 5.0)),
        sampled("tau", 2.0, HalfCauchy(5.0)),
        sampled("theta", 1.0, normal(0.5, 2.0)),
        observed("school.effect", 28.0, normal(1.0, 15.0)),
        sampled("theta", 3.0, normal(0.5, 2.0)),
        observed("school.effect", 8.0, normal(3.0, 10.0)),
    ];
    assert_eq!(calls, expected);

    let tables = tables(&model);
    assert_eq!(tables.global, ["mu", "tau"]);
    assert_eq!(tables.local, ["theta"]);
    assert_eq!(tables.observed, ["school.effect"]);
    assert_eq!(tables.local_reads, [0, 1]);
    assert!(tables.likelihood_reads.is_empty());
    assert_eq!(tables.lanes, [2, 3, 1]);
}

#[test]
fn attributes_and_typed_values_are_the_users() {
    let model = EightSchools::new(&SCHOOLS).clone();
    assert!(format!("{model:?}").starts_with("EightSchools { schools: [School(28, 15)"));
    let global = EightSchoolsGlobal { mu: 1.0, tau: 2.0 };
    assert_eq!(global, EightSchoolsGlobal { mu: 1.0, ..global.clone() });
    assert_eq!(EightSchoolsLocal::<f64>::default(), EightSchoolsLocal { theta: 0.0 });
}

#[test]
fn a_site_knows_its_line() {
    fn sites<M: Model>(_: &M) -> (Site, Site) {
        (M::GLOBAL_SITES[0], M::OBSERVED_SITES[0])
    }
    let (mu, effect) = sites(&EightSchools::new(&SCHOOLS));
    assert!(mu.file.ends_with("language.rs"));
    assert_eq!(effect.line, mu.line + 4);
}

#[test]
fn the_expansion_is_the_model_written_by_hand() {
    let by_hand =
        [(28.0, 15.0), (8.0, 10.0)].map(|(effect, std_error)| hand_written_model::School { effect, std_error });
    let by_hand = hand_written_model::EightSchools::new(&by_hand);
    let by_macro = EightSchools::new(&SCHOOLS);
    let values = [0.5, 2.0, 1.0, 3.0];
    assert_eq!(record(&by_macro, &values), record(&by_hand, &values));
    assert_eq!(tables(&by_macro), tables(&by_hand));
    let (tau, other) = (by_macro.fit().expect("fits").global().tau, by_hand.fit().expect("fits").global().tau);
    assert_eq!([tau.mean.to_bits(), tau.sd.to_bits()], [other.mean.to_bits(), other.sd.to_bits()]);
}

/// An intercept and a slope a group, a common noise: what the likelihood reads directly is told apart.
mod lets_and_loops {
    use super::*;

    pub(super) struct Group {
        pub(super) offset: f64,
        pub(super) points: Vec<(f64, f64)>,
    }

    fn line<N: Number>(a: Real<N>, b: Real<N>, x: f64) -> Real<N> {
        a + b * x
    }

    model! {
        Lines(groups: &Vec<Group>, scale: f64) {
            let twice = 2.0 * scale;
            a0 ~ Normal(0.0, twice);
            b0 ~ Normal(a0, 1.0);
            let b1 = b0 + 1.0;
            sigma ~ HalfNormal(scale);
            for Group { offset, points } in groups.iter() {
                let start = a0 + offset;
                a ~ Normal(start, 1.0);
                let half = 0.5 * a;
                b ~ Normal(b1, twice);
                for &(x, y) in points {
                    let mean = line(half, b, x);
                    y ~ Normal(mean, sigma);
                }
            }
        }
    }

    #[test]
    fn a_let_is_computed_where_it_is_needed() {
        let groups = vec![Group { offset: 10.0, points: vec![(2.0, 1.0), (3.0, -1.0)] }];
        let model = Lines::new(&groups, 0.5);
        let calls = record(&model, &[1.0, 2.0, 0.25, 4.0, 5.0]);
        let expected = [
            sampled("a0", 1.0, normal(0.0, 1.0)),
            sampled("b0", 2.0, normal(1.0, 1.0)),
            sampled("sigma", 0.25, HalfNormal(0.5)),
            sampled("a", 4.0, normal(11.0, 1.0)),
            sampled("b", 5.0, normal(3.0, 1.0)),
            observed("y", 1.0, normal(12.0, 0.25)),
            observed("y", -1.0, normal(17.0, 0.25)),
        ];
        assert_eq!(calls, expected);
        let tables = tables(&model);
        assert_eq!(tables.local_reads, [0, 1]);
        assert_eq!(tables.likelihood_reads, [2]);
        assert_eq!(tables.lanes, [3, 4, 3]);
    }
}

/// Vectors of latents by index, a chain of them, and one read before the plate.
mod vectors {
    use super::*;

    model! {
        Walk(ys: &[Vec<f64>], dim: usize) {
            w[k in 0..dim] ~ Normal(if k == 0 { Real::constant(0.0) } else { w[k - 1] }, 1.0);
            /// Fixed length.
            v[_ in 0..2] ~ HalfNormal(1.0);
            let total = w.iter().sum::<Real<_>>();
            for y in ys {
                z[j in 0..y.len()] ~ Normal(total, v[1]);
                for (j, y) in y.iter().enumerate() {
                    y ~ Normal(z[j], 1.0);
                }
            }
        }
    }

    #[test]
    fn the_index_form_declares_a_vector() {
        let ys = [vec![7.0, 8.0], vec![9.0]];
        let model = Walk::new(&ys, 3);
        let calls = record(&model, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let expected = [
            sampled("w", 1.0, normal(0.0, 1.0)),
            sampled("w", 2.0, normal(1.0, 1.0)),
            sampled("w", 3.0, normal(2.0, 1.0)),
            sampled("v", 4.0, HalfNormal(1.0)),
            sampled("v", 5.0, HalfNormal(1.0)),
            sampled("z", 6.0, normal(6.0, 5.0)),
            sampled("z", 7.0, normal(6.0, 5.0)),
            observed("y", 7.0, normal(6.0, 1.0)),
            observed("y", 8.0, normal(7.0, 1.0)),
            sampled("z", 8.0, normal(6.0, 5.0)),
            observed("y", 9.0, normal(8.0, 1.0)),
        ];
        assert_eq!(calls, expected);
        assert_eq!(tables(&model).lanes, [8, 8, 8]);
        let global = WalkGlobal { w: vec![1.0; 3], v: vec![2.0; 2] };
        assert_eq!(global.w.len() + global.v.len(), 5);
    }

    model! {
        Prior() {
            weights ~ Dirichlet([1.0, 1.0]);
            x[..] ~ MultivariateNormal(weights, Diagonal([1.0, 1.0]));
            pair[_ in 0..2] ~ Normal(x[0], weights[1]);
        }
    }
}

/// Observations and factors outside the plate come first; conditions and loops on data; missing data.
mod conditions {
    use super::*;

    pub(super) struct Patient {
        pub(super) dose: Option<f64>,
        pub(super) treated: bool,
        pub(super) outcomes: [Option<f64>; 2],
        pub(super) group: Group,
    }

    pub(super) enum Group {
        Early { shift: f64 },
        Late,
    }

    model! {
        Trial(patients: Vec<Patient>, pooled: &[f64], strict: bool) {
            effect ~ Normal(0.0, 1.0);
            let mut sum = Real::constant(0.0);
            for y in pooled {
                y ~ Normal(effect, 1.0);
                sum += effect * y;
            }
            if strict && pooled.len() > 1 {
                factor(-1.0 * sum);
            }
            for patient in &patients {
                response ~ Normal(effect, 1.0);
                if let Some(dose) = patient.dose {
                    dose ~ Normal(response, 2.0);
                } else if patient.treated {
                    factor(response);
                } else {
                    factor(2.0 * response);
                }
                match patient.group {
                    Group::Early { shift } if patient.treated => {
                        patient.treated ~ BernoulliLogit(response + shift);
                    }
                    Group::Early { .. } => {}
                    Group::Late => factor(3.0 * response),
                }
                for j in 0..2 {
                    patient.outcomes[j] ~ Normal(response, 1.0);
                }
            }
            spread ~ HalfNormal(1.0);
            factor(-1.0 * spread);
        }
    }

    fn patients() -> Vec<Patient> {
        let patient = |dose, treated, group| Patient { dose, treated, outcomes: [Some(1.0), None], group };
        vec![
            patient(Some(3.0), true, Group::Early { shift: 1.0 }),
            patient(None, true, Group::Early { shift: 2.0 }),
            patient(None, false, Group::Early { shift: 3.0 }),
            patient(None, false, Group::Late),
        ]
    }

    #[test]
    fn data_decide_which_sites_are_visited() {
        let model = Trial::new(patients(), &[1.0, 2.0], true);
        let calls = record(&model, &[0.5, 9.0, 1.0, 2.0, 3.0, 4.0]);
        let missing = |at: f64| observed("patient.outcomes", f64::NAN, normal(at, 1.0));
        let outcome = |at: f64| observed("patient.outcomes", 1.0, normal(at, 1.0));
        let expected = [
            sampled("effect", 0.5, normal(0.0, 1.0)),
            observed("y", 1.0, normal(0.5, 1.0)),
            observed("y", 2.0, normal(0.5, 1.0)),
            factor(-1.5),
            sampled("spread", 9.0, HalfNormal(1.0)),
            factor(-9.0),
            sampled("response", 1.0, normal(0.5, 1.0)),
            observed("dose", 3.0, normal(1.0, 2.0)),
            observed("patient.treated", 1.0, BernoulliLogit(Real(2.0))),
            outcome(1.0),
            missing(1.0),
            sampled("response", 2.0, normal(0.5, 1.0)),
            factor(2.0),
            observed("patient.treated", 1.0, BernoulliLogit(Real(4.0))),
            outcome(2.0),
            missing(2.0),
            sampled("response", 3.0, normal(0.5, 1.0)),
            factor(6.0),
            outcome(3.0),
            missing(3.0),
            sampled("response", 4.0, normal(0.5, 1.0)),
            factor(8.0),
            factor(12.0),
            outcome(4.0),
            missing(4.0),
        ];
        assert_eq!(calls, expected);
        let observed = ["y", "factor", "factor", "dose", "factor", "factor", "patient.treated", "factor"];
        assert_eq!(tables(&model).observed, [observed.as_slice(), &["patient.outcomes"]].concat());
    }
}

/// Variables that change, that hide others, that capture: each function computes what it needs of them.
mod variables {
    use super::*;

    model! {
        Changing(rows: &[Vec<f64>]) {
            mu ~ Normal(0.0, 1.0);
            nu ~ Normal(0.0, 2.0);
            let nu = nu + 10.0;
            let mut means = vec![mu];
            means.push(nu);
            let only_read_by_the_likelihood = 100.0 + means[0];
            let shift = |by: f64| means[1] + by;
            for row in rows {
                let (first, last) = (row[0], row[row.len() - 1]);
                let mut total = Real::constant(0.0);
                for (i, y) in row.iter().enumerate() {
                    total += shift(*y);
                    if i > 0 {
                        y ~ Normal(total, 1.0);
                    }
                }
                theta ~ Normal(total, 1.0);
                let theta = theta + only_read_by_the_likelihood;
                'outer: for y in row {
                    for _ in 0..3 {
                        if *y <= first {
                            continue 'outer;
                        }
                        last ~ Normal(theta, 1.0);
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn each_function_computes_what_it_needs() {
        let rows = [vec![1.0, 2.0]];
        let model = Changing::new(&rows);
        let expected = [
            sampled("mu", 3.0, normal(0.0, 1.0)),
            sampled("nu", 4.0, normal(0.0, 2.0)),
            sampled("theta", 5.0, normal(31.0, 1.0)),
            observed("y", 2.0, normal(31.0, 1.0)),
            observed("last", 2.0, normal(108.0, 1.0)),
        ];
        assert_eq!(record(&model, &[3.0, 4.0, 5.0]), expected);
        let tables = tables(&model);
        assert_eq!(tables.local_reads, [0, 1]);
        assert_eq!(tables.likelihood_reads, [0, 1]);
    }

    model! {
        Macros(ys: &[f64]) {
            mu ~ Normal(0.0, 1.0);
            assert!(mu.value() > 0.0, "the mean is {mu:?}");
            for y in ys {
                theta ~ Normal(vec![1.0, 2.0][1], 1.0);
                let weighted = [mu, theta].iter().fold(Real::constant(0.0), |mu, theta| mu + 2.0 * theta);
                y ~ Normal(weighted, if matches!(theta.value(), mu if mu > 3.0) { 2.0 } else { 1.0 });
            }
        }
    }

    #[test]
    fn names_inside_macros_and_closures_are_found() {
        let model = Macros::new(&[0.0]);
        let expected = [
            sampled("mu", 3.0, normal(0.0, 1.0)),
            sampled("theta", 4.0, normal(2.0, 1.0)),
            observed("y", 0.0, normal(14.0, 2.0)),
        ];
        assert_eq!(record(&model, &[3.0, 4.0]), expected);
        assert!(tables(&model).local_reads.is_empty());
    }
}

/// What a plate can run over, and models without one or without local latents.
mod plates {
    use super::*;

    model! {
        ByNumber(ys: Vec<f64>, scales: [f64; 3]) {
            let n = ys.len();
            mu ~ Normal(0.0, 1.0);
            for i in 1..n {
                theta ~ Normal(mu, scales[i]);
                ys[i] ~ Normal(theta, 1.0);
            }
        }
    }

    #[test]
    fn a_plate_over_numbers_indexes_data() {
        let model = ByNumber::new(vec![5.0, 6.0, 7.0], [1.0, 2.0, 3.0]);
        assert_eq!(model.num_tasks(), 2);
        let expected = [
            sampled("mu", 0.5, normal(0.0, 1.0)),
            sampled("theta", 1.0, normal(0.5, 2.0)),
            observed("ys", 6.0, normal(1.0, 1.0)),
            sampled("theta", 2.0, normal(0.5, 3.0)),
            observed("ys", 7.0, normal(2.0, 1.0)),
        ];
        assert_eq!(record(&model, &[0.5, 1.0, 2.0]), expected);
    }

    model! {
        Pooled(points: &[(f64, f64)]) {
            slope ~ Normal(0.0, 1.0);
            for (x, y) in points {
                y ~ Normal(slope * x, 1.0);
            }
        }
    }

    model! {
        /// The order of the turns matters, so that this loop is no plate.
        Autoregression(ys: &[f64]) {
            rho ~ Normal(0.0, 1.0);
            let mut before = 0.0;
            for y in ys {
                y ~ Normal(rho * before, 1.0);
                before = *y;
            }
        }
    }

    model! {
        Zipped(xs: &[f64], ys: &[f64]) {
            slope ~ Normal(0.0, 1.0);
            for (x, y) in xs.iter().zip(ys) {
                y ~ Normal(slope * x, 1.0);
            }
        }
    }

    fn has_plate<M: Model>(_: &M) -> bool {
        M::HAS_PLATE
    }

    #[test]
    fn one_loop_of_observations_is_a_plate_where_it_can_be() {
        let expected = [
            sampled("slope", 3.0, normal(0.0, 1.0)),
            observed("y", 1.0, normal(6.0, 1.0)),
            observed("y", 0.0, normal(12.0, 1.0)),
        ];
        let pooled = Pooled::new(&[(2.0, 1.0), (4.0, 0.0)]);
        assert_eq!(record(&pooled, &[3.0]), expected);
        assert_eq!((has_plate(&pooled), pooled.num_tasks()), (true, 2));
        assert_eq!(tables(&pooled).likelihood_reads, [0]);

        let zipped = Zipped::new(&[2.0, 4.0], &[1.0, 0.0]);
        assert_eq!(record(&zipped, &[3.0]), expected);
        assert_eq!((has_plate(&zipped), zipped.num_tasks()), (false, 0));
    }

    #[test]
    fn a_loop_that_carries_state_is_no_plate() {
        let model = Autoregression::new(&[1.0, 2.0, 3.0]);
        let expected = [
            sampled("rho", 0.5, normal(0.0, 1.0)),
            observed("y", 1.0, normal(0.0, 1.0)),
            observed("y", 2.0, normal(0.5, 1.0)),
            observed("y", 3.0, normal(1.0, 1.0)),
        ];
        assert_eq!(record(&model, &[0.5]), expected);
        assert!(!has_plate(&model));
    }

    /// Any generics; lifetimes of the user's own as well as elided ones.
    #[derive(Debug)]
    pub(super) struct Task<const D: usize, T> {
        pub(super) x: [T; D],
        pub(super) y: f64,
    }

    model! {
        Regression<'a, const D: usize, T: Copy + Into<f64> + Send + Sync>(tasks: &'a [Task<D, T>], scales: &[f64; D])
        where
            T: 'a,
        {
            mu[k in 0..D] ~ Normal(0.0, scales[k]);
            for task in tasks {
                beta[k in 0..D] ~ Normal(mu[k], 1.0);
                let mut mean = Real::constant(0.0);
                for (b, &x) in beta.iter().zip(&task.x) {
                    mean += b * x.into();
                }
                task.y ~ Normal(mean, 1.0);
            }
        }
    }

    #[test]
    fn a_model_can_be_generic() {
        let tasks = [Task { x: [1_f32, 2.0], y: 3.0 }];
        let model = Regression::new(&tasks, &[1.0, 2.0]);
        let expected = [
            sampled("mu", 1.0, normal(0.0, 1.0)),
            sampled("mu", 2.0, normal(0.0, 2.0)),
            sampled("beta", 3.0, normal(1.0, 1.0)),
            sampled("beta", 4.0, normal(2.0, 1.0)),
            observed("task.y", 3.0, normal(11.0, 1.0)),
        ];
        assert_eq!(record(&model, &[1.0, 2.0, 3.0, 4.0]), expected);
    }
}

#[test]
fn a_model_can_be_declared_in_a_function() {
    struct Inner(f64);
    model! {
        Inside(inner: &[Inner]) {
            mu ~ Normal(0.0, 1.0);
            for Inner(y) in inner {
                y ~ Normal(mu, 1.0);
            }
        }
    }
    let calls: Vec<Call> = record(&Inside::new(&[Inner(2.0)]), &[1.0]);
    assert_eq!(calls, [sampled("mu", 1.0, normal(0.0, 1.0)), observed("y", 2.0, normal(1.0, 1.0))]);
}

#[test]
fn vector_distributions_give_vector_latents() {
    model! {
        Weights(pairs: &[[f64; 2]]) {
            weights ~ Dirichlet([1.0, 1.0]);
            factor(weights[0]);
            cuts ~ Flat(Ordered(2));
            factor(cuts[1] - cuts[0]);
            for pair in pairs {
                pair[..] ~ Dirichlet(weights);
            }
        }
    }
    let model = Weights::new(&[[0.25, 0.75]]);
    let calls = record(&model, &[0.5, 0.5, -1.0, 2.0]);
    let names: Vec<_> = calls.iter().map(|call| (call.site, call.value)).collect();
    assert_eq!(names[..3], [("weights", 0.5), ("weights", 0.5), ("factor", 0.5)]);
    assert_eq!(names[3..6], [("cuts", -1.0), ("cuts", 2.0), ("factor", 3.0)]);
    assert_eq!(names[6..], [("pair", 0.25), ("pair", 0.75)]);
    assert_eq!(WeightsGlobal { weights: vec![0.5; 2], cuts: vec![0.0; 2] }.weights.len(), 2);
}

model! {
    /// Data that fits share.
    InCommon(groups: std::sync::Arc<Vec<Vec<f64>>>) {
        mean ~ Normal(0.0, 10.0);
        for group in groups {
            level ~ Normal(mean, 1.0);
            for &y in group {
                y ~ Normal(level, 1.0);
            }
        }
    }
}

model! {
    /// The same in a box.
    Boxed(groups: Box<[Vec<f64>]>) {
        mean ~ Normal(0.0, 10.0);
        for group in groups {
            level ~ Normal(mean, 1.0);
            for &y in group {
                y ~ Normal(level, 1.0);
            }
        }
    }
}

#[test]
fn plates_run_over_what_is_shared_or_boxed() {
    let groups = vec![vec![1.0, 2.0], vec![0.5], vec![]];
    let shared = std::sync::Arc::new(groups.clone());
    let one = InCommon::new(std::sync::Arc::clone(&shared)).fit().expect("valid");
    let other = Boxed::new(groups.into_boxed_slice()).fit().expect("valid");
    assert_eq!(one.global().mean, other.global().mean);
    assert_eq!(one.local(2).level, other.local(2).level);
    assert_eq!(shared.len(), one.model().num_tasks());
}

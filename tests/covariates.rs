//! Covariates that are not finite are named as such, whatever they enter: site, task, observation, value.

use crate::errors::message;
use hierarch::prelude::*;

/// The message where a number enters the first task's observation of that number, or its latent's prior.
fn enters(site: &str, observation: impl Into<Option<usize>>, value: &str, line: u32) -> String {
    let observation = observation.into().map_or_else(String::new, |k| format!(", observation {k}"));
    format!(
        "`{site}`, task 0{observation} ({}:{line}): {value} enters here from the data or a constant (a covariate, or a `dot` of lists of \
         different lengths?), which must be finite",
        file!()
    )
}

/// What explains the data of a task: a number for each way in, and a list.
#[derive(Clone)]
pub(crate) struct Explained {
    of_latent: f64,
    points: Vec<(f64, f64)>,
    odds: f64,
    exposure: f64,
    kinds: [f64; 2],
    weight: f64,
    power: f64,
    shift: f64,
    seen: Seen,
}

/// One observation of each kind.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    hits: u8,
    yes: bool,
    count: u8,
    kind: u8,
    of_two: f64,
    heavy: f64,
    pair: [f64; 2],
}

const SEEN: Seen = Seen { hits: 3, yes: true, count: 2, kind: 1, of_two: 0.5, heavy: 0.7, pair: [0.1, 0.2] };

const COVARIATES: u32 = line!() + 1;
model! {
    Covariates(tasks: &[Explained]) {
        a ~ Normal(0.0, 1.0);
        b[_ in 0..2] ~ Normal(0.0, 1.0);
        s ~ HalfNormal(1.0);
        for task in tasks {
            u ~ Normal(a + b[0] * task.of_latent, s);
            for &(x, y) in &task.points {
                y ~ Normal(u + b[0] * x, s);
            }
            let seen = task.seen;
            seen.hits ~ BinomialLogit(5, u - b[1] * task.odds);
            seen.yes ~ BernoulliLogit(u / task.odds);
            seen.count ~ Poisson(s * task.exposure);
            seen.kind ~ CategoricalLogit([u * task.kinds[0], b[0] + task.kinds[1]]);
            seen.of_two ~ Mixture([0.5, 0.5], (Normal(u, 1.0), Normal(u + b[1] * task.weight, s)));
            seen.heavy ~ StudentT(4.0, u, s.powf(task.power));
            seen.pair ~ MultivariateNormal([u, b[1] * task.shift], Diagonal([1.0, 2.0]));
        }
    }
}

#[test]
fn a_covariate_that_is_not_finite() {
    let sound = Explained {
        of_latent: 0.5,
        points: vec![(0.1, 1.0), (0.2, 2.0)],
        odds: 1.5,
        exposure: 2.0,
        kinds: [1.0, -1.0],
        weight: 1.0,
        power: 1.0,
        shift: 3.0,
        seen: SEEN,
    };
    assert_eq!(message(Covariates::new(std::slice::from_ref(&sound))), "no error");
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let with = |change: &dyn Fn(&mut Explained, f64)| {
            let mut task = sound.clone();
            change(&mut task, value);
            message(Covariates::new(&[task, sound.clone()]))
        };
        let expected = |site: &str, observation: Option<usize>, line: u32| {
            enters(site, observation, &value.to_string(), COVARIATES + line)
        };
        assert_eq!(with(&|task, x| task.of_latent = x), expected("u", None, 6));
        assert_eq!(with(&|task, x| task.points[1].0 = x), expected("y", Some(1), 8));
        assert_eq!(with(&|task, x| task.odds = x), expected("seen.hits", Some(0), 11));
        assert_eq!(with(&|task, x| task.exposure = x), expected("seen.count", Some(0), 13));
        assert_eq!(with(&|task, x| task.kinds[0] = x), expected("seen.kind", Some(0), 14));
        assert_eq!(with(&|task, x| task.kinds[1] = x), expected("seen.kind", Some(0), 14));
        assert_eq!(with(&|task, x| task.weight = x), expected("seen.of_two", Some(0), 15));
        assert_eq!(with(&|task, x| task.shift = x), expected("seen.pair", Some(0), 17));
    }
    let with_power = Explained { power: f64::NAN, ..sound.clone() };
    assert_eq!(message(Covariates::new(&[with_power])), enters("seen.heavy", 0, "NaN", COVARIATES + 16));
    // a quotient by 0 is infinite by then
    let divided = Explained { odds: 0.0, ..sound };
    assert_eq!(message(Covariates::new(&[divided])), enters("seen.yes", 0, "inf", COVARIATES + 12));
}

#[test]
fn a_covariate_of_a_new_task_or_a_query() {
    let sound = |x: f64| task_of_line(&[(x, 1.0), (1.0, 2.0)]);
    let tasks = [sound(0.0), sound(0.5)];
    let mut fit = Straight::new(&tasks).fit().expect("the data are valid");
    let expected = Some(enters("y", 0, "NaN", STRAIGHT + 7).replace(", task 0", ""));
    let wrong = sound(f64::NAN);
    assert_eq!(fit.adapt(&wrong).err().map(|e| e.to_string()), expected);
    assert_eq!(fit.adapt(&tasks[0]).expect("valid").ln_predictive(&wrong).err().map(|e| e.to_string()), expected);
    assert_eq!(fit.absorb(&wrong).err().map(|e| e.to_string()), expected);
}

pub(crate) type Line = Vec<(f64, f64)>;

fn task_of_line(points: &[(f64, f64)]) -> Line {
    points.to_vec()
}

const STRAIGHT: u32 = line!() + 1;
model! {
    Straight(tasks: &[Line]) {
        b ~ Normal(0.0, 1.0);
        s ~ HalfNormal(1.0);
        for task in tasks {
            a ~ Normal(0.0, 1.0);
            for &(x, y) in task {
                y ~ Normal(a + b * x, s);
            }
        }
    }
}

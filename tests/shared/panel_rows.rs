//! What whole default fits are measured on: a row is a model with its data, and the posterior it should have where that
//! is known. Benchmarks and tests share these rows.
//!
//! Needs `models` beside it, as in `tests/fits.rs`.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "a benchmark and a test need different parts of it")]

#[path = "panel/answer.rs"]
pub mod answer;
#[path = "panel/counts.rs"]
pub mod counts;
#[path = "panel/nested.rs"]
pub mod nested;
#[path = "panel/ordered.rs"]
pub mod ordered;
#[path = "panel/published.rs"]
pub mod published;
#[path = "panel/response.rs"]
pub mod response;
#[path = "panel/simulated.rs"]
pub mod simulated;
#[path = "panel/simulation.rs"]
pub mod simulation;
#[path = "panel/survival.rs"]
pub mod survival;
#[path = "panel/trials.rs"]
pub mod trials;
#[path = "panel/verbal.rs"]
pub mod verbal;

pub use answer::{Expected, Job, Named, Off};

/// A model with its data under a name.
pub struct Row {
    pub name: &'static str,
    /// Reads or simulates the data.
    pub job: fn() -> Job,
    /// What the posterior should be; nothing where that is not known.
    pub reference: fn() -> Vec<Expected>,
    /// The simulated data, as lines of comma-separated numbers with the number of the task first.
    pub data: Option<fn() -> String>,
}

/// A row without simulated data.
const fn of_data(name: &'static str, job: fn() -> Job, reference: fn() -> Vec<Expected>) -> Row {
    Row { name, job, reference, data: None }
}

/// What is expected by a file of `tests/data`.
macro_rules! on_file {
    ($file:literal) => {
        || {
            $crate::panel_rows::Expected::read(include_str!(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../tests/data/",
                $file
            )))
        }
    };
}
pub(crate) use on_file;

/// Small inputs, mostly with a reference.
pub const SMALL: &[Row] = &[
    of_data("eight schools", published::eight_schools, published::expected_of_eight_schools),
    of_data("meta-analysis", published::meta_analysis, on_file!("meta_analysis.ref")),
    of_data("rats", published::rats, published::expected_of_rats),
    of_data("radon", published::radon, published::expected_of_radon),
    simulated::SLOPES,
    of_data("baseball", published::baseball, published::expected_of_baseball),
    of_data("catheters", trials::catheters, on_file!("catheters.ref")),
    counts::NEGATIVE_BINOMIAL,
    ordered::ORDINAL,
    survival::WEIBULL,
    simulated::SKEW_NORMAL,
    of_data("clusters", trials::clusters, on_file!("clusters.ref")),
    of_data("threegroups", trials::three_groups, on_file!("threegroups.ref")),
    of_data("judges", ordered::judges, on_file!("judges.ref")),
    of_data("shifted", survival::shifted, on_file!("shifted.ref")),
];

/// Discriminations have long tails upwards, of which a default fit finds four fifths.
pub const ITEM_RESPONSE: Row = of_data("item response", response::item_response, on_file!("item_response.ref"));

/// Plates within plates, of binary data.
pub const PUPILS: Row = of_data("pupils in schools in areas", nested::pupils, on_file!("pupils.ref"));

/// Larger ones.
pub const LARGE: &[Row] = &[
    counts::POISSON,
    counts::LOGIT_235,
    counts::LOGIT_1000,
    of_data("many", trials::many, on_file!("many.ref")),
    of_data("verbal aggression", verbal::verbal_aggression, on_file!("verbagg.ref")),
    ITEM_RESPONSE,
    PUPILS,
    simulated::CROSSED,
    simulated::LINES,
];

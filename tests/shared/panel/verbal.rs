//! Verbal aggression, as in the example.

#[path = "../../../examples/verb_agg/answers.rs"]
mod answers;

use super::answer::{Job, compared, job, kept};
use answers::{VerbalAggression, items, persons};

compared!(VerbalAggression: intercept anger male curse scold to_blame tau item_scale item; u);

pub fn verbal_aggression() -> Job {
    let (persons, items) = (kept(persons()), kept(items()));
    job(|| VerbalAggression::new(persons, items))
}

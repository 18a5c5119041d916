//! A two-parameter item response model: eighty persons answer eight items, whose discriminations have a scale of their own.

use super::answer::{Job, compared, job, kept};
use hierarch::prelude::*;

compared!(ItemResponse: sigma_a mu_b sigma_b a b; theta);

model! {
    /// Persons and items are crossed: abilities are the tasks, discriminations `a` and difficulties `b` vectors.
    pub ItemResponse(persons: &[Vec<bool>]) {
        sigma_a ~ HalfNormal(1.0);
        mu_b ~ Normal(0.0, 2.0);
        sigma_b ~ HalfNormal(2.0);
        a[_ in 0..8] ~ LogNormal(0.0, sigma_a);
        b[_ in 0..8] ~ Normal(mu_b, sigma_b);
        for person in persons {
            theta ~ Normal(0.0, 1.0);
            for (j, &is_right) in person.iter().enumerate() {
                is_right ~ BernoulliLogit(a[j] * (theta - b[j]));
            }
        }
    }
}

/// A row of answers a person.
pub fn item_response() -> Job {
    let person = |line: &str| line.bytes().map(|answer| answer == b'1').collect();
    let persons: Vec<Vec<bool>> = include_str!("../../data/item_response.csv").lines().skip(1).map(person).collect();
    let persons = kept(persons);
    job(|| ItemResponse::new(persons))
}

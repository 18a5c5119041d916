#![allow(missing_docs, reason = "fields are called what they are")]
//! A table of rows from a CSV file: fitted, checked, drawn, saved. The README's second program.
//!
//! cargo run --release --example from_csv
//!
//! Needs the features `plots`, `arviz` and `serde`, and writes to `target`.

use hierarch::prelude::*;
use hierarch::{By, plots, tasks::Groups, tasks::grouped};

#[derive(serde::Deserialize)]
pub struct Night {
    pub subject: String,
    pub days: f64,
    pub reaction: Option<f64>, // an empty cell is a missing datum
}

model! {
    /// Reaction times in milliseconds after days with little sleep (Belenky et al. 2003).
    pub Sleep(subjects: Groups<String, Night>) {
        level ~ Normal(250.0, 100.0);
        change ~ Normal(0.0, 50.0);
        level_sd ~ HalfNormal(50.0);
        change_sd ~ HalfNormal(50.0);
        noise ~ HalfNormal(50.0);
        for subject in subjects {
            own_level ~ Normal(level, level_sd);
            own_change ~ Normal(change, change_sd);
            for night in subject {
                night.reaction ~ Normal(own_level + own_change * night.days, noise);
            }
        }
    }
}

pub fn subjects() -> csv::Result<Groups<String, Night>> {
    let nights: Result<Vec<Night>, _> = csv::Reader::from_path("examples/data/sleepstudy.csv")?.deserialize().collect();
    Ok(grouped(nights?, |night| night.subject.clone()))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = Sleep::new(subjects()?).fit()?;
    println!("{fit}\n{}", fit.loo(By::Task)?);
    println!("slowest reaction: {}", fit.check(|data| data.values().iter().copied().fold(0.0, f64::max))?);
    std::fs::create_dir_all("target")?;
    plots::forest(&fit, "own_change", |subject| subject.own_change, &[])?.save("target/sleepstudy.svg")?;
    fit.draws_table(1000).to_csv(std::fs::File::create("target/sleepstudy.csv")?)?;
    fit.to_inference_data(1000).save("target/sleepstudy.json")?;
    fit.save("target/sleepstudy.fit")?;
    Ok(())
}

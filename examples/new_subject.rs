//! A subject that was not in the table, met by the fit that `from_csv` has saved: three nights are seen, the next are
//! predicted.
//!
//! cargo run --release --example from_csv
//! cargo run --release --example new_subject

#[path = "from_csv.rs"]
#[allow(dead_code, unreachable_pub, reason = "a program of its own, of which the model and its data serve here")]
mod from_csv;

use from_csv::{Night, Sleep, subjects};
use hierarch::prelude::*;
use hierarch::tasks::grouped;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = Sleep::new(subjects()?).load("target/sleepstudy.fit")?;
    // what lme4 estimates: 251.4 ms, and 10.47 ms more a day
    assert!((fit.global().level.mean - 251.4).abs() < 2.0 && (fit.global().change.mean - 10.47).abs() < 0.5, "{fit}");
    let seen = [Some(262.0), Some(281.0), Some(290.0), None, None, None];
    let night = |(days, reaction)| Night { subject: "new".to_owned(), days, reaction };
    let new = grouped((0..6).map(f64::from).zip(seen).map(night), |night| night.subject.clone());
    let adapted = fit.adapt(&new[0])?;
    println!("{adapted}");
    for (days, prediction) in (3..).zip(adapted.predict(&new[0])?) {
        println!("after {days} days: {}", prediction.summary);
    }
    Ok(())
}

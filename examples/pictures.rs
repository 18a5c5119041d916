//! What a fit looks like: shrinkage, what was learned of a scale, a predictive check, the climb.
//!
//! cargo run --release --example pictures
//!
//! Needs the feature `plots`, and writes SVG and PNG to `target/figures`: a second.

#[path = "eight_schools.rs"]
#[allow(dead_code, unreachable_pub, reason = "a program of its own, of which the model and its data serve here")]
mod eight_schools;
#[path = "shared/figure.rs"]
mod figure;

use eight_schools::{EightSchools, SCHOOLS};
use hierarch::plots;
use hierarch::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = EightSchools::new(&SCHOOLS).fit()?;
    let effects = SCHOOLS.map(|school| school.effect);
    let best = fit.check(|data| data.values().iter().copied().fold(f64::NEG_INFINITY, f64::max))?;
    println!("the largest effect: {best}");
    assert!((0.05..0.95).contains(&best.p_value), "the model makes such data");
    figure::save("forest", &plots::forest(&fit, "theta", |local| local.theta, &effects)?)?;
    figure::save("densities", &plots::densities(&fit, "tau", |draw| draw.global.tau)?)?;
    figure::save("check", &plots::check(&best, "largest effect")?)?;
    figure::save("trace", &plots::trace(&fit)?)?;
    Ok(())
}

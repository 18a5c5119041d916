//! What a fit looks like: shrinkage, what was learned of a scale, a predictive check, the climb.
//!
//! cargo run --release --example pictures
//!
//! Needs the feature `plots`, and writes SVG and PNG to `target/figures`: a second.

#[path = "eight_schools.rs"]
#[allow(dead_code, unreachable_pub, reason = "a program of its own, of which the model and its data serve here")]
mod eight_schools;

use eight_schools::{EightSchools, SCHOOLS};
use hierarch::plots::{self, Picture, PlotError};
use hierarch::prelude::*;
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fit = EightSchools::new(&SCHOOLS).fit()?;
    let effects = SCHOOLS.map(|school| school.effect);
    let best = fit.check(|data| data.values().iter().copied().fold(f64::NEG_INFINITY, f64::max))?;
    println!("the largest effect: {best}");
    assert!((0.05..0.95).contains(&best.p_value), "the model makes such data");
    save("forest", &plots::forest(&fit, "theta", |local| local.theta, &effects)?)?;
    save("densities", &plots::densities(&fit, "tau", |draw| draw.global.tau)?)?;
    save("check", &plots::check(&best, "largest effect")?)?;
    save("trace", &plots::trace(&fit)?)?;
    Ok(())
}

/// Saves a picture where the examples' pictures are.
fn save(name: &str, picture: &Picture) -> Result<(), PlotError> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures");
    std::fs::create_dir_all(&folder).map_err(|source| PlotError::File { path: folder.clone(), source })?;
    picture.save(folder.join(name).with_extension("svg"))?;
    match picture.save(folder.join(name).with_extension("png")) {
        Err(PlotError::NoFonts) => println!("no fonts are installed: {name} as SVG only"),
        saved => saved?,
    }
    Ok(())
}

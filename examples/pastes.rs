#![allow(missing_docs, reason = "fields are called what they are")]
//! The strength of a chemical paste: two assays each of three casks each of ten batches (Davies & Goldsmith 1972, the data set
//! that R ships as `lme4::Pastes`). Is it batches that differ, or casks, or assays?
//!
//! cargo run --release --example pastes
//!
//! A nested plate: casks in batches. Writes a picture to `target/figures`.

#[path = "pastes/assays.rs"]
mod assays;
#[path = "shared/figure.rs"]
mod figure;
#[path = "shared/reference.rs"]
mod reference;

use assays::{Assay, Cask, Pastes, assays, batches};
use hierarch::plots;
use hierarch::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = batches(assays()?);
    let strength = |cask: &Cask| cask.iter().map(|assay| assay.strength).sum::<f64>() / cask.len() as f64;
    let observed: Vec<f64> =
        table.iter().map(|batch| batch.iter().map(strength).sum::<f64>() / batch.len() as f64).collect();
    let fit = Pastes::new(table).fit()?;
    print!("{fit}");

    let batch_d = fit.local_of("D").expect("there is a batch D");
    println!("the first cask of batch D: {}", batch_d.cask[0].of_cask);
    let between = fit.marginal(|d| {
        let of = |sd: f64| sd * sd;
        of(d.global.sd_cask) / (of(d.global.sd_batch) + of(d.global.sd_cask) + of(d.global.sd_assay))
    });
    println!("share of casks in the variance: {between}");

    // a fourth cask of batch D, of which one assay is known
    let assay = |cask, strength| Assay { batch: "D", cask, strength };
    let mut of_d: Vec<Assay> = assays()?.into_iter().filter(|assay| assay.batch == "D").collect();
    of_d.push(assay("d", 60.0));
    let with_a_fourth = fit.readapt(3, &batches(of_d)[0])?.local();
    println!("a fourth cask of it, after one assay of 60.0: {}", with_a_fourth.cask[3].of_cask);

    figure::save("pastes", &plots::forest(&fit, "batch", |batch| batch.of_batch, &observed)?)?;

    // by a random walk on the three scales with everything else integrated out: 6,469 effective draws
    let global = fit.global();
    let above = fit.marginal(|d| d.local[0].of_batch - d.global.mean);
    let compared = [
        (global.mean, 60.0431, 0.7845),
        (global.sd_batch, 1.4140, 0.9189),
        (global.sd_cask, 3.0529, 0.4870),
        (global.sd_assay, 0.8610, 0.1177),
        (above, 0.8044, 1.2594),
    ];
    reference::assert_near("a random walk", &compared);
    Ok(())
}

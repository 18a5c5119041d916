#![allow(missing_docs, reason = "fields are called what they are")]
//! The strength of a chemical paste: two assays each of three casks each of ten batches (Davies & Goldsmith 1972, the data set
//! that R ships as `lme4::Pastes`). Is it batches that differ, or casks, or assays?
//!
//! cargo run --release --example pastes
//!
//! A nested plate: casks in batches. Writes a picture to `target/figures`.

use hierarch::plots::{self, PlotError};
use hierarch::prelude::*;
use hierarch::tasks::{Group, Groups, grouped};
use std::path::Path;

/// An assay: the batch and the cask that it is of, and the strength, in per cent.
pub struct Assay {
    pub batch: &'static str,
    pub cask: &'static str,
    pub strength: f64,
}

/// The assays of a batch, cask by cask.
type Cask = Group<&'static str, Assay>;

model! {
    /// Batches differ, and the casks of a batch, and the assays of a cask.
    pub Pastes(batches: Groups<&'static str, Cask>) {
        mean ~ Normal(0.0, 60.0);
        sd_batch ~ HalfNormal(5.0);
        sd_cask ~ HalfNormal(5.0);
        sd_assay ~ HalfNormal(5.0);
        for batch in batches {
            of_batch ~ Normal(mean, sd_batch);
            for cask in batch {
                of_cask ~ Normal(of_batch, sd_cask);
                for assay in cask {
                    assay.strength ~ Normal(of_cask, sd_assay);
                }
            }
        }
    }
}

/// The table, a row an assay.
pub fn assays() -> Result<Vec<Assay>, Box<dyn std::error::Error>> {
    let row = |line: &'static str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [strength, batch, cask, _] = fields[..] else { return Err(format!("not four fields: {line}").into()) };
        Ok(Assay { batch, cask, strength: strength.parse()? })
    };
    include_str!("data/pastes.csv").lines().skip(1).map(row).collect()
}

/// Casks in batches.
pub fn batches(assays: Vec<Assay>) -> Groups<&'static str, Cask> {
    grouped(assays, |assay| assay.batch).nested(|of_batch| grouped(of_batch, |assay| assay.cask))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let model = Pastes::new(batches(assays()?));
    let strength = |cask: &Cask| cask.iter().map(|assay| assay.strength).sum::<f64>() / cask.len() as f64;
    let observed: Vec<f64> =
        model.batches.iter().map(|batch| batch.iter().map(strength).sum::<f64>() / batch.len() as f64).collect();
    let fit = model.fit()?;
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

    let picture = plots::forest(&fit, "batch", |batch| batch.of_batch, &observed)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures");
    std::fs::create_dir_all(&folder)?;
    picture.save(folder.join("pastes.svg"))?;
    match picture.save(folder.join("pastes.png")) {
        Err(PlotError::NoFonts) => println!("no fonts are installed: the picture as SVG only"),
        saved => saved?,
    }

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

#[path = "shared/reference.rs"]
mod reference;

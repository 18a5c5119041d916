//! Assays of batches of a paste, and the model that they are of.

use hierarch::prelude::*;
use hierarch::tasks::{Group, Groups, grouped};

/// An assay: the batch and the cask that it is of, and the strength, in per cent.
pub(crate) struct Assay {
    pub(crate) batch: &'static str,
    pub(crate) cask: &'static str,
    pub(crate) strength: f64,
}

/// The assays of a cask.
pub(crate) type Cask = Group<&'static str, Assay>;

model! {
    /// Batches differ, and the casks of a batch, and the assays of a cask.
    pub(crate) Pastes(batches: Groups<&'static str, Cask>) {
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
pub(crate) fn assays() -> Result<Vec<Assay>, Box<dyn std::error::Error>> {
    let row = |line: &'static str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [strength, batch, cask, _] = fields[..] else { return Err(format!("not four fields: {line}").into()) };
        Ok(Assay { batch, cask, strength: strength.parse()? })
    };
    include_str!("../data/pastes.csv").lines().skip(1).map(row).collect()
}

/// Casks in batches.
pub(crate) fn batches(assays: Vec<Assay>) -> Groups<&'static str, Cask> {
    grouped(assays, |assay| assay.batch).nested(|of_batch| grouped(of_batch, |assay| assay.cask))
}

//! Files that an earlier build has written are read, and mean what they meant.

use super::{FORMAT, Read, Written, bytes_of, fnv1a, read};
use crate::error::FileError;
use crate::fit::Fittable;
use crate::fit::saved::fingerprint::Fingerprint;
use crate::options::{AdamOptions, Correction, Optimiser, Options};
use crate::prelude::*;
use std::fs;
use std::path::Path;

model! {
    Groups(groups: &[Vec<f64>]) {
        mu ~ Normal(0.0, 5.0);
        tau ~ HalfNormal(2.0);
        for ys in groups {
            theta ~ Normal(mu, tau);
            for y in ys {
                y ~ Normal(theta, 1.0);
            }
        }
    }
}

/// Kept files of this format, and the hash of what they hold, in words, with all names.
const KEPT: [(&str, Correction, u64); 3] = [
    ("weights", Correction::Importance, 0xecd7_47c9_c76a_ec0c),
    ("chains", Correction::Chains, 0xe856_52bb_c340_e13c),
    ("adam", Correction::MeanField, 0x70c6_fbd4_32cb_f356),
];

/// Whatever is read otherwise than it was written gives another hash, or none: then [`FORMAT`] is to be raised, and files are to be
/// kept anew.
#[test]
fn kept_files_are_read_as_they_were_written() {
    let changed: Vec<String> = KEPT
        .iter()
        .filter_map(|(name, correction, hash)| {
            let file = format!("format_{FORMAT}_{name}.fit");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/fit/saved").join(&file);
            let kept = fs::read(path).map_err(|error| error.to_string());
            let found = kept.and_then(|bytes| hash_of(&bytes).map_err(|error| error.to_string()));
            let anew = || {
                let (path, bytes) = (std::env::temp_dir().join(&file), written(*correction));
                fs::write(&path, &bytes).expect("a folder for temporary files");
                format!("{name}: {found:?}; anew: {}, whose hash is {:x?}", path.display(), hash_of(&bytes))
            };
            (found != Ok(*hash)).then(anew)
        })
        .collect();
    assert!(
        changed.is_empty(),
        "what a fit is made of has changed; raise FORMAT, and keep other files:\n{}",
        changed.join("\n")
    );
}

fn hash_of(bytes: &[u8]) -> Result<u64, FileError> {
    let read: Read = read(bytes)?;
    Ok(fnv1a(serde_json::to_string(&read).expect("plain data").as_bytes()))
}

fn written(correction: Correction) -> Vec<u8> {
    let groups = [vec![0.3, 2.0], vec![1.1, 0.2]];
    // what is not corrected is climbed by Adam, so that its options are in a file
    let optimiser = match correction {
        Correction::MeanField => Optimiser::Adam(AdamOptions::default()),
        _ => Optimiser::Auto,
    };
    let options = Options { correction, optimiser, posterior_draws: 50, ..Options::default() };
    let fit = Groups::new(&groups).fit_with(&options).expect("valid");
    let fingerprint = Fingerprint::of(&fit.model, &fit.solution);
    bytes_of(&Written { fingerprint: &fingerprint, solution: &fit.solution }).expect("plain data")
}

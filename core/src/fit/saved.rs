//! Fits in files: written by one process, read by another that has built the same model with the same data.
//!
//! A file is `hierarch`, the format (u32, little-endian), a checksum (u64) of what follows, and a fingerprint of the model with
//! the solution, as `postcard` writes them: all bits of every `f64`.

mod fingerprint;
#[cfg(test)]
mod tests;

use crate::density::shape::Shape;
use crate::error::{Error, FileError};
use crate::fit::Fit;
use crate::fit::solution::Solution;
use crate::model::Model;
use crate::model::subset::Subset;
use fingerprint::{Fingerprint, fnv1a};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

const MAGIC: &[u8; 8] = b"hierarch";
/// To be raised whenever anything changes that a [`Solution`] or a [`Fingerprint`] is made of: a test reads files of this format.
const FORMAT: u32 = 5;

/// What a file holds.
#[derive(Serialize)]
struct Written<'a> {
    fingerprint: &'a Fingerprint,
    solution: &'a Solution,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(Serialize))]
struct Read {
    fingerprint: Fingerprint,
    solution: Solution,
}

impl<M: Model> Fit<M> {
    /// Writes the fit to a file, behind the feature `serde`. [`load`](crate::Fittable::load) of the same model with the same
    /// data, in another process or on another day, gives it back to the bit: what is read predicts, adapts and reports as this
    /// fit does. The data are not in the file: only what tells whether they are the same.
    ///
    /// ```
    /// # use hierarch::prelude::*;
    /// # fn main() -> Result<(), hierarch::Error> {
    /// # model! {
    /// #     Coins(heads: &[(u32, u32)]) {
    /// #         spread ~ HalfNormal(1.0);
    /// #         for &(heads, tosses) in heads {
    /// #             log_odds ~ Normal(0.0, spread);
    /// #             heads ~ BinomialLogit(tosses, log_odds);
    /// #         }
    /// #     }
    /// # }
    /// # let path = std::env::temp_dir().join(format!("hierarch-doc-{}.fit", std::process::id()));
    /// let tosses = [(7, 10), (4, 10), (5, 10)];
    /// let fit = Coins::new(&tosses).fit()?;
    /// fit.save(&path)?;
    /// let again = Coins::new(&tosses).load(&path)?;
    /// assert_eq!(again.to_string(), fit.to_string());
    /// let error = Coins::new(&[(7, 10), (4, 10), (6, 10)]).load(&path).err().expect("other data");
    /// assert!(error.to_string().contains("the observations of task 2 were others"));
    /// # std::fs::remove_file(&path).expect("it is there");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::File`] where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let fingerprint = Fingerprint::of(&self.model, &self.solution);
        let written = Written { fingerprint: &fingerprint, solution: &self.solution };
        let bytes = bytes_of(&written).map_err(|reason| Error::of_file(path, reason))?;
        // whatever happens on the way, a file that was there before is whole
        let mut beside = path.as_os_str().to_owned();
        beside.push(".part");
        let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
        written.map_err(|error| Error::of_file(path, error))
    }
}

/// The fit that a file holds, if it is one of this model with these data.
pub(super) fn load<M: Model>(model: M, path: &Path) -> Result<Fit<M>, Error> {
    let bytes = fs::read(path).map_err(|error| Error::of_file(path, error))?;
    let Read { fingerprint, mut solution } = read(&bytes).map_err(|reason| Error::of_file(path, reason))?;
    solution.shape = Shape::discover(&Subset::all(&model), &solution.start)?;
    fingerprint.check(&model, &solution).map_err(|reason| Error::of_file(path, reason))?;
    Ok(Fit::with(model, solution))
}

fn bytes_of(written: &Written<'_>) -> Result<Vec<u8>, FileError> {
    let written = postcard::to_stdvec(written).map_err(|error| FileError::Io(error.to_string()))?;
    Ok([&MAGIC[..], &FORMAT.to_le_bytes(), &fnv1a(&written).to_le_bytes(), &written].concat())
}

fn read(bytes: &[u8]) -> Result<Read, FileError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(FileError::NotAFit)?;
    let (format, rest) = rest.split_first_chunk().ok_or(FileError::Damaged)?;
    let found = u32::from_le_bytes(*format);
    if found != FORMAT {
        return Err(FileError::Format { found, expected: FORMAT });
    }
    let (checksum, written) = rest.split_first_chunk().ok_or(FileError::Damaged)?;
    if u64::from_le_bytes(*checksum) != fnv1a(written) {
        return Err(FileError::Damaged);
    }
    postcard::from_bytes(written).map_err(|_| FileError::Damaged)
}

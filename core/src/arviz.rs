//! Fits for ArviZ, behind the feature `arviz`: `InferenceData` as the JSON that `arviz.from_json` opens.
//!
//! ```
//! # use hierarch::prelude::*;
//! # fn main() -> Result<(), hierarch::Error> {
//! # model! {
//! #     Coins(heads: &[(u32, u32)]) {
//! #         spread ~ HalfNormal(1.0);
//! #         for &(heads, tosses) in heads {
//! #             log_odds ~ Normal(0.0, spread);
//! #             heads ~ BinomialLogit(tosses, log_odds);
//! #         }
//! #     }
//! # }
//! # let path = std::env::temp_dir().join(format!("hierarch-doc-{}.json", std::process::id()));
//! let fit = Coins::new(&[(7, 10), (4, 10), (5, 10)]).fit()?;
//! fit.to_inference_data(500).save(&path)?;
//! # std::fs::remove_file(&path).expect("it is there");
//! # Ok(())
//! # }
//! ```
//!
//! ```python
//! import arviz as az
//! data = az.from_json("coins.json")
//! az.plot_forest(data, var_names=["log_odds"])
//! ```
//!
//! Since its version 1 ArviZ has no `from_json`. There it is
//!
//! ```python
//! content = json.load(open("coins.json"))
//! coords, dims = content.pop("coords"), content.pop("dims")
//! found = {name: content.pop(name) for name in list(content) if name.endswith("attrs")}
//! groups = content
//! arrays = {name: {of: np.array(values) for of, values in group.items()} for name, group in groups.items()}
//! data = az.from_dict(arrays, coords=coords, dims=dims)
//! data["sample_stats"].attrs.update(found["sample_stats_attrs"])
//! ```
//!
//! with `json`, `numpy as np` and `arviz as az` imported. A latent that is called `task`, `draw` or `chain`, as a dimension is, is
//! the variable `task_`, `draw_` or `chain_`.

mod data;
mod gather;
mod json;
mod variables;

pub use data::InferenceData;

use crate::error::Error;
use crate::fit::Fit;
use crate::model::Model;
use crate::progress::Progress;
use gather::Gathered;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use variables::assembled;

impl<M: Model> Fit<M> {
    /// So many draws of all latents, with what goes with them, for ArviZ; behind the feature `arviz`. The draws are those of
    /// [`draws_table`](Self::draws_table).
    pub fn to_inference_data(&self, draws: usize) -> InferenceData {
        let picked = self.solution.picked(draws);
        let gathered = Gathered::of(&self.model, &self.solution, &picked);
        let weights = picked.iter().map(|&s| self.solution.draws.weights[s]).collect();
        assembled(&self.draws_table(draws), weights, gathered, &self.solution)
    }
}

impl InferenceData {
    /// Writes it as the JSON that `arviz.from_json` reads; numbers that are not finite as `NaN`, `Infinity` and `-Infinity`, which
    /// Python reads.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn to_json(&self, mut out: impl Write) -> io::Result<()> {
        json::write(self, &mut out)
    }

    /// Saves that JSON in a file.
    ///
    /// # Errors
    /// [`Error::File`] where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let progress = Progress::if_wanted(self.progress);
        progress.stage("writing for ArviZ", 0);
        let write = || -> io::Result<()> {
            let mut out = BufWriter::new(std::fs::File::create(path)?);
            self.to_json(&mut out)?;
            out.flush()
        };
        write().map_err(|error| Error::of_file(path, error))
    }
}

//! Why a file holds no fit of a model.

/// Why a fit cannot be written to a file, or a file gives no fit of a model with its data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The operating system refused, in its words.
    #[error("{0}")]
    Io(String),
    /// It does not begin as a saved fit does.
    #[error("this is no saved fit: `fit.save(path)` writes one")]
    NotAFit,
    /// Another version of the crate wrote it.
    #[error("its format is {found}, but this version of hierarch reads format {expected}: fit anew")]
    Format {
        /// The format of the file.
        found: u32,
        /// The format that is read.
        expected: u32,
    },
    /// It was cut short, or changed since it was written.
    #[error("it is damaged or cut short, as its checksum is wrong: fit anew and save")]
    Damaged,
    /// It holds a fit of a model with other latents or observations.
    #[error("it is a fit of another model: of {saved}, not of {here}; load it as what was saved, or fit anew")]
    Model {
        /// The sites of the model that was fitted.
        saved: String,
        /// Those of the model that the file is to be a fit of.
        here: String,
    },
    /// It holds a fit of the model with latents of other lengths, or to other tasks.
    #[error("it is a fit of the model with {saved}, not with {here}; load it with the data of then, or fit anew")]
    Layout {
        /// What the model had that was fitted.
        saved: String,
        /// What the model has that the file is to be a fit of.
        here: String,
    },
    /// It holds a fit to other observations.
    #[error(
        "it is a fit to other data: the observations of {part} were others; load it with the data of then, or fit anew"
    )]
    Data {
        /// The task, or `what is outside the plate`.
        part: String,
    },
    /// It holds a fit under other covariates, constants or distributions, for the density is another one.
    #[error(
        "it is a fit of another density: that of {part} was {saved} where it is {here}; are covariates, constants and \
             distributions what they were?"
    )]
    Density {
        /// The task, or `what is outside the plate`.
        part: String,
        /// ln p at the guide's mean when the fit was saved.
        saved: String,
        /// The same now.
        here: String,
    },
}

impl From<std::io::Error> for FileError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

//! A picture, and the files that it is saved to.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend, WHITE};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a picture is drawn on.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Whether something was drawn.
pub type Drawn = Result<(), Box<dyn Error>>;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// It could not be drawn.
    #[error("a picture cannot be drawn: {0}")]
    Drawing(String),
    /// What it needs of the model cannot be had.
    #[error(transparent)]
    Model(#[from] crate::Error),
    /// The name of a file ends in neither of the two that can be written.
    #[error("`{}` ends in neither .svg nor .png", .0.display())]
    Ending(PathBuf),
    /// There is no font to write with, which a PNG needs.
    #[error("no fonts are installed, which a PNG needs: save an SVG")]
    NoFonts,
    /// The file cannot be written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    svg: String,
}

/// Pixels of a PNG to a pixel of the drawing.
const SHARPNESS: f32 = 2.0;

impl Picture {
    /// A picture of that width and height in pixels, drawn on a white area.
    ///
    /// # Errors
    /// [`PlotError::Drawing`] with what `draw` says.
    pub fn draw(size: (u32, u32), draw: impl FnOnce(&Area<'_>) -> Drawn) -> Result<Self, PlotError> {
        let mut svg = String::new();
        let drawn = || -> Drawn {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&WHITE)?;
            draw(&area)?;
            area.present()?;
            Ok(())
        };
        drawn().map_err(|error| PlotError::Drawing(error.to_string()))?;
        Ok(Self { svg })
    }

    /// The picture as the text of an SVG file.
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// The picture as a PNG file, twice as large as it was drawn.
    ///
    /// # Errors
    /// [`PlotError::NoFonts`].
    pub fn png(&self) -> Result<Vec<u8>, PlotError> {
        let mut options = Options::default();
        let fonts = Arc::make_mut(&mut options.fontdb);
        fonts.load_system_fonts();
        let family = fonts.faces().find_map(|face| face.families.first().map(|(name, _)| name.clone()));
        let family = family.ok_or(PlotError::NoFonts)?;
        // whatever there is, where the usual one is not
        let has_usual = fonts.faces().any(|face| face.families.iter().any(|(name, _)| name == USUAL));
        fonts.set_sans_serif_family(if has_usual { USUAL.to_owned() } else { family });
        let failed = |what: &dyn std::fmt::Display| PlotError::Drawing(what.to_string());
        let tree = Tree::from_str(&self.svg, &options).map_err(|error| failed(&error))?;
        let size = tree.size().to_int_size().scale_by(SHARPNESS).ok_or_else(|| failed(&"it is too large"))?;
        let mut pixels = Pixmap::new(size.width(), size.height()).ok_or_else(|| failed(&"it is empty"))?;
        resvg::render(&tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(&error))
    }

    /// Saves the picture, as SVG or as PNG by how the file's name ends.
    ///
    /// # Errors
    /// Another ending; a file that cannot be written; [`PlotError::NoFonts`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        let content = match path.extension().and_then(|ending| ending.to_str()) {
            Some("svg") => self.svg.clone().into_bytes(),
            Some("png") => self.png()?,
            _ => return Err(PlotError::Ending(path.to_owned())),
        };
        std::fs::write(path, content).map_err(|source| PlotError::File { path: path.to_owned(), source })
    }
}

/// The family that text is written in, if it is installed.
const USUAL: &str = "DejaVu Sans";

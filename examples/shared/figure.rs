//! Where the examples put their pictures, and what these are drawn with.

#[allow(unused_imports, reason = "a picture takes what it needs")]
pub(crate) use hierarch::plots::{
    Area, Drawn, Picture, PlotError,
    chart::{Axis, Frame, Lines, Mark},
};
use std::error::Error;
use std::path::Path;

/// Saves a picture as `target/figures/NAME.svg`, and as PNG beside it where there are fonts; with the argument `--figures`, as
/// `docs/figures/NAME.svg` too.
pub(crate) fn save(name: &str, picture: &Picture) -> Result<(), Box<dyn Error>> {
    let is_published = std::env::args().any(|arg| arg == "--figures");
    for folder in ["target/figures", "docs/figures"].iter().take(1 + usize::from(is_published)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(name).with_extension("svg");
        picture.save(&path)?;
        eprintln!("{}", path.display());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/figures").join(name).with_extension("png");
    match picture.save(path) {
        Err(PlotError::NoFonts) => eprintln!("no fonts are installed: {name} as SVG only"),
        saved => saved?,
    }
    Ok(())
}

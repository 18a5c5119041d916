//! Where the examples put their pictures, and what these are drawn with.

#[allow(unused_imports, reason = "a picture takes what it needs")]
pub(crate) use hierarch::plots::{
    Area, Drawn, Picture,
    chart::{Axis, Frame, Lines, Mark},
};
use std::error::Error;
use std::path::Path;

/// A picture as `target/figures/NAME.svg`; with the argument `--figures`, as `docs/figures/NAME.svg` too.
pub(crate) fn save(name: &str, size: (u32, u32), draw: impl Fn(&Area<'_>) -> Drawn) -> Result<(), Box<dyn Error>> {
    let picture = Picture::draw(size, draw)?;
    let is_published = std::env::args().any(|arg| arg == "--figures");
    for folder in ["target/figures", "docs/figures"].iter().take(1 + usize::from(is_published)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(name).with_extension("svg");
        picture.save(&path)?;
        eprintln!("{}", path.display());
    }
    Ok(())
}

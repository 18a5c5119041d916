//! Where the examples put their pictures, and what these are drawn with.

#[path = "chart.rs"]
mod chart;

#[allow(unused_imports, reason = "a picture takes what it needs")]
pub(crate) use chart::{Axis, Chart, Frame, Lines, Mark};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;

/// What a picture is drawn on.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A picture as `target/figures/NAME.svg`; with the argument `--figures`, as `docs/figures/NAME.svg` too.
pub(crate) fn save(
    name: &str,
    size: (u32, u32),
    draw: impl Fn(&Area<'_>) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let is_published = std::env::args().any(|arg| arg == "--figures");
    for folder in ["target/figures", "docs/figures"].iter().take(1 + usize::from(is_published)) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(name).with_extension("svg");
        let area = SVGBackend::new(&path, size).into_drawing_area();
        area.fill(&WHITE)?;
        draw(&area)?;
        area.present()?;
        eprintln!("{}", path.display());
    }
    Ok(())
}

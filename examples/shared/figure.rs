//! Where the examples put their pictures, and what these have in common.

use plotters::coord::{CoordTranslate, Shift};
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

/// What the series of a chart are.
#[allow(dead_code, reason = "a picture may name them where they are")]
pub(crate) fn legend<'a, C: CoordTranslate>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, C>,
    corner: SeriesLabelPosition,
) -> Result<(), Box<dyn Error>> {
    let mut labels = chart.configure_series_labels();
    labels.position(corner).background_style(WHITE.mix(0.9)).border_style(BLACK.mix(0.2));
    labels.label_font(("sans-serif", 14)).draw()?;
    Ok(())
}

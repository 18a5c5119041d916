//! Where the examples put their pictures.

use std::path::{Path, PathBuf};

/// `target/figures/NAME.svg`; with the argument `--figures`, `docs/figures/NAME.svg` as well.
pub(crate) fn paths(name: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = vec!["target/figures"];
    if std::env::args().any(|arg| arg == "--figures") {
        folders.push("docs/figures");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    folders
        .into_iter()
        .map(|folder| {
            std::fs::create_dir_all(root.join(folder))?;
            Ok(root.join(folder).join(name).with_extension("svg"))
        })
        .collect()
}

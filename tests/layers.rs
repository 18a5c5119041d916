//! The rooms of the core stand in floors: an import goes down, or along a floor where that makes no circle, and no files
//! import each other in a circle. Read from the sources themselves; tests and docs within them do not count.

#[path = "layers/source.rs"]
mod source;
#[path = "layers/tokens.rs"]
mod tokens;
#[path = "layers/tree.rs"]
mod tree;

use source::{Arrow, Source};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// From the top; a room is a file or a folder of `core/src`.
const FLOORS: &[&[&str]] = &[
    &["lib", "prelude", "private"],
    &["plots"],
    &["adapt", "amortise", "arviz", "assess", "nuts", "shards"],
    &["fit"],
    &["correct", "optimize"],
    &["conditional"],
    &["posterior", "elbo"],
    &["density"],
    &["interpret"],
    &["model", "testing"],
    &["dist"],
    &["support"],
    &["numbers", "guide"],
    &["sampling", "linalg", "special", "error", "options", "verdict", "progress"],
];

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|rooms| rooms.contains(&room));
    found.unwrap_or_else(|| panic!("`{room}` has no floor: say in tests/layers.rs where it stands"))
}

/// Imports between files of the core, each once for every name.
fn arrows() -> Vec<Arrow> {
    Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src")).arrows()
}

/// The members of each circle: what can be reached from each other.
fn circles<'a>(edges: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<Vec<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    edges.filter(|(from, to)| from != to).for_each(|(from, to)| {
        next.entry(from).or_default().insert(to);
    });
    let reached_from = |start: &'a str| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(at) = open.pop() {
            open.extend(next.get(at).into_iter().flatten().filter(|to| reached.insert(**to)));
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> = next.keys().map(|&from| (from, reached_from(from))).collect();
    let circle_of = |from: &&'a str| -> Vec<&'a str> {
        let back = |to: &&str| reached.get(to).is_some_and(|beyond| beyond.contains(from));
        reached[*from].iter().copied().filter(|to| back(to)).collect()
    };
    reached.keys().map(circle_of).filter(|circle| circle.len() > 1).collect()
}

/// What is imported from one member of a circle to another, a line each.
fn within<'a>(arrows: &'a [Arrow], is_inside: impl Fn(&Arrow) -> bool + 'a) -> impl Iterator<Item = String> + 'a {
    arrows.iter().filter(move |arrow| is_inside(arrow)).map(|arrow| format!("    {arrow}"))
}

#[test]
fn imports_between_rooms_go_down() {
    let arrows = arrows();
    let up: Vec<String> = arrows
        .iter()
        .filter(|arrow| floor(arrow.room_of_from()) > floor(arrow.room_of_to()))
        .map(|arrow| format!("{arrow}, up from `{}` to `{}`", arrow.room_of_from(), arrow.room_of_to()))
        .collect();
    assert!(up.is_empty(), "{} imports go up:\n{}", up.len(), up.join("\n"));
}

#[test]
fn rooms_of_a_floor_do_not_import_each_other_in_a_circle() {
    let arrows = arrows();
    let along = |arrow: &&Arrow| floor(arrow.room_of_from()) == floor(arrow.room_of_to());
    let mut found = Vec::new();
    for circle in circles(arrows.iter().filter(along).map(|arrow| (arrow.room_of_from(), arrow.room_of_to()))) {
        found.push(format!("{}:", circle.join(", ")));
        let is_inside = |arrow: &Arrow| {
            let (from, to) = (arrow.room_of_from(), arrow.room_of_to());
            from != to && circle.contains(&from) && circle.contains(&to)
        };
        found.extend(within(&arrows, is_inside));
    }
    assert!(found.is_empty(), "rooms import each other in a circle:\n{}", found.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_a_circle() {
    let arrows = arrows();
    let mut found = Vec::new();
    for circle in circles(arrows.iter().map(|arrow| (arrow.from.as_str(), arrow.to.as_str()))) {
        found.push(format!("{}:", circle.join(", ")));
        let is_inside = |arrow: &Arrow| [&arrow.from, &arrow.to].iter().all(|file| circle.contains(&file.as_str()));
        found.extend(within(&arrows, is_inside));
    }
    assert!(found.is_empty(), "files import each other in a circle:\n{}", found.join("\n"));
}

//! Who imports whom in the macro: downwards only, never in a circle; and what the emitted code names of the core.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};
use syn::{ItemMod, ItemUse, UseTree};

/// The modules of the crate from the top down. Those of one floor know nothing of each other.
const FLOORS: [&[&str]; 9] = [
    &["lib"],
    &["emit"],
    &["fallback"],
    &["lower"],
    &["check"],
    &["lifetimes", "parse"],
    &["facts", "names"],
    &["ast", "errors", "lints"],
    &["source"],
];

/// The modules of the core that emitted code may name.
const EMITTED: [&str; 2] = ["model", "__private"];

#[test]
fn imports_go_down() {
    let sources = Sources::read();
    let up: Vec<_> = sources.arrows().into_iter().filter(Arrow::goes_up).collect();
    assert!(up.is_empty(), "imports that go up or sideways:\n{}", lines(&up));
}

#[test]
fn imports_go_in_no_circle() {
    let sources = Sources::read();
    let arrows = sources.arrows();
    let circles: Vec<_> = arrows.iter().filter(|arrow| reaches(&arrows, &arrow.to, &arrow.from)).collect();
    assert!(circles.is_empty(), "imports that are part of a circle:\n{}", lines(&circles));
}

#[test]
fn emitted_code_names_two_modules_of_the_core() {
    for (module, source) in &Sources::read().0 {
        for path in source.split("#krate::").skip(1) {
            let name: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            assert!(EMITTED.contains(&&*name), "{module} emits a path to `{name}` of the core");
        }
    }
}

/// A module by its path, the crate itself by an empty one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Module(Vec<String>);

/// The text of every module.
struct Sources(BTreeMap<Module, String>);

/// `from` names something of `to`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: Module,
    to: Module,
    name: String,
}

impl Module {
    fn of_file(src: &Path, file: &Path) -> Self {
        let path = file.strip_prefix(src).expect("a file of the crate").with_extension("");
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        Self(if parts == ["lib"] { Vec::new() } else { parts })
    }

    fn room(&self) -> &str {
        self.0.first().map_or("lib", String::as_str)
    }

    fn floor(&self) -> usize {
        let floor = FLOORS.iter().position(|floor| floor.contains(&self.room()));
        floor.unwrap_or_else(|| panic!("{self} is on no floor: add `{}` to `FLOORS`", self.room()))
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.rs", if self.0.is_empty() { "lib".to_owned() } else { self.0.join("/") })
    }
}

impl Arrow {
    fn goes_up(&self) -> bool {
        self.from.room() != self.to.room() && self.from.floor() >= self.to.floor()
    }
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} imports `{}` of {}", self.from, self.name, self.to)
    }
}

impl Sources {
    fn read() -> Self {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let read = |file: PathBuf| {
            let source = std::fs::read_to_string(&file).expect("a source file");
            (Module::of_file(&src, &file), source)
        };
        Self(files(&src).into_iter().map(read).collect())
    }

    fn arrows(&self) -> BTreeSet<Arrow> {
        self.0.iter().flat_map(|(module, source)| self.arrows_from(module, source)).collect()
    }

    fn arrows_from(&self, module: &Module, source: &str) -> Vec<Arrow> {
        let mut paths = Paths::default();
        paths.visit_file(&syn::parse_file(source).unwrap_or_else(|error| panic!("{module}: {error}")));
        paths.0.iter().filter_map(|path| self.arrow(module, path)).collect()
    }

    /// Where a path written in `from` leads, if into another module of the crate.
    fn arrow(&self, from: &Module, path: &[String]) -> Option<Arrow> {
        let mut at = from.clone();
        let mut names = path.iter().peekable();
        if names.next_if(|name| *name == "crate").is_some() {
            at = Module(Vec::new());
        }
        while names.next_if(|name| *name == "super").is_some() {
            at.0.pop();
        }
        while let Some(name) = names.peek() {
            let child = Module(at.0.iter().chain([*name]).cloned().collect());
            if !self.0.contains_key(&child) {
                break;
            }
            at = child;
            names.next();
        }
        let name = names.next().or(path.last())?.clone();
        (at != *from).then_some(Arrow { from: from.clone(), to: at, name })
    }
}

/// All paths of a file, those of its imports included; not those of the tests in it.
#[derive(Default)]
struct Paths(Vec<Vec<String>>);

impl Paths {
    fn import(&mut self, tree: &UseTree, before: &[String]) {
        let with = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &with(&path.ident)),
            UseTree::Name(name) => self.0.push(with(&name.ident)),
            UseTree::Rename(rename) => self.0.push(with(&rename.ident)),
            UseTree::Glob(_) => self.0.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.import(&item.tree, &[]);
    }
    fn visit_path(&mut self, path: &'ast syn::Path) {
        // A path of one segment is a variable, or has been imported.
        if path.segments.len() > 1 {
            self.0.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("a folder of the crate").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Whether arrows lead from one module to another.
fn reaches(arrows: &BTreeSet<Arrow>, from: &Module, to: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(at) = next.pop() {
        if at == to {
            return true;
        }
        if seen.insert(at) {
            next.extend(arrows.iter().filter(|arrow| arrow.from == *at).map(|arrow| &arrow.to));
        }
    }
    false
}

fn lines<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join("\n")
}

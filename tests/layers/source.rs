//! Which file of a crate imports which name of which other file.

use crate::tokens::tokens;
use crate::tree::Tree;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

/// The names from the crate's root to a module, or to an item.
type Names = Vec<String>;

/// A name of the file `to` that is used in the file `from`; files are relative to `src`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Arrow {
    pub(crate) from: String,
    pub(crate) to: String,
    name: String,
}

impl Arrow {
    pub(crate) fn room_of_from(&self) -> &str {
        room(&self.from)
    }

    pub(crate) fn room_of_to(&self) -> &str {
        room(&self.to)
    }
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core/src/{} imports `{}` of core/src/{}", self.from, self.name, self.to)
    }
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

/// The modules of a crate by their names.
pub(crate) struct Source {
    modules: BTreeMap<Names, Module>,
    /// Macros that stand at the root whatever file they are in, and their modules.
    exported_macros: BTreeMap<String, Names>,
}

#[derive(Default)]
struct Module {
    file: String,
    words: Vec<String>,
    uses: Vec<Use>,
}

/// A name that `use` brings in, `*` for all, and the path it stands for.
struct Use {
    name: String,
    path: Names,
    /// Whether others may have it from here. A name of a file below that is only passed on is no import.
    is_passed_on: bool,
}

impl Source {
    /// All files below `src` that are not for tests only.
    pub(crate) fn read(src: &Path) -> Self {
        let mut source = Self { modules: BTreeMap::new(), exported_macros: BTreeMap::new() };
        source.visit(src, "lib.rs", &[]);
        source
    }

    /// Reads a file and the files of its modules.
    fn visit(&mut self, src: &Path, file: &str, names: &[String]) {
        let text = fs::read_to_string(src.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let words = tokens(&text);
        let folder = match file {
            "lib.rs" => String::new(),
            _ => format!("{}/", file.trim_end_matches(".rs")),
        };
        for next in words.windows(3).filter(|next| next[0] == "mod" && next[2] == ";") {
            self.visit(src, &format!("{folder}{}.rs", next[1]), &joined(names, &next[1..2]));
        }
        for next in words.windows(3).filter(|next| next[0] == "macro_rules") {
            self.exported_macros.insert(next[2].clone(), names.to_vec());
        }
        self.modules.insert(names.to_vec(), Module { file: file.to_owned(), words, uses: Vec::new() });
    }

    /// Every use of a name of another file, sorted.
    pub(crate) fn arrows(mut self) -> Vec<Arrow> {
        let all: Vec<Names> = self.modules.keys().cloned().collect();
        let mut others: Vec<(Names, Names)> = Vec::new();
        for module in all {
            let (uses, paths) = self.paths(&module);
            others.extend(paths.into_iter().map(|path| (module.clone(), path)));
            self.modules.get_mut(&module).expect("it is of the list").uses = uses;
        }
        let uses = self.modules.iter().flat_map(|(module, Module { uses, words, .. })| {
            let body = body(words);
            let is_door = move |used: &Use| {
                used.is_passed_on && used.path.starts_with(module) && !body.contains(used.name.as_str())
            };
            uses.iter().filter(move |used| !is_door(used)).map(move |used| (module, &used.path))
        });
        let others = others.iter().map(|(module, path)| (module, path));
        let arrows: BTreeSet<Arrow> =
            uses.chain(others).filter_map(|(module, path)| self.arrow(module, path)).collect();
        arrows.into_iter().collect()
    }

    /// From a module to what a path names; none if that is in the module's own file.
    fn arrow(&self, module: &[String], path: &[String]) -> Option<Arrow> {
        let (owner, name) = self.owner(path, 0);
        let (from, to) = (&self.modules[module].file, &self.modules[&owner].file);
        (from != to).then(|| Arrow { from: from.clone(), to: to.clone(), name })
    }

    /// The paths into this crate that a module names: by `use`, and elsewhere.
    fn paths(&self, module: &[String]) -> (Vec<Use>, Vec<Names>) {
        let words = &self.modules[module].words;
        let (mut uses, mut others, mut at) = (Vec::new(), Vec::new(), 0);
        while at < words.len() {
            let before = at.checked_sub(1).map_or("", |before| words[before].as_str());
            if words[at] == "use" {
                let tree = Tree::of(words, at + 1);
                at = tree.end();
                let is_passed_on = ["pub", ")"].contains(&before);
                uses.extend(tree.into_names().into_iter().filter_map(|(name, path)| {
                    let path = self.rooted(module, &path)?;
                    Some(Use { name, path, is_passed_on })
                }));
            } else if ["$", "::", "in", "mod"].contains(&before) || words.get(at + 1).is_none_or(|next| next != "::") {
                at += 1;
            } else {
                let length = words[at..].chunks(2).take_while(|pair| pair.len() == 2 && pair[1] == "::").count();
                let path: Names = words[at..].iter().step_by(2).take(length + 1).cloned().collect();
                others.extend(self.rooted(module, &path));
                at += 2 * length;
            }
        }
        (uses, others)
    }

    /// A path as it is from the crate's root; none if it leads to another crate, or to an item of the module itself.
    fn rooted(&self, module: &[String], path: &[String]) -> Option<Names> {
        let mut from = module.to_vec();
        match path[0].as_str() {
            "crate" => from.clear(),
            "self" => {}
            "super" => {
                from.pop();
                if path.get(1).is_some_and(|next| next == "super") {
                    return self.rooted(&from, &path[1..]);
                }
            }
            first if self.modules.contains_key(&joined(module, &path[..1])) => from.push(first.to_owned()),
            _ => return None,
        }
        Some(joined(&from, &path[1..]))
    }

    /// The module that declares what a path names, whatever modules pass it on, and the first name below it.
    fn owner(&self, path: &[String], depth: usize) -> (Names, String) {
        let length =
            (0..=path.len()).rev().find(|&n| self.modules.contains_key(&path[..n])).expect("the root is there");
        let (module, rest) = path.split_at(length);
        let Some(name) = rest.first() else {
            return (module.to_vec(), path.last().map_or("*", String::as_str).to_owned());
        };
        let passed_on = self.modules[module].uses.iter().find(|used| used.name == *name).map(|used| &used.path);
        if let Some(target) = passed_on.filter(|target| depth < 8 && target.as_slice() != path) {
            return self.owner(&joined(target, &rest[1..]), depth + 1);
        }
        let is_declared =
            self.modules[module].words.windows(2).any(|pair| DECLARES.contains(&pair[0].as_str()) && &pair[1] == name);
        let globs = self.modules[module].uses.iter().filter(|used| used.name == "*");
        for target in globs.map(|used| joined(&used.path, rest)).filter(|_| !is_declared && depth < 8) {
            let found = self.owner(&target, depth + 1);
            if found.0 != module && self.modules[&found.0].words.contains(name) {
                return found;
            }
        }
        match self.exported_macros.get(name) {
            Some(owner) if module.is_empty() && !is_declared => (owner.clone(), name.clone()),
            _ => (module.to_vec(), name.clone()),
        }
    }
}

/// What stands before a name that is declared.
const DECLARES: [&str; 10] = ["struct", "enum", "trait", "type", "fn", "const", "static", "mod", "union", "!"];

/// The words of a source outside `use` and the declarations of other files.
fn body(words: &[String]) -> BTreeSet<&str> {
    let mut is_use = false;
    let mut kept = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        is_use = word == "use" || is_use && word != ";";
        if !is_use && (at == 0 || words[at - 1] != "mod") {
            kept.insert(word.as_str());
        }
    }
    kept
}

fn joined(one: &[String], other: &[String]) -> Names {
    [one, other].concat()
}

//! The names of the catalogue against the source of the core: its `impl`s say which distributions and supports there are.

use super::{CHAINS, FINITE, OF_DATA, VECTOR_SUPPORTS, VECTORS};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use syn::{ImplItem, Item, ItemImpl, ItemMacro, Type};

/// `impl kind for name { type Support = support; }`.
#[derive(Debug)]
struct Impl {
    kind: String,
    name: String,
    support: Option<String>,
}

/// What the rooms of distributions and supports declare.
#[derive(Default)]
struct Core {
    impls: Vec<Impl>,
    structs: Vec<String>,
}

type Names = BTreeSet<String>;

#[test]
fn vector_distributions_are_those_of_the_core() {
    let core = Core::read();
    // `Flat` has whatever support it is given.
    compare("VECTORS", &VECTORS, &core.with_support("VectorDistribution", &core.implementors("VectorSupport")));
}

#[test]
fn vector_supports_are_those_of_the_core() {
    compare("VECTOR_SUPPORTS", &VECTOR_SUPPORTS, &Core::read().implementors("VectorSupport"));
}

#[test]
fn distributions_of_data_are_those_of_the_core() {
    let core = Core::read();
    let finite = &core.implementors("Continuous") | &core.implementors("FiniteSupport");
    let of_data = &core.implementors("Support") - &finite;
    compare("OF_DATA", &OF_DATA, &core.with_support("Distribution", &of_data));
}

#[test]
fn finite_distributions_are_those_of_the_core() {
    let core = Core::read();
    compare("FINITE", &FINITE, &core.with_support("Distribution", &core.implementors("FiniteSupport")));
}

#[test]
fn chains_are_those_of_the_core() {
    compare("CHAINS", &CHAINS, &Core::read().implementors("ChainDistribution"));
}

#[test]
fn every_distribution_is_seen() {
    let core = Core::read();
    for name in &core.structs {
        assert!(core.impls.iter().any(|i| i.name == *name), "no `impl` of the core's `{name}` is seen");
    }
}

fn compare(list: &str, listed: &[&str], found: &Names) {
    let listed: Names = listed.iter().map(|&name| name.to_owned()).collect();
    let (missing, wrong) = (found - &listed, &listed - found);
    assert!(missing.is_empty(), "missing from {list}: {missing:?}");
    assert!(wrong.is_empty(), "in {list}, but not so in the core: {wrong:?}");
}

impl Core {
    fn read() -> Self {
        let mut core = Self::default();
        let items: Vec<Item> =
            ["dist", "support"].into_iter().flat_map(sources).flat_map(|file| items(&file)).collect();
        let families = items.iter().filter_map(family).collect::<Vec<_>>();
        for item in items {
            match item {
                Item::Struct(item) => core.structs.push(item.ident.to_string()),
                Item::Impl(item) => core.impls.extend(implementation(&item)),
                Item::Macro(call) if call.ident.is_none() => core.impls.extend(member(&families, &call)),
                _ => {}
            }
        }
        core
    }

    /// The types that implement `kind`.
    fn implementors(&self, kind: &str) -> Names {
        self.impls.iter().filter(|i| i.kind == kind).map(|i| i.name.clone()).collect()
    }

    /// The types that implement `kind` with one of `supports`.
    fn with_support(&self, kind: &str, supports: &Names) -> Names {
        let impls = self.impls.iter().filter(|i| i.kind == kind);
        impls.filter(|i| i.support.as_ref().is_some_and(|s| supports.contains(s))).map(|i| i.name.clone()).collect()
    }
}

/// The files of a room of the core.
fn sources(room: &str) -> Vec<PathBuf> {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src");
    let files = core.join(room).read_dir().expect("a room of the core").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain([core.join(room).with_extension("rs")]).collect()
}

fn items(file: &Path) -> Vec<Item> {
    let source = std::fs::read_to_string(file).expect("a source file");
    syn::parse_file(&source).unwrap_or_else(|error| panic!("{}: {error}", file.display())).items
}

fn implementation(item: &ItemImpl) -> Option<Impl> {
    let (kind, _) = item.trait_.as_ref()?;
    let kind = kind.segments.last()?.ident.to_string();
    let support = item.items.iter().find_map(|item| match item {
        ImplItem::Type(ty) if ty.ident == "Support" => last_name(&ty.ty),
        _ => None,
    });
    Some(Impl { kind, name: last_name(&item.self_ty)?, support })
}

/// `Lower` of `crate::support::Lower<M>`.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// A macro that implements `kind` for the type it is called with, as `Impl` with the macro's name.
fn family(item: &Item) -> Option<Impl> {
    let Item::Macro(ItemMacro { ident: Some(name), mac, .. }) = item else { return None };
    let words = words(mac.tokens.clone());
    let kind = words.windows(3).find(|w| w[0].ends_with("Distribution") && w[2] == "for")?[0].clone();
    let support = words.windows(2).position(|w| w == ["type", "Support"])?;
    let support = words[support..].iter().take_while(|word| *word != "fn").last().cloned();
    Some(Impl { kind, name: name.to_string(), support })
}

/// The type that a call of one of `families` is about.
fn member(families: &[Impl], call: &ItemMacro) -> Option<Impl> {
    let family = families.iter().find(|family| call.mac.path.is_ident(&family.name))?;
    let name = words(call.mac.tokens.clone()).into_iter().next()?;
    Some(Impl { kind: family.kind.clone(), name, support: family.support.clone() })
}

/// All identifiers of `tokens`, in order.
fn words(tokens: TokenStream) -> Vec<String> {
    let words = tokens.into_iter().flat_map(|token| match token {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => words(group.stream()),
        _ => Vec::new(),
    });
    words.collect()
}

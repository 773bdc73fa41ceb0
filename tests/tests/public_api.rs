//! The public interface of each crate as a list, so that a change of it is seen in review.
//!
//! The lists are `tests/public_api/*.txt`. `RETRY_TESTS_UPDATE=1 cargo test -p retry-tests --test
//! public_api` writes them anew; a commit that changes one says why.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, ItemUse, TraitItem, Type, UseTree, Visibility};

type Files = BTreeMap<Vec<String>, Vec<Item>>;

#[test]
fn the_lists_are_up_to_date() {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let update = std::env::var_os("RETRY_TESTS_UPDATE").is_some();
    let mut outdated = Vec::new();
    for name in ["retry-core", "retry-effects"] {
        let api = Api::of(&tests.join("..").join(name).join("src"));
        let found = api.lines.into_iter().collect::<Vec<_>>().join("\n") + "\n";
        let path = tests.join("public_api").join(format!("{name}.txt"));
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        if update {
            std::fs::write(&path, found).expect("a folder that can be written");
        } else if found != known {
            outdated.push(difference(&known, &found));
        }
    }
    assert!(
        outdated.is_empty(),
        "the public interface has changed; where that is meant, run this test with \
         RETRY_TESTS_UPDATE=1 and commit the lists:\n{}",
        outdated.join("\n")
    );
}

fn difference(known: &str, found: &str) -> String {
    let (known, found): (BTreeSet<_>, BTreeSet<_>) =
        (known.lines().collect(), found.lines().collect());
    let gone = known.difference(&found).map(|line| format!("- {line}"));
    let new = found.difference(&known).map(|line| format!("+ {line}"));
    gone.chain(new).collect::<Vec<_>>().join("\n")
}

/// The exports of a crate: a line for each item, field, variant, method and implementation.
struct Api {
    files: Files,
    lines: BTreeSet<String>,
}

impl Api {
    fn of(source: &Path) -> Self {
        let mut files = Files::new();
        read(source, &[], &mut files);
        let mut api = Self {
            files,
            lines: BTreeSet::new(),
        };
        let root = api.files[&Vec::new()].clone();
        api.module("", &[], &root);
        api
    }

    /// The public items of a module that is itself public by the name of `prefix`.
    fn module(&mut self, prefix: &str, at: &[String], items: &[Item]) {
        for item in items {
            match item {
                Item::Use(item) if is_exported(&item.vis, &item.attrs) => {
                    for (path, name) in paths(item) {
                        self.export(prefix, at, &path, &name, &item.attrs);
                    }
                }
                Item::Mod(item) if is_exported(&item.vis, &item.attrs) => {
                    let name = item.ident.to_string();
                    self.line(&item.attrs, &format!("mod {prefix}{name}"));
                    let below = [at, std::slice::from_ref(&name)].concat();
                    let inner = match &item.content {
                        Some((_, items)) => items.clone(),
                        None => self.files[&below].clone(),
                    };
                    self.module(&format!("{prefix}{name}::"), &below, &inner);
                }
                Item::Macro(item)
                    if item
                        .attrs
                        .iter()
                        .any(|it| it.path().is_ident("macro_export")) =>
                {
                    let name = item.ident.as_ref().expect("a name");
                    self.line(&item.attrs, &format!("macro {name}!"));
                }
                item => {
                    if let Some(name) = public_name(item) {
                        self.item(prefix, &name, item, &[]);
                    }
                }
            }
        }
    }

    fn export(
        &mut self,
        prefix: &str,
        at: &[String],
        path: &[String],
        name: &str,
        attributes: &[Attribute],
    ) {
        let path = match &*path[0] {
            "crate" => path[1..].to_vec(),
            first if self.files.contains_key(&[at, &[first.to_owned()]].concat()) => {
                [at, path].concat()
            }
            // Another crate's.
            _ => {
                return self.line(
                    attributes,
                    &format!("use {} as {prefix}{name}", path.join("::")),
                );
            }
        };
        if let Some(items) = self.files.get(&path).cloned() {
            self.line(attributes, &format!("mod {prefix}{name}"));
            return self.module(&format!("{prefix}{name}::"), &path, &items);
        }
        let (own, module) = path.split_last().expect("a name");
        let items = self.files.get(module).cloned().unwrap_or_default();
        let found: Vec<_> = items
            .iter()
            .filter(|item| public_name(item).is_some_and(|it| it == *own))
            .collect();
        if found.is_empty() {
            // A re-export of the module's, or what a macro makes.
            let inner = items.iter().find_map(|item| match item {
                Item::Use(item) => paths(item).into_iter().find(|(_, name)| name == own),
                _ => None,
            });
            return match inner {
                Some((inner, _)) => self.export(prefix, module, &inner, name, attributes),
                None => self.line(attributes, &format!("item {prefix}{name}")),
            };
        }
        for item in found {
            self.item(prefix, name, item, attributes);
        }
    }

    fn item(&mut self, prefix: &str, name: &str, item: &Item, attributes: &[Attribute]) {
        let full = format!("{prefix}{name}");
        match item {
            Item::Fn(item) => {
                let signature = text(&item.sig);
                self.line(attributes, &format!("{prefix}{signature}"));
            }
            Item::Const(item) => {
                self.line(attributes, &format!("const {full}: {}", text(&item.ty)));
            }
            Item::Type(item) => self.line(attributes, &format!("type {full} = {}", text(&item.ty))),
            Item::Struct(item) => {
                let (generics, clause) = (text(&item.generics), text(&item.generics.where_clause));
                self.line(attributes, &format!("struct {full}{generics} {clause}"));
                self.fields(&full, &item.fields, false);
                self.implementations(&full, &item.ident.to_string());
            }
            Item::Enum(item) => {
                self.line(attributes, &format!("enum {full}{}", text(&item.generics)));
                for variant in item.variants.iter().filter(|it| !is_hidden(&it.attrs)) {
                    let variant_name = format!("{full}::{}", variant.ident);
                    self.line(&variant.attrs, &format!("variant {variant_name}"));
                    self.fields(&variant_name, &variant.fields, true);
                }
                self.implementations(&full, &item.ident.to_string());
            }
            Item::Trait(item) => {
                let bounds = text(&item.supertraits);
                let generics = text(&item.generics);
                self.line(attributes, &format!("trait {full}{generics}: {bounds}"));
                for method in &item.items {
                    match method {
                        TraitItem::Fn(method) if !is_hidden(&method.attrs) => {
                            let default = if method.default.is_some() {
                                " { .. }"
                            } else {
                                ""
                            };
                            let line = format!("{full}::{}{default}", text(&method.sig));
                            self.line(&method.attrs, &line);
                        }
                        TraitItem::Type(it) => {
                            self.line(&it.attrs, &format!("{full}::{}", text(it)));
                        }
                        TraitItem::Const(it) => {
                            self.line(&it.attrs, &format!("{full}::{}", text(it)));
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        let is_non_exhaustive = attributes_of(item)
            .iter()
            .any(|it| it.path().is_ident("non_exhaustive"));
        if is_non_exhaustive {
            self.line(&[], &format!("non_exhaustive {full}"));
        }
    }

    fn fields(&mut self, of: &str, fields: &Fields, all: bool) {
        for (n, field) in fields.iter().enumerate() {
            if all || matches!(field.vis, Visibility::Public(_)) && !is_hidden(&field.attrs) {
                let name = field
                    .ident
                    .as_ref()
                    .map_or_else(|| n.to_string(), ToString::to_string);
                self.line(
                    &field.attrs,
                    &format!("field {of}.{name}: {}", text(&field.ty)),
                );
            }
        }
    }

    fn implementations(&mut self, full: &str, name: &str) {
        let items: Vec<_> = self.files.values().flatten().cloned().collect();
        for item in items {
            let Item::Impl(item) = item else { continue };
            if !is_named(&item.self_ty, name) {
                continue;
            }
            let header = format!("impl{} ", text(&item.generics));
            if let Some((_, of, _)) = &item.trait_ {
                let of = text(of);
                if !of.starts_with("crate::") {
                    self.line(&item.attrs, &format!("{header}{of} for {full}"));
                }
                continue;
            }
            for method in &item.items {
                match method {
                    ImplItem::Fn(method) if is_exported(&method.vis, &method.attrs) => {
                        let line = format!("{full}::{}", text(&method.sig));
                        self.line(&method.attrs, &line);
                    }
                    ImplItem::Const(it) if is_exported(&it.vis, &it.attrs) => {
                        let line = format!("const {full}::{}: {}", it.ident, text(&it.ty));
                        self.line(&it.attrs, &line);
                    }
                    _ => {}
                }
            }
        }
    }

    fn line(&mut self, attributes: &[Attribute], line: &str) {
        let conditions = attributes.iter().filter(|it| it.path().is_ident("cfg"));
        let conditions: Vec<_> = conditions
            .filter_map(|it| it.meta.require_list().ok())
            .map(|it| format!(" [{}]", tidy(&it.tokens.to_string())))
            .collect();
        self.lines
            .insert(format!("{}{}", line.trim_end(), conditions.concat()));
    }
}

fn read(folder: &Path, at: &[String], files: &mut Files) {
    for entry in std::fs::read_dir(folder).expect("a folder of source") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_str()
            .expect("UTF-8")
            .to_owned();
        let below = [at, std::slice::from_ref(&name)].concat();
        if path.is_dir() {
            read(&path, &below, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).expect("source");
            let is_root = at.is_empty() && name == "lib";
            let parsed = syn::parse_file(&text).expect("source that compiles");
            files.insert(if is_root { Vec::new() } else { below }, parsed.items);
        }
    }
}

/// The paths that a `use` names, each with the name that it gives.
fn paths(item: &ItemUse) -> Vec<(Vec<String>, String)> {
    fn walk(tree: &UseTree, before: &[String], found: &mut Vec<(Vec<String>, String)>) {
        let path = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(tree) => walk(&tree.tree, &path(&tree.ident), found),
            UseTree::Name(tree) => found.push((path(&tree.ident), tree.ident.to_string())),
            UseTree::Rename(tree) => found.push((path(&tree.ident), tree.rename.to_string())),
            UseTree::Group(tree) => tree.items.iter().for_each(|tree| walk(tree, before, found)),
            UseTree::Glob(_) => {}
        }
    }
    let mut found = Vec::new();
    walk(&item.tree, &[], &mut found);
    found
}

fn public_name(item: &Item) -> Option<String> {
    let (visibility, attributes, name) = match item {
        Item::Fn(item) => (&item.vis, &item.attrs, &item.sig.ident),
        Item::Const(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Type(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Struct(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Enum(item) => (&item.vis, &item.attrs, &item.ident),
        Item::Trait(item) => (&item.vis, &item.attrs, &item.ident),
        _ => return None,
    };
    is_exported(visibility, attributes).then(|| name.to_string())
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        _ => &[],
    }
}

fn is_exported(visibility: &Visibility, attributes: &[Attribute]) -> bool {
    matches!(visibility, Visibility::Public(_)) && !is_hidden(attributes)
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        attribute.path().is_ident("doc") && list.is_ok_and(|it| it.tokens.to_string() == "hidden")
    })
}

fn is_named(found: &Type, name: &str) -> bool {
    match found {
        Type::Path(path) => path.path.segments.last().is_some_and(|it| it.ident == name),
        _ => false,
    }
}

fn text(tokens: &impl ToTokens) -> String {
    tidy(&tokens.to_token_stream().to_string())
}

/// Tokens without the blanks that their list has between them.
fn tidy(tokens: &str) -> String {
    let mut text = tokens.split_whitespace().collect::<Vec<_>>().join(" ");
    for (spaced, tight) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" :", ":"),
        ("[ ", "["),
        (" ]", "]"),
        (" ;", ";"),
        ("->(", "-> ("),
        (">->", "> ->"),
        ("&'", "&'"),
    ] {
        text = text.replace(spaced, tight);
    }
    text
}

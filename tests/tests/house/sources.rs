//! The files of a crate, and which of them import which: by `use`, and by paths in code and macros.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Item, UseTree};

/// A file as a module: its path from the crate's root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Module(Vec<String>);

impl Module {
    fn of(path: &str) -> Self {
        let segments = path.split("::").filter(|segment| !segment.is_empty());
        Self(segments.map(str::to_owned).collect())
    }

    /// The folder that it stands in, or is the face of; none for the root.
    pub(crate) fn folder(&self) -> Option<String> {
        self.0.first().cloned()
    }
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("::"))
    }
}

/// A crate's files without those of its tests, each with the files that it imports.
pub(crate) struct Sources(BTreeMap<Module, BTreeSet<Module>>);

impl Sources {
    /// Reads all files below `source`, a path from this package's folder.
    pub(crate) fn read(source: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
        let mut files = Vec::new();
        read_folder(&root, "", &mut files);
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (&**path, &**text))
            .collect();
        Self::of(&files)
    }

    /// Files given as the module's path and text.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let parsed: BTreeMap<_, _> = files
            .iter()
            .map(|(path, text)| {
                let file = syn::parse_file(text);
                (Module::of(path), file.expect("source that compiles").items)
            })
            .collect();
        let tests: BTreeSet<_> = parsed
            .iter()
            .flat_map(|(module, items)| test_files(module, items))
            .collect();
        let is_test = |module: &Module| {
            let mut above = (1..=module.0.len()).map(|end| Module(module.0[..end].to_vec()));
            above.any(|module| tests.contains(&module))
        };
        let modules: BTreeSet<_> = parsed.keys().filter(|it| !is_test(it)).cloned().collect();
        let imports = modules.iter().map(|module| {
            let mut reader = Reader {
                module,
                modules: &modules,
                imports: BTreeSet::new(),
            };
            reader.read(&module.0, &parsed[module], &mut BTreeMap::new());
            (module.clone(), reader.imports)
        });
        Self(imports.collect())
    }

    pub(crate) fn modules(&self) -> impl Iterator<Item = &Module> {
        self.0.keys()
    }

    /// Each import of one file by another; a crate's root imports its faces, and nothing imports it.
    pub(crate) fn imports(&self) -> impl Iterator<Item = (&Module, &Module)> {
        self.0
            .iter()
            .filter(|(from, _)| !from.0.is_empty())
            .flat_map(|(from, to)| to.iter().map(move |to| (from, to)))
    }

    /// The largest sets of files that reach each other by imports.
    pub(crate) fn circles(&self) -> BTreeSet<BTreeSet<String>> {
        let reached: BTreeMap<_, _> = self
            .0
            .keys()
            .map(|it| (it, self.reached_from(it)))
            .collect();
        let circles = self.0.keys().map(|module| {
            let both_ways = reached[module]
                .iter()
                .filter(|other| reached[*other].contains(module));
            both_ways.map(ToString::to_string).collect::<BTreeSet<_>>()
        });
        circles.filter(|circle| circle.len() > 1).collect()
    }

    fn reached_from<'a>(&'a self, module: &'a Module) -> BTreeSet<&'a Module> {
        let (mut reached, mut left) = (BTreeSet::new(), vec![module]);
        while let Some(next) = left.pop() {
            left.extend(self.0[next].iter().filter(|to| reached.insert(*to)));
        }
        reached
    }
}

fn read_folder(folder: &Path, path: &str, files: &mut Vec<(String, String)>) {
    let entries = std::fs::read_dir(folder).expect("a folder of source");
    for entry in entries {
        let entry = entry.expect("an entry").path();
        let name = entry.file_stem().expect("a name").to_str().expect("UTF-8");
        let below = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}::{name}")
        };
        if entry.is_dir() {
            // Programs are crates of their own.
            if below != "bin" {
                read_folder(&entry, &below, files);
            }
        } else if entry.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&entry).expect("source");
            let is_root = path.is_empty() && name == "lib";
            files.push((if is_root { String::new() } else { below }, text));
        }
    }
}

/// Whether an item is compiled for tests only.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = attribute.meta.require_list();
        attribute.path().is_ident("cfg")
            && condition.is_ok_and(|it| it.tokens.to_string().split(' ').any(|it| it == "test"))
    })
}

/// The files that this one declares for tests.
fn test_files<'a>(module: &'a Module, items: &'a [Item]) -> impl Iterator<Item = Module> + 'a {
    items.iter().filter_map(|item| match item {
        Item::Mod(item) if is_for_tests(&item.attrs) && item.content.is_none() => {
            let mut path = module.0.clone();
            path.push(item.ident.to_string());
            Some(Module(path))
        }
        _ => None,
    })
}

/// Reads the imports of one file.
struct Reader<'a> {
    module: &'a Module,
    modules: &'a BTreeSet<Module>,
    imports: BTreeSet<Module>,
}

/// Names that a module has imported, with their whole paths.
type Names = BTreeMap<String, Vec<String>>;

impl Reader<'_> {
    /// Reads the items of the module at `path`, which is this file or stands in it.
    fn read(&mut self, path: &[String], items: &[Item], names: &mut Names) {
        for item in items {
            if let Item::Use(item) = item
                && !is_for_tests(&item.attrs)
            {
                self.read_tree(path, &mut Vec::new(), &item.tree, names);
            }
        }
        for item in items {
            match item {
                Item::Use(_) => {}
                Item::Mod(item) if is_for_tests(&item.attrs) => {}
                Item::Mod(item) => {
                    if let Some((_, items)) = &item.content {
                        let mut path = path.to_vec();
                        path.push(item.ident.to_string());
                        self.read(&path, items, &mut BTreeMap::new());
                    }
                }
                _ => self.read_tokens(path, item.to_token_stream(), names),
            }
        }
    }

    fn read_tree(
        &mut self,
        at: &[String],
        before: &mut Vec<String>,
        tree: &UseTree,
        names: &mut Names,
    ) {
        match tree {
            UseTree::Path(tree) => {
                before.push(tree.ident.to_string());
                self.read_tree(at, before, &tree.tree, names);
                before.pop();
            }
            UseTree::Group(tree) => {
                for tree in &tree.items {
                    self.read_tree(at, before, tree, names);
                }
            }
            UseTree::Name(tree) => self.read_name(at, before, &tree.ident, &tree.ident, names),
            UseTree::Rename(tree) => self.read_name(at, before, &tree.ident, &tree.rename, names),
            UseTree::Glob(_) => {
                if let Some(path) = self.resolved(at, before, names) {
                    self.import(&path);
                }
            }
        }
    }

    fn read_name(
        &mut self,
        at: &[String],
        before: &[String],
        name: &syn::Ident,
        known_as: &syn::Ident,
        names: &mut Names,
    ) {
        let mut path = before.to_vec();
        if name != "self" {
            path.push(name.to_string());
        }
        if let Some(path) = self.resolved(at, &path, names) {
            self.import(&path);
            let known_as = if known_as == "self" {
                path.last().cloned()
            } else {
                Some(known_as.to_string())
            };
            names.extend(known_as.map(|name| (name, path)));
        }
    }

    /// Finds each path in code, inside of macros too.
    fn read_tokens(&mut self, at: &[String], tokens: TokenStream, names: &Names) {
        let mut path: Vec<String> = Vec::new();
        // Colons since the last name.
        let mut colons = 0;
        let mut follows_dollar = false;
        for token in tokens {
            // `$crate::` in a macro names the crate for its users, by their paths.
            let is_for_users = std::mem::take(&mut follows_dollar);
            match token {
                TokenTree::Ident(name) if colons == 2 && !path.is_empty() => {
                    path.push(name.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(name) => {
                    self.read_path(at, &path, names);
                    // After a leading `::` nothing of this crate's begins.
                    path = if colons == 2 || is_for_users {
                        Vec::new()
                    } else {
                        vec![name.to_string()]
                    };
                }
                TokenTree::Group(group) => {
                    self.read_path(at, &path, names);
                    path.clear();
                    self.read_tokens(at, group.stream(), names);
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {
                    follows_dollar = token.to_string() == "$";
                    self.read_path(at, &path, names);
                    path.clear();
                }
            }
            colons = 0;
        }
        self.read_path(at, &path, names);
    }

    fn read_path(&mut self, at: &[String], path: &[String], names: &Names) {
        // A name alone is an import's, which has been seen.
        if path.len() > 1
            && let Some(path) = self.resolved(at, path, names)
        {
            self.import(&path);
        }
    }

    /// The path from the crate's root, if it leads into this crate.
    fn resolved(&self, at: &[String], path: &[String], names: &Names) -> Option<Vec<String>> {
        let mut from = match &**path.first()? {
            "crate" => Vec::new(),
            "self" | "super" => at.to_vec(),
            name if self.is_module(&[at, &[name.to_owned()]].concat()) => at.to_vec(),
            name => {
                let known = names.get(name)?;
                return Some([known, &path[1..]].concat());
            }
        };
        for (n, segment) in path.iter().enumerate() {
            match &**segment {
                "crate" | "self" if n == 0 => {}
                "super" => drop(from.pop()?),
                name => from.push(name.to_owned()),
            }
        }
        Some(from)
    }

    fn is_module(&self, path: &[String]) -> bool {
        self.modules.contains(&Module(path.to_vec()))
    }

    /// Notes the file that holds the item at `path`.
    fn import(&mut self, path: &[String]) {
        let mut prefixes = (1..=path.len())
            .rev()
            .map(|end| Module(path[..end].to_vec()));
        let file = prefixes.find(|module| self.modules.contains(module));
        self.imports.extend(file.filter(|file| file != self.module));
    }
}

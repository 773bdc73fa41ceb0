//! The source of a crate, and the functions in it that an attribute stands on.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Block, ImplItemFn, ItemFn, ReturnType, Signature, TraitItemFn, Type, Visibility,
};

/// A function that returns a `Result`.
struct Function {
    name: String,
    /// The place of the attribute in the file as published: before the visibility.
    place: usize,
    /// From the function's own attributes to its closing brace.
    range: Range<usize>,
}

/// A source file.
struct File {
    path: PathBuf,
    text: String,
    functions: Vec<Function>,
}

/// All source files of a crate.
pub(crate) struct Sources {
    files: Vec<File>,
    attribute: &'static str,
}

/// A function, by the places of its file and of itself.
pub(crate) type Place = (usize, usize);

impl Sources {
    pub(crate) fn read(folder: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        read(&folder.join("src"), folder, &mut files)?;
        Ok(Self {
            files,
            attribute: "",
        })
    }

    /// Writes all files, with `attribute` on each function; on the function's own line, so that all
    /// lines keep their numbers.
    pub(crate) fn write(&mut self, attribute: &'static str) -> io::Result<()> {
        self.attribute = attribute;
        for file in &self.files {
            let mut text = file.text.clone();
            for function in file.functions.iter().rev() {
                text.insert_str(function.place, attribute);
            }
            fs::write(&file.path, text)?;
        }
        Ok(())
    }

    /// Returns the innermost annotated function around a byte of a written file.
    pub(crate) fn at(&self, path: &str, byte: usize) -> Option<Place> {
        let at = self
            .files
            .iter()
            .position(|file| file.path.ends_with(path))?;
        let functions = &self.files[at].functions;
        let written = |byte: usize| {
            let before = functions.iter().filter(|it| it.place < byte).count();
            byte + before * self.attribute.len()
        };
        let around = functions.iter().rposition(|Function { range, .. }| {
            (written(range.start)..written(range.end)).contains(&byte)
        });
        Some((at, around?))
    }

    pub(crate) fn name(&self, (file, function): Place) -> String {
        self.files[file].functions[function].name.clone()
    }

    /// Returns the number of annotated functions.
    pub(crate) fn annotated(&self) -> usize {
        self.files.iter().map(|file| file.functions.len()).sum()
    }

    /// Forgets all other functions.
    pub(crate) fn retain(&mut self, is_kept: impl Fn(Place, &str) -> bool) {
        for (at, file) in self.files.iter_mut().enumerate() {
            let mut places = 0..;
            let mut place = || (at, places.next().unwrap_or_default());
            file.functions.retain(|it| is_kept(place(), &it.name));
        }
    }
}

fn read(folder: &Path, root: &Path, files: &mut Vec<File>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, root, files)?;
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path)?;
            let Ok(syntax) = syn::parse_file(&text) else {
                continue;
            };
            let shown = path.strip_prefix(root).unwrap_or(&path).display();
            let mut found = Found {
                file: shown.to_string(),
                functions: Vec::new(),
            };
            found.visit_file(&syntax);
            let mut functions = found.functions;
            functions.sort_by_key(|it| it.place);
            files.push(File {
                path,
                text,
                functions,
            });
        }
    }
    Ok(())
}

/// Collects the functions of a file.
struct Found {
    file: String,
    functions: Vec<Function>,
}

impl Found {
    fn add(
        &mut self,
        attributes: &[Attribute],
        visibility: &Visibility,
        signature: &Signature,
        body: &Block,
    ) {
        if !returns_result(&signature.output) {
            return;
        }
        let visibility = Some(visibility).filter(|it| !matches!(it, Visibility::Inherited));
        let first = visibility
            .map(Spanned::span)
            .or_else(|| signature.constness.map(|it| it.span))
            .or_else(|| signature.asyncness.map(|it| it.span))
            .or_else(|| signature.unsafety.map(|it| it.span))
            .or_else(|| signature.abi.as_ref().map(|it| it.extern_token.span))
            .unwrap_or(signature.fn_token.span);
        let start = attributes.first().map_or(first, Spanned::span);
        let end = body.brace_token.span.close();
        self.functions.push(Function {
            name: format!("{}:{} {}", self.file, first.start().line, signature.ident),
            place: first.byte_range().start,
            range: start.byte_range().start..end.byte_range().end,
        });
    }
}

impl<'a> Visit<'a> for Found {
    fn visit_item_fn(&mut self, it: &'a ItemFn) {
        self.add(&it.attrs, &it.vis, &it.sig, &it.block);
        visit::visit_item_fn(self, it);
    }

    fn visit_impl_item_fn(&mut self, it: &'a ImplItemFn) {
        // `default fn` is not stable: none of the crates has one.
        self.add(&it.attrs, &it.vis, &it.sig, &it.block);
        visit::visit_impl_item_fn(self, it);
    }

    fn visit_trait_item_fn(&mut self, it: &'a TraitItemFn) {
        if let Some(body) = &it.default {
            self.add(&it.attrs, &Visibility::Inherited, &it.sig, body);
        }
        visit::visit_trait_item_fn(self, it);
    }
}

/// Whether a type is a `Result` by its name: also `io::Result`, `RedisResult`.
fn returns_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    matches!(ty.as_ref(), Type::Path(path) if path.path.segments.last().is_some_and(|last| {
        last.ident.to_string().ends_with("Result")
    }))
}

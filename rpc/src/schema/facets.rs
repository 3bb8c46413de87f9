//! What holds at one place: a schema object, what it refers to, and what it demands with `allOf`.

use serde_json::json;

use super::Json;
use super::keywords::Keywords;

/// Schema objects that may hold at one place. Real ones are one to three; the rest is an attack.
const FACETS_MAX: usize = 64;

/// One thing that holds at a place. All facets of a place hold together.
#[derive(Debug, Clone, Copy)]
pub(super) enum Facet<'s> {
    /// The keywords of a schema object; its `$ref`, `allOf`, `oneOf` and `anyOf` are not looked at again.
    Keywords(&'s Keywords),
    /// The alternatives of a `oneOf` or an `anyOf`. Values of Rust types fit one or, untagged, the first of several.
    Choice(&'s [Json]),
    /// `false`: no value fits.
    Never,
}

impl<'s> Facet<'s> {
    pub(super) fn keywords(&self) -> Option<&'s Keywords> {
        match self {
            Self::Keywords(keywords) => Some(keywords),
            Self::Choice(_) | Self::Never => None,
        }
    }

    pub(super) fn options(&self) -> Option<&'s [Json]> {
        if let Self::Choice(options) = self { Some(options) } else { None }
    }
}

/// Adds the facets of `json` to `facets`, the outermost first: its documentation wins.
pub(super) fn collect<'s>(root: &'s Json, json: &'s Json, facets: &mut Vec<Facet<'s>>) {
    let mut waiting = vec![json];
    while let Some(json) = waiting.pop() {
        let Json::Object(keywords) = json else {
            if json == &Json::Bool(false) {
                facets.push(Facet::Never);
            }
            continue;
        };
        let known = |facet: &Facet<'_>| matches!(facet, Facet::Keywords(k) if std::ptr::eq(*k, keywords));
        if facets.len() >= FACETS_MAX || facets.iter().any(known) {
            continue;
        }
        facets.push(Facet::Keywords(keywords));
        // What schemars makes of an enum without variants.
        if keywords.get("not").is_some_and(|not| not == true || *not == json!({})) {
            facets.push(Facet::Never);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(options) = keywords.get(keyword).and_then(Json::as_array) {
                facets.push(Facet::Choice(options));
            }
        }
        // The last that is pushed is looked at next: `$ref`, then `allOf` in its order.
        if let Some(all) = keywords.get("allOf").and_then(Json::as_array) {
            waiting.extend(all.iter().take(FACETS_MAX).rev());
        }
        waiting.extend(reference(keywords).and_then(|reference| target(root, reference)));
    }
}

/// The `$ref` of a schema object.
pub(super) fn reference(keywords: &Keywords) -> Option<&str> {
    keywords.get("$ref")?.as_str()
}

/// The name of the type that a reference such as `#/$defs/Money` points to, as it is written.
pub(super) fn reference_name(reference: &str) -> Option<&str> {
    reference.strip_prefix("#/")?.rsplit('/').next().filter(|name| !name.is_empty())
}

/// What a reference points to. Only references within the schema are followed.
fn target<'s>(root: &'s Json, reference: &str) -> Option<&'s Json> {
    root.pointer(&percent_decoded(reference.strip_prefix('#')?)?)
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).ok()
}

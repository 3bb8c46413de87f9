//! A place in a schema.

use std::borrow::Cow;
use std::fmt;

use super::facets::{self, Facet};
use super::keywords::{self, Keywords};
use super::types::Types;
use super::{Content, Json, Shape, Variant};
use crate::Schema;

/// Alternatives within alternatives that are followed without going into the value. Rust types have two or three.
const HOPS_MAX: u8 = 16;

/// A place in a schema: ask it for its [`shape`](Node::shape), then go on to the nodes in that.
///
/// ```
/// use countersign::schema::{Node, Shape};
/// let schema: countersign::Schema =
///     serde_json::from_value(serde_json::json!({ "type": "array", "items": { "type": "boolean" } }))?;
/// let Shape::List(list) = Node::root(&schema).shape() else { panic!("not a list") };
/// assert!(matches!(list.item.shape(), Shape::Bool));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Node<'s> {
    root: &'s Json,
    json: &'s Json,
    /// What holds here as well: the object whose `oneOf` led to this node, without that `oneOf`.
    beside: Vec<Facet<'s>>,
    /// What is left of the types, after those that the way to here has dealt with.
    types: Types,
    /// Nodes passed on the way that stand for the same value. A choice may lead to itself.
    hops: u8,
}

impl<'s> Node<'s> {
    /// The outermost place of a schema.
    pub fn root(schema: &'s Schema) -> Self {
        Self::new(schema.as_value(), schema.as_value())
    }

    fn new(root: &'s Json, json: &'s Json) -> Self {
        Self { root, json, beside: Vec::new(), types: Types::ALL, hops: 0 }
    }

    /// What belongs here.
    pub fn shape(&self) -> Shape<'s> {
        if self.hops > HOPS_MAX {
            return Shape::Any;
        }
        let facets = self.facets();
        if facets.iter().any(|facet| matches!(facet, Facet::Never)) {
            return Shape::Never;
        }
        let types = facets.iter().filter_map(Facet::keywords).fold(self.types, Types::restricted_by);
        if let Some(literals) = facets.iter().filter_map(Facet::keywords).find_map(keywords::literals) {
            return self.literals_shape(&literals, types);
        }
        match facets.iter().enumerate().find_map(|(at, facet)| Some((at, facet.options()?))) {
            Some((at, options)) => {
                let mut beside = facets;
                beside.remove(at);
                self.choice_shape(options, beside, types)
            }
            None => self.plain_shape(&facets, types),
        }
    }

    /// The documentation of this place or else of its type; "" if there is none.
    pub fn docs(&self) -> &'s str {
        self.text("description").unwrap_or_default()
    }

    /// The name of the type, if the schema gives it one.
    pub fn name(&self) -> Option<Cow<'s, str>> {
        let own = self.json.as_object()?;
        let reference = facets::reference(own).and_then(facets::reference_name);
        reference.or_else(|| self.text("title")).map(Cow::Borrowed)
    }

    /// The value that the server takes where there is none.
    pub fn default(&self) -> Option<&'s Json> {
        self.keyword("default")
    }

    /// A value that the author of the schema gave as an example.
    pub fn example(&self) -> Option<&'s Json> {
        self.keyword("examples")?.as_array()?.first()
    }

    /// Whether the author wishes that it is used no more.
    pub fn is_deprecated(&self) -> bool {
        self.keyword("deprecated").is_some_and(|deprecated| deprecated == true)
    }

    /// What this node was reached by, if that is a reference: two nodes with the same are the same type.
    pub(super) fn reference(&self) -> Option<&'s str> {
        self.json.as_object().and_then(facets::reference)
    }

    /// The node of a schema below this one.
    pub(super) fn below(&self, json: &'s Json) -> Self {
        Self::new(self.root, json)
    }

    /// Demands this schema as well.
    pub(super) fn add(&mut self, json: &'s Json) {
        facets::collect(self.root, json, &mut self.beside);
    }

    fn facets(&self) -> Vec<Facet<'s>> {
        let mut facets = Vec::with_capacity(self.beside.len() + 2);
        facets::collect(self.root, self.json, &mut facets);
        facets.extend(&self.beside);
        facets
    }

    /// What the schema object here or its type says, and not what led here.
    fn keyword(&self, name: &str) -> Option<&'s Json> {
        let mut own = Vec::new();
        facets::collect(self.root, self.json, &mut own);
        own.iter().filter_map(Facet::keywords).find_map(|keywords| keywords.get(name))
    }

    /// The types that the schema object here and its type leave; cheaper than the shape.
    fn own_types(&self) -> Types {
        self.facets().iter().filter_map(Facet::keywords).fold(self.types, Types::restricted_by)
    }

    fn text(&self, keyword: &str) -> Option<&'s str> {
        self.keyword(keyword)?.as_str()
    }

    /// The same value, of these types alone.
    fn narrowed(&self, types: Types) -> Self {
        Self { types, hops: self.hops + 1, ..self.clone() }
    }

    fn literals_shape(&self, literals: &[&'s Json], types: Types) -> Shape<'s> {
        let fitting: Vec<_> = literals.iter().copied().filter(|literal| types.admit(literal)).collect();
        if fitting.iter().any(|literal| literal.is_null()) {
            return self.null_or(types, fitting.len() > 1);
        }
        let variants = fitting.into_iter().map(|literal| Variant {
            name: literal.as_str().map_or_else(|| literal.to_string().into(), Cow::Borrowed),
            docs: "",
            content: Content::Literal(literal),
        });
        Shape::choice(variants.collect())
    }

    fn choice_shape(&self, options: &'s [Json], beside: Vec<Facet<'s>>, types: Types) -> Shape<'s> {
        let (nulls, others): (Vec<_>, Vec<_>) = options.iter().partition(|option| keywords::is_null(option));
        if !nulls.is_empty() && types.contains(Types::NULL) {
            let fork = Fork { from: self, beside, types: types.without(Types::NULL) };
            return match *others {
                [only] => Shape::Optional(fork.node(only)),
                _ => self.null_or(types, !others.is_empty()),
            };
        }
        let fork = Fork { from: self, beside, types };
        let mut variants: Vec<_> = others.into_iter().flat_map(|option| fork.variants(option)).collect();
        match variants.as_mut_slice() {
            [Variant { content: Content::Bare(only), .. }] => only.shape(),
            _ => Shape::choice(variants),
        }
    }

    /// Null, or else what is left of this place without it.
    fn null_or(&self, types: Types, more: bool) -> Shape<'s> {
        if more { Shape::Optional(self.narrowed(types.without(Types::NULL))) } else { Shape::Null }
    }

    fn plain_shape(&self, facets: &[Facet<'s>], types: Types) -> Shape<'s> {
        let keywords: Vec<_> = facets.iter().filter_map(Facet::keywords).collect();
        if types == Types::ALL || types == Types::ALL.without(Types::NULL) {
            return keywords::untyped_shape(self, &keywords);
        }
        if types.contains(Types::NULL) {
            return self.null_or(types, types != Types::NULL);
        }
        match types.split().as_slice() {
            [] => Shape::Never,
            [only] => keywords::typed_shape(self, *only, &keywords),
            several => Shape::choice(several.iter().map(|only| self.of_type(*only)).collect()),
        }
    }

    /// The variant for one of several types, as in `"type": ["integer", "string"]`.
    fn of_type(&self, only: Types) -> Variant<'s> {
        Variant { name: only.word().into(), docs: "", content: Content::Bare(self.narrowed(only)) }
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Node").field(self.json).finish()
    }
}

/// Where one value has alternatives.
struct Fork<'n, 's> {
    from: &'n Node<'s>,
    /// What holds whichever is taken.
    beside: Vec<Facet<'s>>,
    types: Types,
}

impl<'s> Fork<'_, 's> {
    fn node(&self, option: &'s Json) -> Node<'s> {
        Node {
            root: self.from.root,
            json: option,
            beside: self.beside.clone(),
            types: self.types,
            hops: self.from.hops + 1,
        }
    }

    /// The variants of an option: several where plain variants share an `enum`.
    fn variants(&self, option: &'s Json) -> Vec<Variant<'s>> {
        let node = self.node(option);
        let docs = node.json.get("description").and_then(Json::as_str).unwrap_or_default();
        if let Some((name, content)) = option.as_object().and_then(|option| self.tagged(option)) {
            let content = Content::Tagged(self.from.below(content));
            return vec![Variant { name: name.into(), docs, content }];
        }
        if option.as_object().is_some_and(keywords::is_literal)
            && let Shape::Choice(literals) = node.shape()
        {
            return literals.variants.into_iter().map(|variant| Variant { docs, ..variant }).collect();
        }
        vec![Variant { name: bare_name(&node), docs, content: Content::Bare(node) }]
    }

    /// The tag and the content of an option that is tagged externally.
    fn tagged(&self, option: &'s Keywords) -> Option<(&'s str, &'s Json)> {
        let shared = self.beside.iter().filter_map(Facet::keywords).any(|k| k.contains_key("properties"));
        let closed = option.get("additionalProperties") == Some(&Json::Bool(false));
        let (name, content) = keywords::only_property(option)?;
        (closed && !shared && !keywords::is_tag(content)).then_some((name, content))
    }
}

/// What to call an alternative that has no tag around it.
fn bare_name<'s>(node: &Node<'s>) -> Cow<'s, str> {
    let option = node.json.as_object();
    let tag = option.and_then(keywords::tag).or_else(|| Some(keywords::only_property(option?)?.0));
    let title = || option?.get("title")?.as_str();
    let name = tag.or_else(title).or_else(|| facets::reference_name(node.reference()?));
    name.unwrap_or_else(|| node.own_types().word()).into()
}

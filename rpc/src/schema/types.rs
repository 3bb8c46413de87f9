//! The types that JSON knows, as a set.

use super::Json;
use super::keywords::Keywords;

/// A set of JSON's types. A number is a whole one or a fraction, so that `number` includes `integer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOL: Self = Self(2);
    pub(super) const INTEGER: Self = Self(4);
    pub(super) const NUMBER: Self = Self(4 | 8);
    pub(super) const STRING: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const OBJECT: Self = Self(64);
    pub(super) const ALL: Self = Self(127);

    pub(super) fn named(name: &str) -> Self {
        match name {
            "null" => Self::NULL,
            "boolean" => Self::BOOL,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "string" => Self::STRING,
            "array" => Self::ARRAY,
            "object" => Self::OBJECT,
            // Not JSON Schema: what we do not understand is left to the server.
            _ => Self::ALL,
        }
    }

    pub(super) fn restricted_by(self, keywords: &Keywords) -> Self {
        let listed = match keywords.get("type") {
            Some(Json::String(name)) => Self::named(name),
            Some(Json::Array(names)) => names
                .iter()
                .filter_map(Json::as_str)
                .fold(Self(0), |types, name| Self(types.0 | Self::named(name).0)),
            _ => Self::ALL,
        };
        Self(self.0 & listed.0)
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn admit(self, literal: &Json) -> bool {
        self.contains(match literal {
            Json::Null => Self::NULL,
            Json::Bool(_) => Self::BOOL,
            Json::Number(number) if number.is_f64() => Self::NUMBER,
            Json::Number(_) => Self::INTEGER,
            Json::String(_) => Self::STRING,
            Json::Array(_) => Self::ARRAY,
            Json::Object(_) => Self::OBJECT,
        })
    }

    /// Each type by itself; a number is one type.
    pub(super) fn split(self) -> Vec<Self> {
        let number = if self.contains(Self::NUMBER) { Self::NUMBER } else { Self::INTEGER };
        let each = [Self::NULL, Self::BOOL, number, Self::STRING, Self::ARRAY, Self::OBJECT];
        each.into_iter().filter(|only| self.contains(*only)).collect()
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::NULL => "null",
            Self::BOOL => "true or false",
            Self::INTEGER => "integer",
            Self::NUMBER => "number",
            Self::STRING => "text",
            Self::ARRAY => "list",
            Self::OBJECT => "record",
            _ => "any",
        }
    }
}

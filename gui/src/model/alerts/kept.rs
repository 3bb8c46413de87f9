//! What is remembered of alerts from run to run.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::rule::Rule;

/// The most rules: each is looked at about once a second, for each server.
pub(crate) const RULES_MAX: usize = 50;

/// The rules, and whether alerts are told outside the window, too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Kept {
    /// In the order in which they are listed.
    pub(crate) rules: Rules,
    /// Whether a new alert is told as a notification of the desktop.
    pub(crate) on_desktop: bool,
}

/// Rules, and those of a version that knew more, which are kept for it as they are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rules {
    /// Those that we know.
    pub(crate) known: Vec<Rule>,
    unknown: Vec<Value>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { rules: Rules { known: Rule::usual(), unknown: Vec::new() }, on_desktop: false }
    }
}

impl Kept {
    /// The rules that we know.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules.known
    }
}

impl Serialize for Rules {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let known = self.known.iter().filter_map(|rule| serde_json::to_value(rule).ok());
        to.collect_seq(known.chain(self.unknown.iter().cloned()))
    }
}

impl<'d> Deserialize<'d> for Rules {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        let mut rules = Self::default();
        for value in Vec::<Value>::deserialize(from)?.into_iter().take(RULES_MAX) {
            match serde_json::from_value::<Rule>(value.clone()) {
                Ok(rule) if rule.is_sound() => rules.known.push(rule),
                _ => rules.unknown.push(value),
            }
        }
        Ok(rules)
    }
}

//! Why a policy decides as it does, for people.

use std::fmt;

use countersign_certs::SpiffeId;

use super::Rule;
use crate::text::escaped;

/// What a policy says of one peer and one procedure, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    rule: Option<usize>,
    line: Option<usize>,
    sentence: String,
}

impl Explanation {
    /// Whether the peer may call the procedure.
    pub fn is_allowed(&self) -> bool {
        self.rule.is_some()
    }

    /// The first rule that allows it, counted from 1.
    pub fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The line on which that rule begins, if the policy is written in a file.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

pub(super) fn explain(rules: &[Rule], peer: &SpiffeId, procedure: &str) -> Explanation {
    if let Some((at, rule)) = rules.iter().enumerate().find(|(_, rule)| rule.allows(peer, procedure)) {
        let sentence = format!("allowed by {}: {}", place(at, rule), why(rule, peer, procedure));
        return Explanation { rule: Some(at + 1), line: rule.line, sentence };
    }
    let nearest = nearest(rules, peer, procedure);
    let sentence = format!("denied: no rule lets {peer} call {}; {nearest}", escaped(procedure));
    Explanation { rule: None, line: None, sentence }
}

/// What of a rule allows it.
fn why(rule: &Rule, peer: &SpiffeId, procedure: &str) -> String {
    let peers = rule.peers.iter().find(|peers| peers.contain(peer)).map(ToString::to_string);
    let procedures = rule.procedures.iter().find(|each| each.contain(procedure)).map(ToString::to_string);
    format!("{} may call {}", peers.unwrap_or_default(), procedures.unwrap_or_default())
}

/// What an author may have meant to allow it with.
fn nearest(rules: &[Rule], peer: &SpiffeId, procedure: &str) -> String {
    let rules = || rules.iter().enumerate();
    let for_peer = || rules().filter(|(_, rule)| rule.is_for(peer));
    let left_out = for_peer().find_map(|(at, rule)| {
        let procedures = rule.procedures.iter().find(|procedures| procedures.matches(procedure))?;
        Some(format!(
            "nearest: {}, but {procedures} leaves out what needs a rule of its own",
            place(at, rule)
        ))
    });
    if let Some(left_out) = left_out {
        return left_out;
    }
    let by_procedure =
        for_peer().flat_map(|(at, rule)| rule.procedures.iter().map(move |each| (at, rule, each)));
    let by_peer = rules().filter(|(_, rule)| rule.covers(procedure));
    let by_peer = by_peer.flat_map(|(at, rule)| rule.peers.iter().map(move |each| (at, rule, each)));
    let near: Vec<_> = [
        closest(by_procedure, procedure)
            .map(|(at, rule, each)| format!("{}, by which this peer may call {each}", place(at, rule))),
        closest(by_peer, peer.as_str())
            .map(|(at, rule, each)| format!("{}, by which {each} may", place(at, rule))),
    ]
    .into_iter()
    .flatten()
    .collect();
    match near.is_empty() {
        true => "no rule is for this peer, and none for this procedure".to_owned(),
        false => format!("nearest: {}", near.join("; ")),
    }
}

/// The pattern that has most in common with what was asked for; the first of several.
fn closest<'r, P: fmt::Display>(
    patterns: impl Iterator<Item = (usize, &'r Rule, &'r P)>,
    wanted: &str,
) -> Option<(usize, &'r Rule, &'r P)> {
    let in_common = |pattern: &P| {
        let pattern = pattern.to_string();
        pattern.bytes().zip(wanted.bytes()).take_while(|(one, other)| one == other).count()
    };
    patterns.reduce(|best, next| if in_common(best.2) < in_common(next.2) { next } else { best })
}

/// A rule as it is told of.
pub(super) fn place(at: usize, rule: &Rule) -> String {
    let number = at + 1;
    match rule.line {
        Some(line) => format!("rule {number}, line {line}"),
        None => format!("rule {number}"),
    }
}

//! Names found by some of their letters, the best match first. Knows nothing of what is named.

/// Letters of a pattern that count. Nobody types more to find a name, and work grows with each.
const LETTERS_MAX: usize = 48;

/// What it is worth that a letter directly follows the one that matched before it.
const RUN: i32 = 10;
/// What it is worth that a letter begins a word, or a part of one as in `camelCase` and `v2`.
const WORD: i32 = 8;
const HUMP: i32 = 6;
/// What it is worth that a letter stands behind the last slash: what is called matters more than where it is.
const LAST: i32 = 3;
/// No match: so little that nothing makes up for it.
const NEVER: i32 = i32::MIN / 2;

/// What is looked for: words, in any order, of which each occurs letter by letter and in any case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Pattern {
    words: Vec<Vec<char>>,
}

impl Pattern {
    /// The pattern that somebody typed.
    pub(crate) fn new(typed: &str) -> Self {
        let mut left = LETTERS_MAX;
        let mut words = Vec::new();
        for word in typed.split_whitespace() {
            let word: Vec<char> = word.chars().map(folded).take(left).collect();
            left -= word.len();
            if !word.is_empty() {
                words.push(word);
            }
        }
        Self { words }
    }

    /// Whether everything matches.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether whatever matches this one matches the other one, too.
    pub(crate) fn narrows(&self, other: &Self) -> bool {
        let is_within = |word: &Vec<char>| self.words.iter().any(|own| occurs(word, own.iter().copied()));
        other.words.iter().all(is_within)
    }

    /// Whether a name matches. Costs much less than to say how well.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.words.iter().all(|word| occurs(word, name.chars().map(folded)))
    }

    /// How well a name matches, if it does: the higher, the better.
    pub(crate) fn score(&self, name: &str) -> Option<i32> {
        self.matches(name).then(|| self.words.iter().map(|word| walk(word, name, |_| ())).sum())
    }

    /// Which letters of a name matched, by their number, in their order.
    pub(crate) fn places(&self, name: &str) -> Vec<usize> {
        let mut places: Vec<usize> = self.words.iter().flat_map(|word| way(word, name)).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    /// About how much work it is to score a name, in letters looked at.
    pub(crate) fn work(&self, name: &str) -> usize {
        let letters: usize = self.words.iter().map(Vec::len).sum();
        name.len() * (letters + 1)
    }
}

/// A letter without its case.
fn folded(c: char) -> char {
    if c.is_ascii() { c.to_ascii_lowercase() } else { c.to_lowercase().next().unwrap_or(c) }
}

/// Whether letters occur in that order. Most names fail here, at little cost.
fn occurs(word: &[char], letters: impl Iterator<Item = char>) -> bool {
    let mut wanted = word.iter();
    let mut next = wanted.next();
    for letter in letters {
        let Some(expected) = next else { return true };
        if letter == *expected {
            next = wanted.next();
        }
    }
    next.is_none()
}

/// The best score of a word in a name. `row` is told for each letter of the name the best score of each beginning
/// of the word that ends just there.
fn walk(word: &[char], name: &str, mut row: impl FnMut(&[i32])) -> i32 {
    // Of each beginning of the word: the best score anywhere so far, and of one that ends at the letter before.
    let mut best = [NEVER; LETTERS_MAX];
    let mut ended = [NEVER; LETTERS_MAX];
    let slash = name.rfind('/').map_or(0, |slash| slash + 1);
    let (mut before, mut reached) = ('.', 0);
    for (at, c) in name.char_indices() {
        let letter = folded(c);
        let worth = beginning(before, c) + if at >= slash { LAST } else { 0 };
        // From the end, so that what is read is still that of the letters before.
        for i in (0..word.len().min(reached + 1)).rev() {
            let led_here = match i {
                _ if word[i] != letter => NEVER,
                0 => 0,
                _ => best[i - 1].max(ended[i - 1] + RUN),
            };
            ended[i] = if led_here < 0 { NEVER } else { led_here + worth };
            best[i] = best[i].max(ended[i]);
        }
        if reached < word.len() && best[reached] >= 0 {
            reached += 1;
        }
        row(&ended[..word.len()]);
        before = c;
    }
    word.len().checked_sub(1).map_or(0, |last| best[last])
}

/// What a letter is worth by the one before it.
fn beginning(before: char, c: char) -> i32 {
    match (before.is_alphanumeric(), c.is_alphanumeric()) {
        (false, true) => WORD,
        (true, true) if c.is_uppercase() && !before.is_uppercase() => HUMP,
        (true, true) if c.is_ascii_digit() && !before.is_ascii_digit() => HUMP,
        _ => 0,
    }
}

/// The numbers of the letters by which a word matches best, the last first.
fn way(word: &[char], name: &str) -> Vec<usize> {
    let mut rows = Vec::with_capacity(name.len() * word.len());
    if walk(word, name, |row| rows.extend_from_slice(row)) < 0 {
        return Vec::new();
    }
    let rows: Vec<&[i32]> = rows.chunks_exact(word.len().max(1)).collect();
    let mut end = rows.len();
    let mut way = Vec::with_capacity(word.len());
    for i in (0..word.len()).rev() {
        // What stands directly before the letter that was found counts for more.
        let score = |at: usize| rows[at][i] + if !way.is_empty() && at + 1 == end { RUN } else { 0 };
        // Of several that are equal, the first: that is where people look.
        let Some(at) = (0..end).rev().max_by_key(|&at| score(at)) else { break };
        way.push(at);
        end = at;
    }
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that match, the best first.
    fn found<'n>(typed: &str, names: &[&'n str]) -> Vec<&'n str> {
        let pattern = Pattern::new(typed);
        let mut found: Vec<_> = names.iter().filter_map(|name| Some((pattern.score(name)?, *name))).collect();
        found.sort_by_key(|(score, name)| (-score, name.len()));
        found.into_iter().map(|(_, name)| name).collect()
    }

    /// The name with what matched in capitals.
    fn marked(typed: &str, name: &str) -> String {
        let places = Pattern::new(typed).places(name);
        let mark = |(i, c): (usize, char)| if places.contains(&i) { c.to_ascii_uppercase() } else { c };
        name.chars().enumerate().map(mark).collect()
    }

    #[test]
    fn letters_match_in_their_order_and_in_any_case() {
        let names = ["acme.Ledger/balance", "acme.Ledger/rename"];
        assert_eq!(found("LBAL", &names), ["acme.Ledger/balance"]);
        assert_eq!(found("elab", &names), [""; 0]);
        assert_eq!(found("", &names), ["acme.Ledger/rename", "acme.Ledger/balance"]);
        assert_eq!(found("żół", &["sklep.ŻÓŁW/karm"]), ["sklep.ŻÓŁW/karm"]);
    }

    #[test]
    fn words_match_in_any_order() {
        assert_eq!(found("ren ledg", &["acme.Ledger/rename"]), ["acme.Ledger/rename"]);
        assert_eq!(found("ren ledgx", &["acme.Ledger/rename"]), [""; 0]);
    }

    #[test]
    fn beginnings_runs_and_the_procedure_itself_rank_first() {
        let names = ["acme.Balance/close", "acme.Ledger/globalAudit", "acme.Ledger/balance"];
        assert_eq!(found("bal", &names)[0], "acme.Ledger/balance");
        assert_eq!(found("ga", &names)[0], "acme.Ledger/globalAudit");
        assert_eq!(found("get", &["a.Bridges/edit", "a.Stats/get", "a.Gears/exit"])[0], "a.Stats/get");
        assert_eq!(
            found("balance", &["a.B/balanceSheet", "a.B/balance"])[0],
            "a.B/balance",
            "the shorter one"
        );
    }

    #[test]
    fn the_letters_that_are_marked_are_those_of_the_best_match() {
        assert_eq!(marked("bal", "a.Globals/balance"), "a.Globals/BALance");
        assert_eq!(marked("lb", "acme.ledger/balance"), "acme.Ledger/Balance");
        assert_eq!(marked("ren ledg", "acme.ledger/rename"), "acme.LEDGer/REName");
        assert_eq!(marked("xyz", "acme.ledger"), "acme.ledger");
    }

    #[test]
    fn marks_add_up_to_the_score() {
        let worth = |typed: &str, name: &str| {
            let places = Pattern::new(typed).places(name);
            let letters: Vec<char> = name.chars().collect();
            let slash = letters.iter().rposition(|c| *c == '/').map_or(0, |at| at + 1);
            let of = |(i, at): (usize, &usize)| {
                let before = at.checked_sub(1).map_or('.', |before| letters[before]);
                let run = i > 0 && places[i - 1] + 1 == *at;
                beginning(before, letters[*at])
                    + if *at >= slash { LAST } else { 0 }
                    + if run { RUN } else { 0 }
            };
            places.iter().enumerate().map(of).sum::<i32>()
        };
        for typed in ["a", "ab", "aab", "elge", "lance", "bbb", "acmebalance"] {
            for name in ["acme.Ledger/balance", "ababab/aBbaaBb", "elGel.elge/lancElan", "bB.bb/Bbb"] {
                if let Some(score) = Pattern::new(typed).score(name) {
                    assert_eq!(worth(typed, name), score, "{typed} in {name}");
                }
            }
        }
    }

    #[test]
    fn a_longer_pattern_narrows_what_a_shorter_one_found() {
        let narrows = |new: &str, old: &str| Pattern::new(new).narrows(&Pattern::new(old));
        assert!(narrows("ledger b", "ledg") && narrows("balance", "bl") && narrows("a", ""));
        assert!(!narrows("ledg", "ledger") && !narrows("ledger", "x"));
    }

    #[test]
    fn an_endless_pattern_is_cut_and_an_endless_name_is_only_long() {
        let name = "ab".repeat(1 << 12);
        let pattern = Pattern::new(&"ab".repeat(1 << 12));
        assert!(pattern.score(&name).is_some());
        assert_eq!(pattern.places(&name).len(), LETTERS_MAX);
    }
}

//! Text that came from a peer, made fit to show: clipped, and with nothing in it that could reorder,
//! hide or fake its neighbours.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;

/// One line of at most `limit` characters; line breaks and invisible characters are written as escapes.
pub(crate) fn line(text: &str, limit: usize) -> String {
    clipped(text, limit, |c| is_unsafe(c) || c == '\n')
}

/// The same with its line breaks, for documentation and messages.
pub(crate) fn paragraph(text: &str, limit: usize) -> String {
    clipped(text.trim(), limit, |c| is_unsafe(c) && c != '\n')
}

fn clipped(text: &str, limit: usize, escape: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    let mut characters = text.chars();
    for c in characters.by_ref().take(limit) {
        match c {
            '\n' if escape(c) => shown.push_str("\\n"),
            '\t' if escape(c) => shown.push_str("\\t"),
            c if escape(c) => {
                // Writing to a `String` cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters, and those that turn the reading direction around or take no room.
pub(crate) fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A line of JSON in which whatever could mislead a reader, or do something to a terminal, is escaped as JSON does:
/// all of that is within its strings.
pub(crate) fn safe_json(json: &str) -> String {
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a `String` cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Words as a sentence begins.
pub(crate) fn capitalized(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}

/// Whether every word that is wanted is somewhere in a text, both in lower case.
pub(crate) fn has_words(text: &str, wanted: &str) -> bool {
    wanted.split_whitespace().all(|word| text.contains(word))
}

/// Words and a moment as a part of the name of a file, which keeps it in its folder whoever chose the words.
pub(crate) fn dated(words: &str, date: Timestamp) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let words: String = words.chars().take(60).map(|c| if is_plain(c) { c } else { '-' }).collect();
    format!("{words}-{}", date.strftime("%Y%m%d-%H%M%S"))
}

/// A word as a shell reads it: between quotes where it needs them.
pub(crate) fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A number of bytes as people say it.
pub(crate) fn size(bytes: usize) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let count = bytes as f64;
    match bytes {
        1 => "1 byte".to_owned(),
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{:.1} KiB", count / 1024.0),
        1_048_576..=1_073_741_823 => format!("{:.1} MiB", count / 1_048_576.0),
        _ => format!("{:.1} GiB", count / 1_073_741_824.0),
    }
}

/// A number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if 0 < i && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// How many there are of what is called so, one and many: `1 call`, `1,234 calls`.
pub(crate) fn counted(number: u64, [one, many]: [&str; 2]) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// How long something has taken: `11.90 s`, `2:05.3`, `1:02:05`.
pub(crate) fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..100 => format!("{:.2} s", duration.as_secs_f64()),
        100..3600 => format!("{}.{}", clock(seconds), duration.subsec_millis() / 100),
        _ => clock(seconds),
    }
}

/// Seconds as a clock shows them: `2:05`, `1:02:05`.
pub(crate) fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours == 0 { format!("{minutes}:{seconds:02}") } else { format!("{hours}:{minutes:02}:{seconds:02}") }
}

/// A number of seconds as people say a stretch of time, in its two largest units: `29 d`, `5 h 12 min`, `32 s`.
pub(crate) fn span(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {minutes} min"),
        86_400..864_000 => format!("{days} d {hours} h"),
        864_000..63_072_000 => format!("{days} d"),
        // Nobody plans by the day of the year after next.
        _ => format!("{} years", (days + 182) / 365),
    }
}

/// The same of a duration.
pub(crate) fn span_of(duration: Duration) -> String {
    span(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// A time to the microsecond, as the number of the largest of these units that says it: seconds, milliseconds and
/// microseconds, as they are called where it is written.
pub(crate) fn exact(time: Duration, [seconds, millis, micros]: [&'static str; 3]) -> (u128, &'static str) {
    match time.as_micros() {
        us if us.is_multiple_of(1_000_000) => (us / 1_000_000, seconds),
        us if us.is_multiple_of(1000) => (us / 1000, millis),
        us => (us, micros),
    }
}

/// A time to the microsecond, as it can be typed: `500 ms`.
pub(crate) fn typed(time: Duration) -> String {
    let (number, unit) = exact(time, ["s", "ms", "µs"]);
    format!("{number} {unit}")
}

/// A number and its unit: `500 ms`, `5s`, `1.5 s`, `2 min`, `7 d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic() || c == 'µ')?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.trim().parse().ok()?;
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "d" => 86_400.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().filter(|duration| !duration.is_zero())
}

/// A number for each second: with a decimal only where that says something.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second < 100.0 { format!("{per_second:.1}") } else { count(per_second.round() as u64) }
}

/// A number of seconds as people say a latency: `850 µs`, `3.1 ms`, `1.24 s`.
pub(crate) fn latency(seconds: f64) -> String {
    match seconds {
        s if s < 1e-3 => format!("{:.0} µs", s * 1e6),
        s if s < 1e-2 => format!("{:.1} ms", s * 1e3),
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 100.0 => format!("{s:.2} s"),
        s => format!("{s:.0} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_sends_cannot_reorder_or_hide_its_neighbours() {
        assert_eq!(line("a\u{202e}b\u{0}c\nd", 99), "a\\u{202e}b\\u{0}c\\nd");
        assert_eq!(paragraph(" a\n\u{2066}b\r\n", 99), "a\n\\u{2066}b");
        assert_eq!(line("żółć 🦀", 99), "żółć 🦀");
    }

    #[test]
    fn what_a_peer_sends_is_clipped() {
        assert_eq!(line("abcdef", 3), "abc…");
        assert_eq!(line("abc", 3), "abc");
    }

    #[test]
    fn sizes_and_latencies_carry_their_unit() {
        assert_eq!([size(1), size(212), size(4096)], ["1 byte", "212 bytes", "4.0 KiB"]);
        assert_eq!([count(0), count(999), count(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!([rate(2.04), rate(1_234.5)], ["2.0", "1,235"]);
        let spans = [32, 272, 18_725, 274_000, 2_592_000, 315_360_000].map(span);
        assert_eq!(spans, ["32 s", "4 min 32 s", "5 h 12 min", "3 d 4 h", "30 d", "10 years"]);
        let elapsed = |ms| elapsed(Duration::from_millis(ms));
        assert_eq!([elapsed(11_900), elapsed(125_345), elapsed(3_725_000)], ["11.90 s", "2:05.3", "1:02:05"]);
        assert_eq!([latency(0.000_85), latency(0.0031), latency(0.31)], ["850 µs", "3.1 ms", "310 ms"]);
    }

    #[test]
    fn a_time_is_a_number_with_its_unit() {
        assert_eq!(duration("500 ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("2 min"), Some(Duration::from_secs(120)));
        assert_eq!(duration("7 d"), Some(Duration::from_secs(7 * 86_400)));
        for wrong in ["5", "ms", "-1 s", "0 s", "5 parsecs", "1e300 h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}

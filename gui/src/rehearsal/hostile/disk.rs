//! Files that somebody else has written where ours are, and those that are written of what a server said.

use std::fs;
use std::time::{Duration, Instant};

use countersign::service::CallKind;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::Watch;
use super::cases::{Case, act, come, hear_update, rest, window};
use super::{count_on, counters, megabyte};
use crate::command::Command;
use crate::exchange::{TabNews, TabOrder, Update};
use crate::model::graphs::export::Format;
use crate::model::journal::asked::{CopyAs, JournalCommand};
use crate::model::journal::recall::Reach;
use crate::model::shelf::{ShelfCommand, ShelfNews};
use crate::model::view::TimeRange;
use crate::worker;

pub(super) const JOURNAL: Case = Case { name: "a hostile file of calls", run: journal };
pub(super) const SHELF: Case = Case { name: "a hostile folder of saved requests", run: shelf };
pub(super) const EXPORT: Case = Case { name: "graphs of hostile names written to files", run: export };

/// Lines of a file of calls, so many bytes of them: long ones, and those that mislead.
pub(crate) fn lines(bytes: usize) -> String {
    let line = |i: usize, procedure: &str, arguments: &str, more: Json| {
        let mut line = json!({
            "v": 1, "id": format!("{i}"), "at": "2026-11-22T12:00:00Z",
            "server": { "address": "evil\u{202e}\n", "identity": megabyte().chars().take(500).collect::<String>() },
            "request": { "procedure": procedure, "kind": CallKind::BothWays, "arguments": arguments },
            "end": { "took_us": u64::MAX, "received": u64::MAX, "verdict": { "failed": {
                "word": "\u{202e}NO\n", "message": megabyte().chars().take(100).collect::<String>() } } },
        });
        let (Some(request), Some(more)) = (line["request"].as_object_mut(), more.as_object()) else {
            return String::new();
        };
        request.extend(more.clone());
        format!("{line}\n")
    };
    let misleading = "evil.\u{202e}Nuisance/\nfaulty";
    let notation = |items: usize| format!("[{}1]", "1,".repeat(items));
    let metadata: Vec<Json> = (0..5000).map(|i| json!([format!("\u{202e}{i}"), { "text": "\n" }])).collect();
    let mut lines = String::new();
    lines += &line(0, &"\u{202e}W".repeat(100_000), "{}", json!({}));
    lines += &line(1, misleading, &notation(400_000), json!({}));
    lines += &line(2, misleading, &notation(1_500_000), json!({}));
    lines += &line(3, misleading, "{}", json!({ "items": { "first": vec!["1"; 100_000], "more": 0 } }));
    lines += &line(4, misleading, "{}", json!({ "metadata": metadata }));
    lines += &line(5, misleading, "not notation\u{202e}\n", json!({ "deadline_us": u64::MAX }));
    for i in 6.. {
        let next = line(i, misleading, "{\"n\": 1}", json!({}));
        if lines.len() + next.len() > bytes {
            break;
        }
        lines += &next;
    }
    lines
}

/// Saved requests of this procedure that are hard to show.
pub(crate) fn requests(procedure: &str) -> Vec<(&'static str, String)> {
    let request = |more: Json| {
        let mut request = json!({ "procedure": procedure });
        if let (Some(request), Some(more)) = (request.as_object_mut(), more.as_object()) {
            request.extend(more.clone());
        }
        request.to_string()
    };
    let keys: serde_json::Map<String, Json> =
        (0..5000).map(|i| (format!("\u{202e}{i}"), json!("\n\u{0}"))).collect();
    let large = |bytes: usize| vec![format!("\"{}\"", "x ".repeat(bytes / 2))];
    vec![
        ("notation", request(json!({ "notation": large(200_000) }))),
        ("long notation", request(json!({ "notation": large(7_000_000) }))),
        ("arguments", request(json!({ "arguments": vec![0; 100_000] }))),
        ("many arguments", request(json!({ "arguments": vec![0; 1_000_000] }))),
        ("metadata", request(json!({ "metadata": keys, "arguments": {} }))),
        ("files", request(json!({ "files": keys, "arguments": {} }))),
        ("deadline", request(json!({ "deadline": megabyte() }))),
        ("\u{202e}name", "\u{202e}{".to_owned()),
        ("procedure", json!({ "procedure": megabyte() }).to_string()),
    ]
}

fn journal(watch: &mut Watch) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("calls.jsonl");
    fs::write(&file, lines(15 << 20)).expect("the folder is ours");
    let mut window = window();
    act(&mut window, watch, Command::Journal(JournalCommand::Toggle));
    act(&mut window, watch, Command::Journal(JournalCommand::SetReach(Reach::Everywhere)));
    for _ in 0..3 {
        watch.note(&"pages");
        let pages = watch.work(|| worker::calls_in(file.clone()));
        assert!(pages.calls.len() > 1000, "most of it can be read");
        hear_update(&mut window, watch, Update::Journal(pages));
        rest(&mut window, watch);
    }
    for by in [-3000.0, -1e7, 1e7] {
        watch.frame(|| window.scroll_at(super::super::deeds::FORM, by));
    }
    let known: Vec<_> =
        window.dashboard.model.journal.pages.calls.iter().map(|it| it.entry.id.clone()).collect();
    let strange = known.iter().filter(|id| id.0.len() == 1);
    for id in strange {
        act(&mut window, watch, Command::Journal(JournalCommand::Choose(id.clone())));
        act(&mut window, watch, Command::Journal(JournalCommand::Copy(Some(id.clone()), CopyAs::Command)));
        act(&mut window, watch, Command::Journal(JournalCommand::Edit(id.clone())));
    }
    assert!(window.click("Search calls"), "calls can be searched");
    for letters in ["e", "v", "i", "l", "x", &"evil ".repeat(20_000)] {
        watch.note(&letters);
        watch.frame(|| window.type_text(letters));
        rest(&mut window, watch);
    }
}

fn shelf(watch: &mut Watch) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    for (name, text) in requests("evil.Nuisance/faulty") {
        fs::write(folder.path().join(format!("{name}.json")), text).expect("the folder is ours");
    }
    for i in 0..1000 {
        fs::write(folder.path().join(format!("many{i}.json")), "{}").expect("the folder is ours");
    }
    let path = folder.path().to_string_lossy().into_owned();
    let mut window = window();
    act(&mut window, watch, Command::Select("evil.Nuisance/faulty".to_owned()));
    act(&mut window, watch, Command::Shelf(ShelfCommand::Toggle));
    watch.note(&"look");
    let found = watch.work(|| worker::look(path.clone()));
    come(&mut window, watch, TabNews::Shelf(found));
    for (name, _) in requests("") {
        watch.note(&name);
        let opened = watch.work(|| worker::read(&path, name).map(Box::new));
        come(&mut window, watch, TabNews::Shelf(ShelfNews::Opened(name.to_owned(), opened)));
        watch.frame(|| window.type_text("x"));
        rest(&mut window, watch);
        act(&mut window, watch, Command::Shelf(ShelfCommand::Toggle));
    }
}

fn export(watch: &mut Watch) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let (mut window, mut counters) = (window(), counters(20));
    let mut idle = Watch::new(|| Duration::ZERO);
    for _ in 0..600 {
        count_on(&mut counters, 400);
        come(&mut window, &mut idle, TabNews::Stats(Ok(counters.clone())));
    }
    act(&mut window, watch, Command::SetRange(TimeRange::ALL[1]));
    for row in counters.procedures.iter().take(8) {
        act(&mut window, watch, Command::Compare(crate::text::line(&row.procedure, 400)));
    }
    act(&mut window, watch, Command::ToggleExport);
    for format in [Format::Csv, Format::Png] {
        let now = (Instant::now(), Timestamp::now());
        let order = watch.frame(|| window.dashboard.model.tab().export(format, now, true));
        let Some(TabOrder::Export(_, _, export)) = order else { panic!("nothing was exported") };
        let path = folder.path().join(format.ending());
        watch.work(|| worker::export(&path, format, &export).expect("the folder is ours"));
        come(&mut window, watch, TabNews::Exported(Ok(path)));
    }
}

//! The table of goals, as Markdown.

use super::figures::{Case, Figures, Peer};
use super::scale::{grouped, or_dash};
use crate::goals::{GOALS, Goal, Other};

pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = "| case | Countersign | tonic | tarpc | bare loop | × tonic | × tarpc | × bare loop |\n\
                    |---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for goal in &GOALS {
        if let Some(case) = figures.case(goal.case) {
            text += &row(goal, case);
        }
    }
    text + "\nPer second, medians of all rounds; `¹` on tokio's one-thread runtime, where that is the better one. \
            Ratios are medians of the ratios within each round, and in brackets the goal and whether it is \
            reached.\n"
}

fn row(goal: &Goal, case: &Case) -> String {
    let ours = case.better("countersign");
    let base = case.better(goal.base());
    let (tonic, tarpc) = (case.better("tonic"), case.better("tarpc-bincode"));
    let figure = |peer: Option<&Peer>| or_dash(peer.and_then(|peer| figure(goal, peer)));
    let times = |other: Option<&Peer>, least: Option<f64>| {
        let ratio = ours?.ratio(other?, "rps")?;
        Some(least.map_or_else(|| short(ratio), |least| at_least(ratio, least)))
    };
    let to_base = || match goal.other {
        Some(Other::KibPerConnection(most)) => {
            Some(format!("(≤ {most} KiB {})", mark(ours?.median(KIB)? <= most)))
        }
        Some(Other::OfBase(least)) => times(base, Some(least)),
        Some(Other::MedianOfBase(most)) => {
            let ratio = ours?.ratio(base?, "p50_us")?;
            Some(format!("p50 × {ratio:.2} (≤ {most} {})", mark(ratio <= most)))
        }
        None => times(base, None),
    };
    let (by_tonic, by_tarpc) = match goal.counts_calls() {
        true => (times(tonic, goal.tonic), times(tarpc, goal.tarpc)),
        false => (None, None),
    };
    let base_name = if goal.base() == "rustls" { " (tokio-rustls)" } else { "" };
    let cells = [
        goal.title.to_owned(),
        format!("**{}**", figure(ours)),
        figure(tonic),
        figure(tarpc),
        figure(base) + base_name,
        or_dash(by_tonic),
        or_dash(by_tarpc),
        or_dash(to_base()),
    ];
    format!("| {} |\n", cells.join(" | "))
}

const KIB: &str = "kib_per_conn";

/// What a peer reached, with a mark for the runtime on which.
fn figure(goal: &Goal, peer: &Peer) -> Option<String> {
    if !goal.counts_calls() {
        return peer.median(KIB).map(|kib| format!("{kib:.1} KiB"));
    }
    let runtime = if peer.has_one_thread() { "¹" } else { "" };
    peer.median("rps").map(|rate| grouped(rate) + runtime)
}

fn at_least(ratio: f64, least: f64) -> String {
    format!("{} (≥ {least} {})", short(ratio), mark(ratio >= least))
}

fn short(ratio: f64) -> String {
    if ratio >= 10.0 { format!("{ratio:.1}") } else { format!("{ratio:.2}") }
}

fn mark(reached: bool) -> &'static str {
    if reached { "✓" } else { "✗" }
}

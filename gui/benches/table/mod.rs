//! What things cost, as a table, and what was too dear.

use std::process::ExitCode;
use std::time::Duration;

use cpu_time::ThreadTime;

/// How often what was too dear is tried: a busy machine takes caches away, and with them time.
const TRIES: usize = 3;

/// Prints what was measured, and remembers what was over its limit.
#[derive(Debug, Default)]
pub(crate) struct Table {
    over: Vec<String>,
}

/// How long this thread has been at work.
pub(crate) fn clock() -> Duration {
    thread_local! {
        static BEGAN: ThreadTime = ThreadTime::now();
    }
    BEGAN.with(ThreadTime::elapsed)
}

/// How long it keeps this thread at work.
pub(crate) fn timed(run: impl FnOnce()) -> Duration {
    let began = clock();
    run();
    clock() - began
}

impl Table {
    /// A line above others.
    pub(crate) fn title(&self, words: &str) {
        println!(
            "\n{words}\n{:52} {:>6} {:>9} {:>9} {:>9} {:>7}",
            "", "times", "median", "p99", "worst", "limit"
        );
    }

    /// Runs something, and prints a line about each of the costs that it returns, in milliseconds. The dearest is what
    /// the limit is for. What is over its limit is run again, and judged as it was at its best.
    pub(crate) fn row<const N: usize>(&mut self, mut run: impl FnMut() -> [Cost; N]) {
        let mut best: Option<[Cost; N]> = None;
        for _ in 0..TRIES {
            let costs = run();
            let better = match best.take() {
                None => costs,
                Some(before) => std::array::from_fn(|i| before[i].clone().cheaper(&costs[i])),
            };
            let is_met = better.iter().all(Cost::is_met);
            best = Some(better);
            if is_met {
                break;
            }
        }
        for cost in best.into_iter().flatten() {
            cost.print();
            if !cost.is_met() {
                self.over.push(cost.verdict());
            }
        }
    }

    /// Says what was over its limit, and fails if anything was.
    pub(crate) fn end(self) -> ExitCode {
        if self.over.is_empty() {
            println!("\nall within their limits");
            return ExitCode::SUCCESS;
        }
        println!("\nOVER THE LIMIT");
        self.over.iter().for_each(|words| println!("  {words}"));
        ExitCode::FAILURE
    }
}

/// What the same thing cost, time after time.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    what: String,
    limit: Duration,
    /// The least first.
    took: Vec<Duration>,
    /// What was the dearest.
    remark: String,
}

impl Cost {
    /// What something took, each time that it was done.
    pub(crate) fn new(what: &str, limit: Duration, mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        Self { what: what.to_owned(), limit, took, remark: String::new() }
    }

    /// The same, of which the dearest was this.
    pub(crate) fn with_remark(self, remark: &str) -> Self {
        Self { remark: remark.to_owned(), ..self }
    }

    /// What running it so many times takes.
    pub(crate) fn of(what: &str, limit: Duration, times: usize, mut run: impl FnMut()) -> Self {
        let took = (0..times).map(|_| timed(&mut run));
        Self::new(what, limit, took.collect())
    }

    fn at(&self, share: f64) -> Duration {
        let last = self.took.len().saturating_sub(1);
        self.took.get((last as f64 * share).ceil() as usize).copied().unwrap_or_default()
    }

    fn worst(&self) -> Duration {
        self.at(1.0)
    }

    fn is_met(&self) -> bool {
        self.worst() < self.limit
    }

    fn cheaper(self, other: &Self) -> Self {
        if other.worst() < self.worst() { other.clone() } else { self }
    }

    fn verdict(&self) -> String {
        let Self { what, limit, remark, .. } = self;
        format!("{what}: {:.1?}, and {limit:?} is the limit. {remark}", self.worst())
    }

    fn print(&self) {
        if self.took.is_empty() {
            return;
        }
        let [median, p99, worst, limit] =
            [self.at(0.5), self.at(0.99), self.worst(), self.limit].map(|it| it.as_secs_f64() * 1e3);
        let verdict = if self.is_met() { "" } else { "  OVER" };
        let (what, times, remark) = (&self.what, self.took.len(), &self.remark);
        println!("{what:52} {times:6} {median:9.2} {p99:9.2} {worst:9.2} {limit:7.0}{verdict}  {remark}");
    }
}

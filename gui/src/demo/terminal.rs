//! The same job without a display: list, calls, and a live table of latencies.

use std::io::{self, IsTerminal as _, Write};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use countersign::schema;
use countersign::{Credentials, Schema};
use serde_json::{Value as Json, json};
use tokio::runtime;

use super::Demo;
use crate::exchange::CallOrder;
use crate::form::{Arguments, Content};
use crate::model::calls::CallNumber;
use crate::model::catalogue::{Procedure, Service, is_builtin};
use crate::model::connection::Failure;
use crate::model::history::{History, Trend};
use crate::model::reply::{Body, Problem, ProblemKind};
use crate::text;
use crate::worker::{Counting, Link, body, encoded, problem};

/// How many items of a stream are taken.
const ITEMS_SHOWN: usize = 3;
/// How long the table runs.
const SHOWN: Duration = Duration::from_secs(10);

/// Lists the procedures of the demo, calls each once, and prints a table of how they do for ten seconds.
pub fn in_terminal(demo: &Demo) -> anyhow::Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let is_terminal = io::stdout().is_terminal();
    let mut page = Page { out: io::stdout().lock(), is_terminal, table_lines: 0 };
    let shown = runtime.block_on(show(demo, &mut page));
    match shown {
        // Whoever reads us has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        shown => shown,
    }
}

async fn show<W: Write>(demo: &Demo, page: &mut Page<W>) -> anyhow::Result<()> {
    let credentials = Credentials::load(&demo.target().identity)?;
    let own_id = credentials.identity().id().clone();
    let link = match Link::connect(demo.target(), credentials).await {
        Ok(link) => link,
        Err(failure) => bail!("{}", failure.reason),
    };
    let Some(session) = link.session() else { bail!("the connection ended as it began") };
    let peer = &session.peer;
    writeln!(page.out, "certificates  {}", demo.folder().display())?;
    writeln!(page.out, "server        {} at {}", peer.id, peer.address)?;
    writeln!(page.out, "this side     {own_id}")?;
    writeln!(page.out, "connection    TLS 1.3, {}, {}", peer.key_exchange, peer.cipher)?;
    let services = match link.services().await {
        Ok(services) => services,
        Err(failure) => bail!("{}", failure.reason),
    };
    page.list(services.all())?;
    writeln!(page.out, "\nOne call of each procedure of the demo service")?;
    let own = services.all().iter().filter(|service| !is_builtin(&service.name));
    for (index, procedure) in own.flat_map(|service| &service.procedures).enumerate() {
        call_once(&link, index, procedure, page).await?;
    }
    watch(&link, page).await
}

/// Makes one call, and prints what came of it.
async fn call_once<W: Write>(
    link: &Link,
    index: usize,
    procedure: &Procedure,
    page: &mut Page<W>,
) -> anyhow::Result<()> {
    let arguments = typed(arguments(procedure));
    let order = CallOrder {
        items: Vec::new(),
        note: None,
        number: CallNumber(index as u64 + 1),
        procedure: procedure.path.clone(),
        kind: procedure.kind,
        arguments,
        schema: procedure.arguments.clone(),
        deadline: procedure.deadline_ms.map(Duration::from_millis),
        earlier: None,
        metadata: Vec::new(),
    };
    let began = Instant::now();
    let outcome = if procedure.streams() {
        stream_once(link, &order, procedure.items_in.as_ref()).await
    } else {
        link.call(&order, |_| {}).await.outcome
    };
    page.outcome(&procedure.path, began.elapsed(), &outcome)?;
    match outcome {
        Ok(_) | Err(Problem { kind: ProblemKind::Status(_), .. }) => Ok(()),
        Err(problem) => bail!("{}: {}: {}", procedure.path, problem.kind.text(), problem.message),
    }
}

/// Sends an item where items are taken, receives a few, and gives the call up if it has not ended then. The answer
/// is its result, or else the last item.
async fn stream_once(link: &Link, order: &CallOrder, items: Option<&Schema>) -> Result<Body, Problem> {
    let mut stream = link.open(order, |_| {}).await?;
    if let Some(schema) = items {
        let item = typed(schema::example(schema));
        stream.send(encoded(item, schema).await?).await.map_err(problem)?;
        stream.half_close();
    }
    let mut last = None;
    for _ in 0..ITEMS_SHOWN {
        match stream.next().await.map_err(problem)? {
            Some(item) => last = Some(item),
            None if last.is_none() => {
                return body(stream.finish().await.map_err(problem)?.payload, None).await;
            }
            None => break,
        }
    }
    body(last.unwrap_or_default(), None).await
}

/// What to call a procedure with: something telling where we know it, or else an example that fits.
fn arguments(procedure: &Procedure) -> Json {
    match procedure.path.as_str() {
        "demo.Clock/sleep" => json!({ "ms": 25 }),
        "demo.Clock/ticks" => json!({ "interval_ms": 10 }),
        "demo.Echo/stream" => json!({ "count": 3, "size": 16 }),
        "demo.Fault/fail" => json!({ "code": "NOT_FOUND", "message": "no such cup" }),
        "demo.Math/divide" => json!({ "dividend": 22.0, "divisor": 7.0 }),
        "demo.Orders/find" => json!({ "limit": 1 }),
        _ => schema::example(&procedure.arguments),
    }
}

fn typed(json: Json) -> Content {
    Content::Typed(Arguments { json, files: Vec::new() })
}

/// Hears the counters every second, and prints the table.
async fn watch<W: Write>(link: &Link, page: &mut Page<W>) -> anyhow::Result<()> {
    writeln!(page.out, "\nThe server's counters for {} s", SHOWN.as_secs())?;
    let (mut history, start) = (History::default(), Instant::now());
    let mut counting = Counting::begin(link).await.map_err(unheard)?;
    let mut seconds = 0;
    while start.elapsed() < SHOWN {
        let snapshot = counting.next().await.map_err(unheard)?.all;
        history.record(snapshot, Instant::now());
        // A file or a pipe gets a few tables, one below the other; a terminal one that moves.
        if !history.is_empty() && (page.is_terminal || seconds % 5 == 0) {
            page.table(&history).context("the table could not be written")?;
        }
        seconds += 1;
    }
    Ok(())
}

fn unheard(failure: Option<Failure>) -> anyhow::Error {
    anyhow!("{}", failure.map_or_else(|| "The connection has ended.".to_owned(), |failure| failure.reason))
}

/// Where everything is printed.
struct Page<W> {
    out: W,
    is_terminal: bool,
    /// How many lines the last table had: the next one takes their place.
    table_lines: usize,
}

impl<W: Write> Page<W> {
    fn list(&mut self, services: &[Service]) -> io::Result<()> {
        for service in services.iter().filter(|service| !service.procedures.is_empty()) {
            writeln!(self.out, "\n{}", service.name)?;
            for procedure in &service.procedures {
                let about = procedure.documentation.lines().next().unwrap_or_default();
                writeln!(self.out, "  {:<10} {}", procedure.name, text::line(about, 90))?;
            }
        }
        Ok(())
    }

    fn outcome(&mut self, path: &str, took: Duration, outcome: &Result<Body, Problem>) -> io::Result<()> {
        let (word, detail) = match outcome {
            Ok(body) => ("OK", body.diagnostic.text().to_owned()),
            Err(problem) => (problem.kind.text(), problem.message.clone()),
        };
        let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
        let took = text::latency(took.as_secs_f64());
        writeln!(self.out, "  {path:<20} {word:<18} {took:>8}  {}", text::line(&detail, 64))
    }

    fn table(&mut self, history: &History) -> io::Result<()> {
        if self.is_terminal && self.table_lines > 0 {
            // Back up over the last table, and clear it.
            write!(self.out, "\x1b[{}A\x1b[J", self.table_lines)?;
        } else {
            writeln!(self.out)?;
        }
        let trends = history.trends(Instant::now());
        let rows: Vec<_> =
            trends.iter().filter(|(path, trend)| !is_builtin(path) && trend.calls > 0).collect();
        writeln!(
            self.out,
            "  {:<20} {:>8} {:>9} {:>9} {:>9} {:>8}",
            "procedure", "calls/s", "p50", "p90", "p99", "errors"
        )?;
        for (path, trend) in &rows {
            writeln!(self.out, "  {}", row(path, trend))?;
        }
        self.table_lines = rows.len() + 1;
        self.out.flush()
    }
}

fn row(path: &str, trend: &Trend) -> String {
    let rate = trend.calls as f64 / trend.seconds.max(0.1);
    let [p50, p90, p99] = match trend.latency {
        Some(latency) => [latency.p50, latency.p90, latency.p99].map(text::latency),
        None => [const { String::new() }; 3],
    };
    format!("{path:<20} {rate:>8.1} {p50:>9} {p90:>9} {p99:>9} {:>8}", trend.failed)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

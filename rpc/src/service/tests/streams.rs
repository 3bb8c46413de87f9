//! The streaming kinds, through `dispatch` and the lane of a call.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};

use countersign_proto::{Code, HandlerRan, Status, cbor};
use serde_json::json;

use crate as countersign;
use crate::service::{CallKind, Handling, Reply, Service};
use crate::stream::Lane;
use crate::{Context, Receiver, Sender};

/// Numbers in a row.
#[countersign::service(package = "acme")]
trait Numbers {
    /// Every number below the limit; the result is how many there are.
    #[rpc(idempotent)]
    async fn below(&self, cx: &Context, limit: u32, numbers: Sender<u32>) -> Result<u32, Status>;
    async fn sum(&self, cx: &Context, numbers: Receiver<u32>) -> Result<u64, Status>;
    async fn scaled(
        &self,
        cx: &Context,
        factor: u32,
        r#in: Receiver<u32>,
        out: countersign::Sender<u64>,
    ) -> Result<(), Status>;
    async fn negated(&self, cx: &Context, out: Sender<i64>, r#in: Receiver<u32>) -> Result<(), Status>;
}

struct Counter;

impl Numbers for Counter {
    async fn below(&self, _: &Context, limit: u32, numbers: Sender<u32>) -> Result<u32, Status> {
        for number in 0..limit {
            numbers.send(number).await?;
        }
        Ok(limit)
    }

    async fn sum(&self, _: &Context, mut numbers: Receiver<u32>) -> Result<u64, Status> {
        let mut sum = 0;
        while let Some(number) = numbers.next().await? {
            sum += u64::from(number);
        }
        Ok(sum)
    }

    async fn scaled(
        &self,
        _: &Context,
        factor: u32,
        mut numbers: Receiver<u32>,
        scaled: Sender<u64>,
    ) -> Result<(), Status> {
        while let Some(number) = numbers.next().await? {
            scaled.send(u64::from(number) * u64::from(factor)).await?;
        }
        Ok(())
    }

    async fn negated(&self, _: &Context, out: Sender<i64>, mut r#in: Receiver<u32>) -> Result<(), Status> {
        while let Some(number) = r#in.next().await? {
            out.send(-i64::from(number)).await?;
        }
        Ok(())
    }
}

const BELOW: usize = 0;
const SUM: usize = 1;
const SCALED: usize = 2;
const NEGATED: usize = 3;

/// Makes a call to which all of its items have come: its reply, and the items that were sent.
fn call(method: usize, arguments: serde_json::Value, items: &[u32]) -> (Reply, Vec<i64>) {
    let lane = Arc::new(Lane::new(64 << 10, || {}));
    for item in items {
        assert!(!lane.arrived(encoded(item).into()));
    }
    lane.half_closed();
    let cx = Context::of_a_streaming_test(Some(lane.clone()));
    let Handling::Running(handler) = NumbersServer::new(Counter).dispatch(method, cx, &encoded(&arguments))
    else {
        panic!("the arguments are sound");
    };
    let Poll::Ready(reply) = pin!(handler).poll(&mut TaskContext::from_waker(Waker::noop())) else {
        panic!("everything has come");
    };
    let mut sent = Vec::new();
    lane.drain(|item| {
        sent.push(cbor::from_slice(&item).expect("a number"));
        true
    });
    (reply, sent)
}

fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
    cbor::to_vec(value).expect("it can be encoded")
}

#[test]
fn each_kind_has_its_items_and_its_result() {
    assert_eq!(call(BELOW, json!({ "limit": 3 }), &[]), (Ok(encoded(&3)), vec![0, 1, 2]));
    assert_eq!(call(SUM, json!({}), &[1, 2, 3]), (Ok(encoded(&6)), vec![]));
    assert_eq!(call(SCALED, json!({ "factor": 2 }), &[1, 2]), (Ok(encoded(&())), vec![2, 4]));
}

#[test]
fn the_two_streams_of_a_method_come_in_either_order() {
    assert_eq!(call(NEGATED, json!({}), &[1, 2]), (Ok(encoded(&())), vec![-1, -2]));
}

#[test]
fn a_stream_is_no_argument_and_wrong_arguments_never_touch_it() {
    for arguments in [json!({}), json!({ "limit": 3, "numbers": [] })] {
        // This context has no lane.
        let handling = NumbersServer::new(Counter).dispatch(BELOW, super::context(), &encoded(&arguments));
        let Handling::Ready(Err(status)) = handling else { panic!("{arguments} are refused") };
        assert_eq!((status.code, status.handler_ran), (Code::InvalidArgument, HandlerRan::No));
    }
}

#[test]
fn the_trait_describes_its_kinds_and_items() {
    let numbers = NumbersServer::new(Counter).description().expect("a description");
    let format = |schema: &Option<crate::Schema>| schema.as_ref()?.get("format").cloned();
    let described: Vec<_> = numbers
        .procedures
        .iter()
        .map(|one| (one.kind, format(&one.items_in), format(&one.items_out), one.idempotent))
        .collect();
    assert_eq!(
        described,
        [
            (CallKind::ServerStream, None, Some(json!("uint32")), true),
            (CallKind::ClientStream, Some(json!("uint32")), None, false),
            (CallKind::BothWays, Some(json!("uint32")), Some(json!("uint64")), false),
            (CallKind::BothWays, Some(json!("uint32")), Some(json!("int64")), false),
        ]
    );
    let properties = |at: usize| numbers.procedures[at].arguments.get("properties").cloned();
    assert_eq!(properties(SUM), Some(json!({})));
    assert!(properties(SCALED).is_some_and(|names| names.as_object().is_some_and(|names| names.len() == 1)));
}

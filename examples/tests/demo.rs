//! The demo service, called as its users call it.

use countersign::schema::{example, to_cbor, to_json};
use countersign::service::Service;
use countersign::{CallError, Code, cbor};
use countersign_examples::chat::{ChatClient, ChatServer, Heard, Parlour, RoomName, Words};
use countersign_examples::clock::{ClockClient, Interval, SystemClock};
use countersign_examples::echo::{EchoClient, EchoServer, Mirror, Record, Size};
use countersign_examples::fault::{CodeName, FaultClient, FaultServer, Saboteur};
use countersign_examples::math::{Abacus, MathClient, MathError, MathServer, SumError};
use countersign_examples::orders::{
    Grams, Limit, Order, OrderError, OrdersClient, OrdersServer, Payment, Shop, Tea,
};
use serde_json::json;

/// The order that a form is filled with at first.
fn order() -> Order {
    let description = OrdersServer::new(Shop::open()).description().expect("what it takes can travel");
    let arguments = &description.procedures[0].arguments;
    let arguments = to_cbor(arguments, &example(arguments)).expect("an example fits");
    let bytes = cbor::to_vec(arguments.get("order").expect("it is required")).expect("bytes");
    cbor::from_slice(&bytes).expect("an order")
}

#[tokio::test]
async fn what_is_echoed_comes_back() {
    let echo = EchoClient::in_process(Mirror);
    assert_eq!(echo.record(Record::sample()).await.unwrap(), Record::sample());
    assert_eq!(&*echo.blob(b"\0\xff".as_slice()).await.unwrap(), b"\0\xff");
}

#[tokio::test]
async fn a_division_by_zero_is_a_fault_with_the_dividend() {
    let math = MathClient::in_process(Abacus);
    assert_eq!(math.divide(355.0, 113.0).await.unwrap(), 355.0 / 113.0);
    let error = math.divide(1.5, 0.0).await.unwrap_err();
    assert!(matches!(error, CallError::Fault(MathError::DivisionByZero { dividend: 1.5 })), "{error:?}");
}

#[tokio::test]
async fn a_sleep_says_how_long_it_was() {
    let clock = ClockClient::in_process(SystemClock);
    assert!(clock.sleep(3_u64).await.unwrap() >= 3);
    clock.now().await.unwrap();
}

#[tokio::test]
async fn ticks_come_as_often_as_was_asked_for() {
    let clock = ClockClient::in_process(SystemClock);
    let mut ticks = clock.ticks(Interval(1), Some(3)).await.unwrap();
    let mut numbers = Vec::new();
    while let Some(tick) = ticks.next().await.unwrap() {
        numbers.push(tick.number);
    }
    ticks.finish().await.unwrap();
    assert_eq!(numbers, [1, 2, 3]);
    let mut endless = clock.ticks(Interval(1), None).await.unwrap();
    assert!(endless.next().await.unwrap().is_some());
    let error = clock.ticks(Interval(0), None).await.unwrap().next().await.unwrap_err();
    assert_eq!(error.to_string(), "INVALID_ARGUMENT: interval_ms: expected 1 to 3600000, found 0");
}

#[tokio::test]
async fn a_sum_is_of_all_numbers_or_says_where_it_stopped() {
    let math = MathClient::in_process(Abacus);
    assert_eq!(math.sum().send_all(1..=100).await.unwrap(), 5050);
    assert_eq!(math.sum().send_all(Vec::<i64>::new()).await.unwrap(), 0);
    let error = math.sum().send_all([1, i64::MAX, 1]).await.unwrap_err();
    assert!(matches!(error, CallError::Fault(SumError::Overflow { numbers: 2 })), "{error:?}");
}

#[tokio::test]
async fn as_many_messages_come_as_were_asked_for() {
    let echo = EchoClient::in_process(Mirror);
    for (count, size) in [(0, 10), (1000, 0), (1000, 600), (3, 4_000_000)] {
        let mut messages = echo.stream(count, Size(size)).await.unwrap();
        let mut seen = 0;
        while let Some(message) = messages.next().await.unwrap() {
            assert_eq!(message.len(), size as usize);
            seen += 1;
        }
        assert_eq!(seen, count);
    }
    let error = echo.stream(1_u32, Size(4_000_001)).await.unwrap().finish().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::InvalidArgument));
}

fn words(text: &str) -> Words {
    Words(text.to_owned())
}

#[tokio::test]
async fn everybody_in_a_room_hears_what_is_said_there() {
    let chat = ChatClient::in_process(Parlour::default());
    let kitchen = RoomName("kitchen".to_owned());
    let mut ada = chat.room(&kitchen).await.unwrap();
    ada.send(words("tea?")).await.unwrap();
    let said = ada.next().await.unwrap().unwrap();
    assert!(matches!(&said, Heard::Said { words, .. } if words == "tea?"), "{said:?}");

    let mut rikyu = chat.room(&kitchen).await.unwrap();
    assert_eq!(rikyu.next().await.unwrap().as_ref(), Some(&said));
    assert!(matches!(ada.next().await.unwrap(), Some(Heard::Joined(_))));
    let mut elsewhere = chat.room(RoomName("garden".to_owned())).await.unwrap();
    elsewhere.half_close();
    assert_eq!(elsewhere.next().await.unwrap(), None);

    rikyu.send(words("with pleasure")).await.unwrap();
    for room in [&mut ada, &mut rikyu] {
        let heard = room.next().await.unwrap();
        assert!(matches!(&heard, Some(Heard::Said { words, .. }) if words == "with pleasure"), "{heard:?}");
    }
    assert_eq!(rikyu.finish().await.unwrap(), 1);
    assert!(matches!(ada.next().await.unwrap(), Some(Heard::Left(_))));
}

#[tokio::test]
async fn a_room_is_forgotten_when_the_last_one_leaves() {
    let chat = ChatClient::in_process(Parlour::default());
    let kitchen = RoomName("kitchen".to_owned());
    for _ in 0..2 {
        let mut room = chat.room(&kitchen).await.unwrap();
        room.send(words("is anybody there?")).await.unwrap();
        room.half_close();
        assert!(matches!(room.next().await.unwrap(), Some(Heard::Said { .. })));
        assert_eq!(room.next().await.unwrap(), None);
        assert_eq!(room.finish().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_chat_has_its_limits() {
    let chat = ChatClient::in_process(Parlour::default());
    let mut rooms = Vec::new();
    for number in 0..100 {
        let mut room = chat.room(RoomName(number.to_string())).await.unwrap();
        room.send(words("mine")).await.unwrap();
        assert!(room.next().await.unwrap().is_some());
        rooms.push(room);
    }
    let error = chat.room(RoomName("one too many".to_owned())).await.unwrap().next().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::ResourceExhausted));
    rooms[0].send(words(&"x".repeat(501))).await.unwrap();
    let error = rooms[0].next().await.unwrap_err();
    assert_eq!(error.to_string(), "INVALID_ARGUMENT: words: expected 1 to 500 characters, found 501");
}

#[tokio::test]
async fn a_failure_has_the_code_that_was_asked_for() {
    let fault = FaultClient::in_process(Saboteur);
    for (asked, code) in [("not_found", Code::NotFound), ("UNAVAILABLE", Code::Unavailable)] {
        let error = fault.fail(CodeName(asked.to_owned()), "as you wish").await.unwrap_err();
        assert_eq!(error.code(), Some(code));
    }
    for asked in ["OK", "teapot"] {
        let error = fault.fail(CodeName(asked.to_owned()), "").await.unwrap_err();
        assert_eq!(error.code(), Some(Code::InvalidArgument));
    }
    assert_eq!(fault.panic().await.unwrap_err().code(), Some(Code::Internal));
}

#[tokio::test]
async fn an_order_that_was_placed_is_found() {
    let orders = OrdersClient::in_process(Shop::open());
    let receipt = orders.place(order()).await.unwrap();
    let found = orders.find(Some("rikyu".to_owned()), None, Some(Limit(1))).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0].receipt, &found[0].order), (&receipt, &order()));
    assert_eq!(found[0].placed_by, "spiffe://test.internal/client");
    assert_eq!(orders.find(None, None, None).await.unwrap().len(), 4);
    assert!(orders.find(None, Some("9999-01-01".parse().unwrap()), None).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_order_that_cannot_be_met_is_a_fault() {
    let orders = OrdersClient::in_process(Shop::open());
    let mut too_much = order();
    too_much.lines[0].tea = Tea::Gyokuro;
    too_much.lines[0].grams = Grams(5000);
    let error = orders.place(&too_much).await.unwrap_err();
    assert!(matches!(error, CallError::Fault(OrderError::OutOfStock { tea: Tea::Gyokuro, .. })), "{error:?}");
    let on_a_sunday = Order { deliver_on: Some("2099-01-04".parse().unwrap()), ..order() };
    let error = orders.place(&on_a_sunday).await.unwrap_err();
    assert!(matches!(error, CallError::Fault(OrderError::NoDelivery { .. })), "{error:?}");
    let card = Payment::Card { number: "4000000000000002".to_owned(), month: 1, year: 2030 };
    let error = orders.place(&Order { payment: card, ..order() }).await.unwrap_err();
    assert!(matches!(error, CallError::Fault(OrderError::CardDeclined)), "{error:?}");
}

#[tokio::test]
async fn the_limits_of_the_schema_hold_for_those_who_did_not_read_it() {
    let orders = OrdersClient::in_process(Shop::open());
    let mut wrong = order();
    wrong.lines[0].grams = Grams(1);
    let error = orders.place(&wrong).await.unwrap_err();
    assert_eq!(error.to_string(), "INVALID_ARGUMENT: order.lines[0].grams: expected 50 to 5000, found 1");
    let description = OrdersServer::new(Shop::open()).description().unwrap();
    let error = to_cbor(
        &description.procedures[0].arguments,
        &json!({ "order": {
            "customer": { "name": "", "address":
                { "street": "x", "town": "y", "postcode": "1", "country": "Mars" } },
            "lines": [{ "tea": "Sencha", "grams": 1, "discount": 26 }],
            "payment": { "Invoice": { "days": 6 } },
            "deliver_on": "soon", "note": "x".repeat(281),
        }}),
    )
    .unwrap_err();
    let places: Vec<_> = error.problems().iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        places,
        [
            "order.customer.name",
            "order.customer.address.postcode",
            "order.customer.address.country",
            "order.lines[0].grams",
            "order.lines[0].discount",
            "order.payment.Invoice.days",
            "order.deliver_on",
            "order.note",
        ]
    );
}

#[test]
fn every_procedure_is_documented_and_has_an_example_that_fits() {
    let services: [&dyn Service; 6] = [
        &EchoServer::new(Mirror),
        &MathServer::new(Abacus),
        &countersign_examples::clock::ClockServer::new(SystemClock),
        &OrdersServer::new(Shop::open()),
        &ChatServer::new(Parlour::default()),
        &FaultServer::new(Saboteur),
    ];
    for service in services.map(|service| service.description().unwrap()) {
        assert!(!service.documentation.is_empty(), "{}", service.name);
        for procedure in &service.procedures {
            assert!(!procedure.documentation.is_empty(), "{}", procedure.name);
            for schema in [Some(&procedure.arguments), procedure.items_in.as_ref()].into_iter().flatten() {
                let written = example(schema);
                let value = to_cbor(schema, &written).unwrap();
                assert_eq!(to_json(schema, &value), written, "{}", procedure.name);
            }
        }
    }
}

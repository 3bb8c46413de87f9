use super::*;
use crate::Status;

#[test]
fn handles_and_their_futures_can_move_between_threads() {
    fn are_send<T: Send>() {}
    are_send::<ServerStreamCall<u8, u8, Status>>();
    are_send::<ClientStreamCall<u8, u8, Status>>();
    are_send::<BothWaysCall<u8, u8, u8, Status>>();
    are_send::<RawStreamCall>();
    are_send::<(SendHalf<u8, u8, Status>, ReceiveHalf<u8, u8, Status>)>();
    are_send::<(RawSendHalf, RawReceiveHalf)>();
    fn is_send<T: Send>(_: T) {}
    let _futures = |mut stream: BothWays<u8, u8, u8, Status>| {
        is_send(stream.next());
        is_send(stream.send(1));
        is_send(stream.finish());
    };
    let _all = |call: ClientStreamCall<u8, u8, Status>| is_send(call.send_all([1, 2]));
}

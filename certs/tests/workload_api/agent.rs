//! An agent of SPIFFE for tests: answers every program with the same identity, and tells when there is another.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::{Body, BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, ServerStreamingService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// What the agent says, once for each program that asks, and again when it changes.
pub(crate) type Answer = Result<Identities, Status>;

/// `X509SVIDRequest` of the Workload API.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Nothing {}

/// `X509SVIDResponse` of the Workload API.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Identities {
    #[prost(message, repeated, tag = "1")]
    pub(crate) svids: Vec<Svid>,
    #[prost(map = "string, bytes", tag = "3")]
    pub(crate) federated_bundles: std::collections::HashMap<String, Vec<u8>>,
}

/// `X509SVID` of the Workload API, all of it in DER.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Svid {
    #[prost(string, tag = "1")]
    pub(crate) spiffe_id: String,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) chain: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) bundle: Vec<u8>,
}

/// An agent on loopback.
#[derive(Clone)]
pub(crate) struct Agent(Arc<Mutex<State>>);

struct State {
    answer: Answer,
    listening: Vec<mpsc::UnboundedSender<Answer>>,
}

impl Agent {
    /// Starts one, and says where it listens.
    pub(crate) fn start(answer: Answer) -> (Agent, String) {
        let agent = Agent(Arc::new(Mutex::new(State { answer, listening: Vec::new() })));
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let incoming = TcpIncoming::bind(any).unwrap();
        let endpoint = format!("tcp://{}", incoming.local_addr().unwrap());
        tokio::spawn(Server::builder().serve_with_incoming(agent.clone(), incoming));
        (agent, endpoint)
    }

    /// Says something else from now on.
    pub(crate) fn say(&self, answer: Answer) {
        let mut state = self.0.lock().unwrap();
        state.answer = answer;
        let answer = state.answer.clone();
        state.listening.retain(|program| program.send(answer.clone()).is_ok());
    }

    fn listen(&self) -> Answers {
        let (program, answers) = mpsc::unbounded_channel();
        let mut state = self.0.lock().unwrap();
        program.send(state.answer.clone()).unwrap();
        state.listening.push(program);
        Answers(answers)
    }
}

impl<B> Service<http::Request<B>> for Agent
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        assert_eq!(request.uri().path(), "/SpiffeWorkloadAPI/FetchX509SVID");
        assert_eq!(request.headers()["workload.spiffe.io"], "true");
        let agent = self.clone();
        Box::pin(async move {
            let codec = tonic_prost::ProstCodec::<Identities, Nothing>::default();
            Ok(Grpc::new(codec).server_streaming(Fetch(agent), request).await)
        })
    }
}

struct Fetch(Agent);

impl ServerStreamingService<Nothing> for Fetch {
    type Response = Identities;
    type ResponseStream = Answers;
    type Future = BoxFuture<Response<Answers>, Status>;

    fn call(&mut self, _: Request<Nothing>) -> Self::Future {
        let answers = self.0.listen();
        Box::pin(async move { Ok(Response::new(answers)) })
    }
}

struct Answers(mpsc::UnboundedReceiver<Answer>);

impl Stream for Answers {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Answer>> {
        self.0.poll_recv(cx)
    }
}

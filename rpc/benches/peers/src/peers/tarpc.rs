//! tarpc over tokio-rustls, with bincode, which is its own choice, or with CBOR by ciborium.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use bytes::{BufMut, Bytes, BytesMut};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use tarpc::server::{BaseChannel, Channel};
use tarpc::{client, context};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_serde::formats::Bincode;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::{connect_tls, listen};
use crate::certs::{KeyExchange, Pki};
use crate::load::{Client, Dial, LARGE, NAME, Plan, TAGS, Task};

/// How tarpc's messages are encoded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Codec {
    Bincode,
    Cbor,
}

#[derive(Serialize, Deserialize, Debug, Clone)]
pub(crate) struct Small {
    id: u64,
    name: String,
    tags: Vec<u32>,
}

#[tarpc::service]
pub(crate) trait Echo {
    async fn small(record: Small) -> Small;
    async fn blob(data: ByteBuf) -> ByteBuf;
    async fn sleep(milliseconds: u32);
}

#[derive(Clone)]
struct Mirror;

impl Echo for Mirror {
    async fn small(self, _: context::Context, record: Small) -> Small {
        record
    }

    async fn blob(self, _: context::Context, data: ByteBuf) -> ByteBuf {
        data
    }

    async fn sleep(self, _: context::Context, milliseconds: u32) {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
    }
}

pub(super) async fn serve(codec: Codec, addr: SocketAddr, pki: &Pki) -> Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(pki.server(KeyExchange::X25519)?));
    listen(addr, |socket| {
        tokio::spawn(answer(codec, acceptor.clone(), socket));
    })
    .await
}

async fn answer(codec: Codec, acceptor: TlsAcceptor, socket: TcpStream) -> Result<()> {
    let framed = Framed::new(acceptor.accept(socket).await?, framing());
    // As tarpc's own examples do: each call is a task.
    macro_rules! execute {
        ($codec:expr) => {
            BaseChannel::with_defaults(tarpc::serde_transport::new(framed, $codec))
                .execute(Mirror.serve())
                .for_each(|call| async {
                    tokio::spawn(call);
                })
                .await
        };
    }
    match codec {
        Codec::Bincode => execute!(Bincode::default()),
        Codec::Cbor => execute!(Ciborium),
    }
    Ok(())
}

fn framing() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(LARGE as usize).new_codec()
}

/// ciborium for tokio-serde.
struct Ciborium;

impl<T: Serialize> tokio_serde::Serializer<T> for Ciborium {
    type Error = io::Error;

    fn serialize(self: Pin<&mut Self>, value: &T) -> io::Result<Bytes> {
        let mut writer = BytesMut::with_capacity(128).writer();
        ciborium::into_writer(value, &mut writer).map_err(io::Error::other)?;
        Ok(writer.into_inner().freeze())
    }
}

impl<T: DeserializeOwned> tokio_serde::Deserializer<T> for Ciborium {
    type Error = io::Error;

    fn deserialize(self: Pin<&mut Self>, bytes: &BytesMut) -> io::Result<T> {
        ciborium::from_reader(&bytes[..]).map_err(io::Error::other)
    }
}

pub(super) struct Dialler {
    codec: Codec,
    addr: SocketAddr,
    connector: TlsConnector,
    in_flight: usize,
}

impl Dialler {
    pub(super) fn new(codec: Codec, addr: SocketAddr, pki: &Pki, plan: &Plan) -> Result<Self> {
        let connector = TlsConnector::from(Arc::new(pki.client(KeyExchange::X25519)?));
        Ok(Self { codec, addr, connector, in_flight: plan.case.in_flight })
    }
}

impl Dial for Dialler {
    type Client = EchoClient;

    async fn dial(&self) -> Result<EchoClient> {
        let session = connect_tls(self.addr, &self.connector).await?;
        let framed = Framed::new(session, framing());
        let mut config = client::Config::default();
        config.pending_request_buffer = config.pending_request_buffer.max(self.in_flight);
        Ok(match self.codec {
            Codec::Bincode => {
                EchoClient::new(config, tarpc::serde_transport::new(framed, Bincode::default())).spawn()
            }
            Codec::Cbor => EchoClient::new(config, tarpc::serde_transport::new(framed, Ciborium)).spawn(),
        })
    }
}

impl Client for EchoClient {
    async fn small(&self, id: u64) -> Result<()> {
        let record = Small { id, name: NAME.to_owned(), tags: TAGS.to_vec() };
        let reply = EchoClient::small(self, context::current(), record).await?;
        ensure!(reply.id == id && reply.tags.len() == TAGS.len(), "another record came back");
        Ok(())
    }

    async fn blob(&self, data: &Bytes) -> Result<()> {
        let reply = EchoClient::blob(self, context::current(), ByteBuf::from(data.to_vec())).await?;
        ensure!(reply.len() == data.len(), "other bytes came back");
        Ok(())
    }

    async fn stream(&self, _: u64, _: u32) -> Result<()> {
        bail!("tarpc has no streams")
    }

    async fn sleep(&self, milliseconds: u32) -> Result<()> {
        Ok(EchoClient::sleep(self, context::current(), milliseconds).await?)
    }

    fn start(self, task: Task<Self>) {
        tokio::spawn(task.run(self));
    }
}

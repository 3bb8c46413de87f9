//! Servers that a client must refuse, each for one thing.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::forge::Forge;

const ALPN: &[u8] = b"countersign/1";

/// Serves each on a port of its own, at `localhost`, and says where. They shake hands and hang up.
///
/// The one called `sound` has nothing wrong with it, to show that the others are refused for what they are.
pub async fn serve(forge: &Forge) -> io::Result<BTreeMap<&'static str, String>> {
    let mut addresses = BTreeMap::new();
    for (name, config) in configs(forge) {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        addresses.insert(name, format!("localhost:{}", listener.local_addr()?.port()));
        tokio::spawn(hang_up(listener, TlsAcceptor::from(Arc::new(config))));
    }
    Ok(addresses)
}

async fn hang_up(listener: TcpListener, acceptor: TlsAcceptor) {
    while let Ok((socket, _)) = listener.accept().await {
        // A client that refuses does so here.
        let _ = acceptor.accept(socket).await;
    }
}

fn configs(forge: &Forge) -> Vec<(&'static str, ServerConfig)> {
    let ours = "spiffe://conformance.internal/server";
    let sound = || forge.leaf().uris(&[ours]);
    let stranger = Forge::of("conformance.internal");
    let leaves = [
        ("sound", sound()),
        ("expired", sound().expired()),
        ("not valid yet", sound().not_yet_valid()),
        ("for clients", sound().client_only()),
        ("without usages", sound().without_usages()),
        ("without key usage", sound().key_usage(None)),
        ("an authority", sound().authority()),
        ("without an ID", forge.leaf().uris(&[])),
        ("two IDs", forge.leaf().uris(&[ours, "spiffe://conformance.internal/other"])),
        ("an ID and another URI", forge.leaf().uris(&[ours, "https://conformance.internal/"])),
        ("an ID without a path", forge.leaf().uris(&["spiffe://conformance.internal"])),
        ("an ID in capitals", forge.leaf().uris(&["spiffe://CONFORMANCE.internal/server"])),
        ("another trust domain", forge.leaf().uris(&["spiffe://elsewhere.internal/server"])),
    ];
    let mut configs: Vec<_> =
        leaves.into_iter().map(|(name, leaf)| (name, forge.sign(leaf).server(ALPN))).collect();
    configs.push(("an unknown authority", stranger.sign(stranger.leaf().uris(&[ours])).server(ALPN)));
    configs.push(("another protocol", forge.sign(sound()).server(b"h2")));
    configs.push(("no protocol", forge.sign(sound()).server(b"")));
    configs
}

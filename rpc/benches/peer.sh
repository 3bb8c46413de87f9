#!/usr/bin/env bash
# `countersign` as a peer of a benchmark harness that starts a server, waits for READY, and runs a load:
#
#   peers matrix --peers tonic,countersign --cases small:1x64,blob65536:1x16 --ext "countersign=rpc/benches/peer.sh \
#     serve {addr} ::: rpc/benches/peer.sh load {addr} {server_pid} {work} {conns} {inflight} {payload} {secs} {warmup}"
#
# The identities are its own, since those of a harness carry no SPIFFE ID. COUNTERSIGN names the binary.
set -euo pipefail

die() {
    echo "error: $1" >&2
    exit 1
}

usage="serve ADDR | load ADDR SERVER-PID WORK CONNS INFLIGHT PAYLOAD SECS WARMUP"
root=$(cd "$(dirname "$0")/../.." && pwd)
countersign=${COUNTERSIGN:-${CARGO_TARGET_DIR:-$root/target}/release/countersign}
[[ -x $countersign ]] || die "$countersign is not there; try: cargo build --release --package countersign-cli"

serve() {
    local address=$1
    # Named by the server's process, since `load` is told which that is; nobody else may read it.
    local pki=${TMPDIR:-/tmp}/countersign-peer-$$
    mkdir -m 700 "$pki"
    {
        "$countersign" certs init "$pki/all"
        "$countersign" certs issue "$pki/all" server --host localhost --host 127.0.0.1 --days 1
        "$countersign" certs issue "$pki/all" load --days 1
    } >"$pki/log"
    # The server takes the place of this shell, so that what is killed and measured is the server. Whoever
    # reads its output sees when it has ended, and cleans up.
    exec "$countersign" demo --listen "$address" --identity "$pki/all/server" > >(
        while read -r line; do
            case $line in
                'listening on '*) echo READY ;;
            esac
        done
        rm -rf "$pki"
    )
}

load() {
    local address=$1 server=$2 work=$3 connections=$4 in_flight=$5 payload=$6 seconds=$7 warmup=$8 call
    case $work in
        small) call=(--procedure demo.Echo/record) ;;
        blob) call=(--procedure demo.Echo/blob --payload "$payload") ;;
        *) die "$work: only small and blob are unary calls" ;;
    esac
    "$countersign" bench "$address" --identity "${TMPDIR:-/tmp}/countersign-peer-$server/all/load" "${call[@]}" \
        --connections "$connections" --in-flight "$in_flight" --duration "${seconds}s" --warmup "${warmup}s" --json |
        sed 's/"requests_per_s"/"rps"/'
}

case ${1:-}:$# in
    serve:2) serve "$2" ;;
    load:9) load "${@:2}" ;;
    *) die "usage: $0 $usage" ;;
esac

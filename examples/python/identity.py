"""Who we are, and who the server is: TLS settings from the folder of an identity, and what a certificate must say."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import Any

ALPN = "countersign/1"
SPIFFE_ID = re.compile(r"spiffe://([a-z0-9._-]{1,255})(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")
# The extension keyUsage in DER, with its first bit set: digitalSignature.
SIGNS = re.compile(rb"\x06\x03\x55\x1d\x0f(?:\x01\x01\xff)?\x04[\x04\x05]\x03[\x02\x03].[\x80-\xff]", re.S)


def tls_settings(folder: Path, expect: str | None) -> tuple[ssl.SSLContext, str]:
    """Settings that show the identity, and the trust domain whose roots they believe, and no others (R7)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # R1
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    context.check_hostname = expect is None  # R11
    context.set_alpn_protocols([ALPN])
    for file in ("cert.pem", "key.pem", "ca.pem"):
        if not (folder / file).is_file():
            raise ValueError(f"{folder / file}: no such file; make an identity with `countersign certs issue`")
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "ca.pem")
    # The certificate is our own: a search is enough to find its name.
    pem = re.search("-+BEGIN CERTIFICATE-+.*?-+END CERTIFICATE-+", (folder / "cert.pem").read_text(), re.S)
    own = re.search(rb"spiffe://([a-z0-9._-]+)/", ssl.PEM_cert_to_DER_cert(pem[0]) if pem else b"")
    if own is None:
        raise ValueError(f"{folder}/cert.pem: no SPIFFE ID")
    return context, own[1].decode()


def server_id(tls: ssl.SSLObject, domain: str, expect: str | None) -> str:
    """Who the server is; the chain and the host were verified with the handshake."""
    leaf: bytes = tls.getpeercert(binary_form=True) or b""
    names: Any = tls.getpeercert() or {}
    ids: list[str] = [name for kind, name in names.get("subjectAltName", ()) if kind == "URI"]
    found = SPIFFE_ID.fullmatch(ids[0]) if len(ids) == 1 else None
    judge = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    judge.load_verify_locations(cadata=leaf)
    for holds, otherwise in [
        (tls.selected_alpn_protocol() == ALPN, f"the server does not speak {ALPN}"),  # R2
        (found, "the server's certificate has not one SPIFFE ID"),  # R6
        (found and found[1] == domain, f"the server is not of the trust domain {domain}"),  # R7
        (judge.cert_store_stats()["x509_ca"] == 0, "the server's certificate is that of an authority"),  # R8
        # OpenSSL demands serverAuth where there is an extended key usage, and not that there is one.
        (bytes.fromhex("0603551d25") in leaf, "the server's certificate has no extended key usage"),  # R10
        (SIGNS.search(leaf), "the server's certificate may not sign"),  # R104
        (expect in (None, ids[0] if ids else None), f"the server is not {expect}"),  # R11
    ]:
        if not holds:
            raise ConnectionError(otherwise)
    return ids[0]


# What an alert is probably about, as the specification has it.
ALERTS = {
    "no_application_protocol": "the server speaks another protocol, or another version of this one",
    "protocol_version": "the server has no TLS 1.3",
    "certificate_required": "no certificate was sent",
    "certificate_expired": "our certificate is not valid, or not yet, by the server's clock",
    "certificate_revoked": "our certificate was revoked",
    "unsupported_certificate": "our certificate is not for clients",
    "certificate_unknown": "the server has no roots for our trust domain",
    "unknown_ca": "the server does not trust our issuer",
    "decrypt_error": "our key is not that of our certificate",
}


def explained(error: Exception) -> str:
    """Why there is no connection, in words."""
    # Python has names for some alerts, and OpenSSL words for all.
    alert = re.search(r" alert ([a-z ]+) \(", str(error)) if isinstance(error, ssl.SSLError) else None
    if alert:
        name = alert[1].replace(" ", "_")
        return f"the server refused us: {name}; probably {ALERTS.get(name, 'there is more in its log')}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the server's certificate: {error.verify_message}"
    return str(error) or "no answer in time"

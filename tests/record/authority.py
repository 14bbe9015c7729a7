"""A time-stamping authority on loopback: `openssl ts` behind HTTP, with faults to choose."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

TSA = """
[tsa]
default_tsa = authority
[authority]
serial = {home}/serial
signer_digest = sha256
digests = sha256, sha384, sha512
default_policy = 1.2.3.4.1
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
FAULTS = ("", "nonce", "hash", "expired", "refused", "nothing", "another root")


class OpensslAuthority:
    """Keys, certificates and the command; `fault` says what goes wrong with the next answers."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True)
        self.home, self.fault, self.url = home, "", ""
        now = datetime.now(UTC)
        (home / "serial").write_text("01")
        (home / "tsa.cnf").write_text(TSA.format(home=home))
        key, root = _root("Root", now)
        (home / "roots.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
        self._signer("good", key, root, now + timedelta(days=365))
        self._signer("expired", key, root, now - timedelta(days=1))
        self._signer("stranger", *_root("Other", now), now + timedelta(days=365))

    @property
    def roots(self) -> Path:
        return self.home / "roots.pem"

    def _signer(self, name: str, key: Any, issuer: x509.Certificate, until: datetime) -> None:
        own = ec.generate_private_key(ec.SECP256R1())
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        made = _builder(name, own, issuer.subject, until - timedelta(days=400), until)
        made = made.add_extension(purpose, critical=True)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        certificate = made.sign(key, hashes.SHA256())
        (self.home / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (self.home / f"{name}.key").write_bytes(_pem(own))

    def answer(self, request: bytes) -> bytes:
        query = self.home / "query.tsq"
        query.write_bytes(request)
        if self.fault in ("nonce", "hash"):  # somebody else's answer: another number, or other bytes
            digest = "ab" * 32 if self.fault == "hash" else _digest(self.home, query)
            self._openssl("-query", "-digest", digest, "-sha256", "-cert", "-out", str(query))
        signer = {"expired": "expired", "another root": "stranger"}.get(self.fault, "good")
        keys = ("-signer", f"{self.home}/{signer}.pem", "-inkey", f"{self.home}/{signer}.key")
        self._openssl(
            "-reply",
            "-config",
            f"{self.home}/tsa.cnf",
            "-queryfile",
            str(query),
            *keys,
            "-out",
            f"{self.home}/reply.tsr",
        )
        return (self.home / "reply.tsr").read_bytes()

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", "ts", *words], check=True, capture_output=True)


def _digest(home: Path, query: Path) -> str:
    told = subprocess.run(
        ["openssl", "ts", "-query", "-in", str(query), "-text"], check=True, capture_output=True, text=True
    )
    rows = told.stdout.partition("Message data:")[2].partition("Policy")[0].splitlines()
    return "".join(
        row.partition("- ")[2].partition("   ")[0].replace("-", "").replace(" ", "") for row in rows
    )[:64]


def _root(name: str, now: datetime) -> tuple[Any, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = _builder(name, key, subject, now - timedelta(days=900), now + timedelta(days=900))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return key, made.sign(key, hashes.SHA256())


def _builder(
    name: str, key: Any, issuer: x509.Name, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(since).not_valid_after(until)


def _pem(key: Any) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


@contextmanager
def listening(authority: OpensslAuthority) -> Iterator[OpensslAuthority]:
    """The authority on a port of loopback; afterwards nobody answers there."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            status, kind, body = 200, "application/timestamp-reply", b""
            if authority.fault == "refused":
                status, kind, body = 503, "text/html", b"<p>busy</p>"
            elif authority.fault != "nothing":
                body = authority.answer(request)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    authority.url = f"http://127.0.0.1:{server.server_port}/stamp"
    try:
        yield authority
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

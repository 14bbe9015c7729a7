"""Makes a certificate for this machine alone, and the authority that signed it."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """Paths of three PEM files; `authority` is what SSL_CERT_FILE has to name."""

    authority: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to speak TLS with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def certificate_in(folder: Path) -> Certificate:
    """The certificate that `make_certificate` wrote there."""
    return Certificate(
        authority=folder / "authority.pem", certificate=folder / "certificate.pem", key=folder / "key.pem"
    )


def make_certificate(folder: Path) -> Certificate:
    """Write authority, certificate and key into the folder; good for two days."""
    made = certificate_in(folder)
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    made.certificate.write_bytes(_pem(_server(key, authority_key)))
    made.authority.write_bytes(_pem(authority))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return made


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Python 3.13 checks strictly: the key's use and identifiers have to be there."""
    builder = _builder("double authority", "double authority", key.public_key())
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_signs_certificates(), critical=True)
    return builder.sign(key, hashes.SHA256())


def _server(key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.DNSName("provider.example")]
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    builder = _builder("localhost", "double authority", key.public_key())
    builder = builder.add_extension(x509.SubjectAlternativeName([*names, *addresses]), critical=False)
    builder = builder.add_extension(signer, critical=False)
    return builder.sign(authority, hashes.SHA256())


def _signs_certificates() -> x509.KeyUsage:
    others = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
    )
    more = ("encipher_only", "decipher_only")
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **dict.fromkeys((*others, *more), False))


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)

"""Keeps the key that signs seals, in files outside the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from channels.durable_file import write_durably
from dispatcher.database.secret_file import make_once
from dispatcher.record.domain.seal import key_id_of


class KeyProblemError(Exception):
    """The signing key is missing, unreadable or not the one that the chain of seals expects."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key pair."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The raw public key, hex."""
        return self.private.public_key().public_bytes_raw().hex()

    @property
    def key_id(self) -> str:
        """The key's short name."""
        return key_id_of(self.public)

    def sign(self, text: str) -> str:
        """Sign UTF-8 text; hex."""
        return self.private.sign(text.encode()).hex()


@dataclass(frozen=True, slots=True)
class SealingKeys:
    """A folder: `signing.key` (secret), `next.key` while a rotation is under way, `KEYID.pub` for each key."""

    folder: Path

    def signing(self, expected: str | None) -> SigningKey:
        """Return the key to sign with; makes one when the chain has none yet (`expected` None).

        `expected` is the id the chain wants; raises KeyProblemError where the folder holds another.
        """
        path = self.folder / "signing.key"
        pending = self._read(self.folder / "next.key")
        if pending and pending.key_id == expected:
            (self.folder / "next.key").replace(path)  # a rotation that was cut off after its seal
        key = self._read(path) or (self._make(path) if expected is None else None)
        if key is None or (expected is not None and key.key_id != expected):
            raise KeyProblemError(
                f"{path}: the log is sealed with key {expected}, this folder holds "
                f"{key.key_id if key else 'none'}; put the right signing.key back. Is it lost for good? Then "
                "`dispatcher log seal --new-key --why TEXT` goes on with a new one, and every verification says so"
            )
        self._publish(key)
        return key

    def prepare_next(self) -> SigningKey:
        """Make (or find) the key that a rotation hands over to."""
        path = self.folder / "next.key"
        return self._read(path) or self._make(path)

    def is_there(self, expected: str) -> bool:
        """Whether the folder holds the key that the chain wants."""
        found = (self._read(self.folder / name) for name in ("signing.key", "next.key"))
        return any(key is not None and key.key_id == expected for key in found)

    def set_aside(self) -> None:
        """Move a signing key that is not the chain's out of the way, under its own name."""
        path = self.folder / "signing.key"
        key = self._read(path)
        if key is not None:
            path.replace(self.folder / f"{key.key_id}.key")

    def public_keys(self) -> dict[str, str]:
        """Map key id to public key (hex) for every key this folder has known."""
        texts = [path.read_text().strip() for path in sorted(self.folder.glob("*.pub"))]
        try:
            return {key_id_of(text): text for text in texts}
        except ValueError as error:
            raise KeyProblemError(f"{self.folder}: a .pub file is not a hex key: {error}") from None

    def _read(self, path: Path) -> SigningKey | None:
        if not path.exists():
            return None
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as error:
            raise KeyProblemError(f"{path}: not a private key: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise KeyProblemError(f"{path}: not an Ed25519 key; put the right one back")
        return SigningKey(private)

    def _make(self, path: Path) -> SigningKey:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private = Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        make_once(path, pem)
        key = self._read(path)
        if key is None:
            raise KeyProblemError(f"{path}: vanished while it was made; is another program cleaning up?")
        self._publish(key)
        return key

    def _publish(self, key: SigningKey) -> None:
        """Put the public half beside the secret one; a crash may have come between the two."""
        path = self.folder / f"{key.key_id}.pub"
        if not path.exists():
            write_durably(path, f"{key.public}\n".encode())


def signature_holds(public_key: str, text: str, signature: str) -> bool:
    """Whether a signature (hex) over UTF-8 text is by this key (hex)."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature), text.encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def known_key(keys: Mapping[str, str], key_id: str) -> str | None:
    """Look a public key up by its id, refusing one whose id does not fit it."""
    key = keys.get(key_id)
    return key if key and key_id_of(key) == key_id else None

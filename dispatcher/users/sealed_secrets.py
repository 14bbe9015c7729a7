"""Seals what must be read again and must not lie open in the database: its key is a file in the home's `keys`."""

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dispatcher.database.engine import Database
from dispatcher.database.secret_file import make_once
from dispatcher.users.storage import second_factors

NAME = "second-factor.key"
_KEY, _NONCE = 32, 12  # bytes


class SealingKeyError(Exception):
    """The key is missing, of the wrong length or not the one; the message says what to do."""


@dataclass(frozen=True, slots=True)
class SecretBox:
    """Seals with AES-256-GCM, bound to whom the secret is of."""

    path: Path

    def seal(self, secret: str, whose: str) -> str:
        """The sealed form, as text. Raises SealingKeyError."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = AESGCM(self._key()).encrypt(nonce, secret.encode(), whose.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, whose: str) -> str:
        """The secret again. Raises SealingKeyError."""
        packed = base64.b64decode(sealed)
        try:
            secret = AESGCM(self._key()).decrypt(packed[:_NONCE], packed[_NONCE:], whose.encode())
        except InvalidTag:
            raise SealingKeyError(f"{self.path} is not the key of the second factors: {_WAY_OUT}") from None
        return secret.decode()

    def _key(self) -> bytes:
        try:
            key = self.path.read_bytes()
        except FileNotFoundError:
            raise SealingKeyError(f"{self.path} is missing: {_WAY_OUT}") from None
        if len(key) != _KEY:
            raise SealingKeyError(f"{self.path} holds {len(key)} bytes instead of {_KEY}: {_WAY_OUT}")
        return key


_WAY_OUT = (
    "copy the file from the machine that has it (its folder keys/). Is it lost for good? Remove what lies there and "
    "`dispatcher users reset-second-factor NAME --why TEXT` for each who has one"
)


def open_box(database: Database, keys: Path) -> SecretBox:
    """The box of this home, its key made where nothing was ever sealed. Raises OSError."""
    path = keys / NAME
    if not path.exists():
        with database.reading() as connection:
            sealed = second_factors.some(connection)
        if sealed is None:
            keys.mkdir(mode=0o700, parents=True, exist_ok=True)
            make_once(path, secrets.token_bytes(_KEY))
    return SecretBox(path)


def inspect_box(database: Database, keys: Path) -> str:
    """Why codes could not be checked here, "" when they can; makes nothing."""
    with database.reading() as connection:
        factor = second_factors.some(connection)
    if factor is None:
        return ""
    try:
        SecretBox(keys / NAME).unseal(factor.sealed_secret, whose(factor.user_id))
    except SealingKeyError as error:
        return str(error)
    return ""


def whose(user_id: int) -> str:
    """Whom a sealed secret is of: moved to another row it opens nothing."""
    return f"second factor of user {user_id}"

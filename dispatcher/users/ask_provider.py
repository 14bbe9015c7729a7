"""Speaks OpenID Connect: the authorization code flow with PKCE, state and nonce; the protocol is Authlib's."""

import hmac
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dispatcher.users.domain.provider import Identity, Provider, identity_of

TIMEOUT: Final = (5, 10)  # seconds to connect, and without a byte
LEEWAY: Final = 60  # seconds that two clocks may differ
_SCOPE: Final = "openid profile email"
_SIGNED_BY_THEIR_KEY: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
_REMEMBERED_SECONDS: Final = 600


class ProviderError(Exception):
    """The provider cannot be asked, or its answer is not to be believed; a sentence for whoever signs in."""


class ProviderClient:
    """One provider, its addresses remembered for ten minutes. Thread-safe."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._read_at = 0.0

    def begin(self) -> tuple[str, dict[str, str]]:
        """(where to send the browser, what to remember until it comes back). Raises ProviderError."""
        verifier, nonce = generate_token(64), generate_token(32)
        with self._session() as session:
            uri, state = session.create_authorization_url(
                self._address("authorization_endpoint"), nonce=nonce, code_verifier=verifier
            )
        return uri, {"state": state, "nonce": nonce, "verifier": verifier}

    def finish(self, begun: Mapping[str, str], answer: Mapping[str, str], now: datetime) -> Identity:
        """Who it is, by the code that the browser brought. Raises ProviderError."""
        if not hmac.compare_digest(answer.get("state", "").encode(), begun["state"].encode()):
            raise ProviderError("This answer belongs to another sign-in. Begin again.")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:  # RFC 9207
            raise ProviderError("This answer comes from another provider. Begin again.")
        if "error" in answer or not answer.get("code"):
            raise ProviderError("The provider did not let you in. Begin again, or ask who runs it.")
        token = self._exchange(answer["code"], begun["verifier"])
        return identity_of(self.provider, self._checked(token, begun["nonce"], now))

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        address = self._address("token_endpoint")
        try:
            with self._session() as session:
                token: dict[str, Any] = session.fetch_token(
                    address, code=code, code_verifier=verifier, grant_type="authorization_code"
                )
        except (requests.RequestException, AuthlibBaseError, ValueError) as error:
            raise ProviderError("The provider does not take this sign-in. Begin again.") from error
        return token

    def _checked(self, token: Mapping[str, Any], nonce: str, now: datetime) -> CodeIDToken:
        """The ID token's claims: signed by the provider, for us, for this sign-in, and not too old."""
        provider = self.provider
        offered = self._read_metadata().get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in _SIGNED_BY_THEIR_KEY if name in offered]
        options: Any = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
        }
        asked = {
            "nonce": nonce,
            "client_id": provider.client_id,
            "access_token": token.get("access_token"),
        }
        try:
            document: Any = self._fetch(self._address("jwks_uri"))
            keys = KeySet.import_key_set(document)
            signed = jwt.decode(str(token.get("id_token", "")), keys, algorithms=algorithms)
            claims = CodeIDToken(signed.claims, signed.header, options, asked)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError("The provider's answer is not to be believed. Begin again.") from error
        return claims

    def _session(self) -> OAuth2Session:
        provider = self.provider
        methods = self._read_metadata().get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        by_form = "client_secret_basic" not in methods and "client_secret_post" in methods
        return OAuth2Session(
            provider.client_id,
            provider.client_secret or None,
            token_endpoint_auth_method="client_secret_post" if by_form and provider.client_secret else None,
            scope=_SCOPE,
            redirect_uri=provider.redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT,
        )

    def _address(self, name: str) -> str:
        address = self._read_metadata().get(name)
        secure = isinstance(address, str) and address.startswith(
            self.provider.issuer.partition("//")[0] + "//"
        )
        if not secure:
            raise ProviderError(f"The provider does not say its {name}, or over no secure way.")
        return str(address)

    def _read_metadata(self) -> dict[str, Any]:
        with self._lock:
            if self._metadata and time.monotonic() - self._read_at < _REMEMBERED_SECONDS:
                return self._metadata
            issuer = self.provider.issuer
            metadata = self._fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            if metadata.get("issuer") != issuer:
                raise ProviderError(
                    f"The provider calls itself {str(metadata.get('issuer'))[:100]!r}, and the settings say {issuer!r}."
                )
            self._metadata, self._read_at = metadata, time.monotonic()
            return metadata

    @staticmethod
    def _fetch(address: str) -> dict[str, Any]:
        try:
            response = requests.get(address, timeout=TIMEOUT, allow_redirects=False)
            response.raise_for_status()
            document = response.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderError("The provider does not answer. Try again in a minute.") from error
        if not isinstance(document, dict) or response.is_redirect:
            raise ProviderError("The provider does not answer as it should.")
        return document

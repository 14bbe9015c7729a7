"""An OpenID provider on loopback that speaks the protocol: oidc-provider-mock, strict about PKCE, and able to lie."""

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from oidc_provider_mock import User, app
from werkzeug.serving import make_server

Claims = dict[str, Any]
SECRET = "a secret of the client's own"


@dataclass
class OpenIdProvider:
    """The provider. `forge` changes an ID token's claims, `sign` signs it; both are honest at first."""

    address: str = ""
    forge: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["OpenIdProvider", Claims], str] = lambda provider, claims: provider.honest(claims)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}, private=True))
    metadata: dict[str, Any] = field(default_factory=dict)  # what discovery says otherwise
    asked: list[str] = field(default_factory=list)
    _challenges: dict[str, str] = field(default_factory=dict)
    _inner: Any = None

    def honest(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)

    def by_another_key(self, claims: Claims) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, RSAKey.generate_key(2048, private=True))

    def by_nobody(self, claims: Claims) -> str:
        parts = ({"alg": "none"}, claims)
        return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."

    def by_the_shared_secret(self, claims: Claims) -> str:
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])

    def let_in(self, uri: str, subject: str) -> str:
        """What the browser does there: sign in; returns where it is sent back to."""
        answer = httpx.post(uri, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def refuse(self, uri: str) -> str:
        """The person is not let in there."""
        return str(httpx.post(uri, data={"action": "deny"}).headers["location"])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        if path == "/jwks":
            return _json(start_response, {"keys": [self.key.as_dict(private=False)]})
        if path == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(body)
            if not self._is_proven(dict(parse_qsl(body.decode()))):
                return _json(start_response, {"error": "invalid_grant"}, "400 Bad Request")
        status, headers, answer = _ask(self._inner, environ)
        location = dict(headers).get("Location", "")
        if path == "/oauth2/authorize" and "code=" in location:
            query = parse_qs(environ["QUERY_STRING"])
            assert query["code_challenge_method"] == ["S256"]
            self._challenges[parse_qs(urlsplit(location).query)["code"][0]] = query["code_challenge"][0]
        if path == "/oauth2/token" and status.startswith("200"):
            return _json(start_response, self._token(json.loads(answer)))
        if path == "/.well-known/openid-configuration":
            return _json(start_response, json.loads(answer) | self.metadata)
        start_response(status, headers)
        return [answer]

    def _is_proven(self, form: dict[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        return self._challenges.get(form.get("code", "")) == _base64(digest)

    def _token(self, token: dict[str, Any]) -> dict[str, Any]:
        packed = token["id_token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
        return token | {"id_token": self.sign(self, self.forge(claims))}


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _ask(inner: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    said: list[Any] = []
    chunks = inner(environ, lambda status, headers, *_: said.append((status, headers)))
    answer = b"".join(chunks)
    return (*said[0], answer)


def _json(start_response: Callable[..., Any], document: Any, status: str = "200 OK") -> list[bytes]:
    body = json.dumps(document).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def running(people: dict[str, Claims]) -> Iterator[OpenIdProvider]:
    """The provider with these people (subject -> claims), until the block ends."""
    provider = OpenIdProvider()
    users = [User(sub=subject, claims=claims) for subject, claims in people.items()]
    provider._inner = app(require_nonce=True, user_claims=users)
    server = make_server("localhost", 0, provider, threaded=True)
    provider.address = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

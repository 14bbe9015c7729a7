"""Posts webhooks back to the program under rehearsal: in order or not, once or twice."""

import random
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """One signed request; `url` where the provider was told a whole address, else `path` under the public URL."""

    body: bytes
    headers: Mapping[str, str]
    path: str = ""
    url: str = ""


class Webhooks:
    """Sends hooks in the background. `disorder` shuffles each message's events and repeats every third one."""

    def __init__(self, public_url: str = "", *, disorder: bool = False, seed: int = 7) -> None:
        self._public_url = public_url.rstrip("/")
        self._disorder = disorder
        self._random = random.Random(seed)
        self._threads = ThreadPoolExecutor(max_workers=4) if public_url else None
        self._lock = threading.Lock()
        self.answers: dict[int, int] = {}

    def post(self, hooks: Sequence[Hook]) -> None:
        """Hand over one message's events; nothing happens without a public URL."""
        if self._threads is None:
            return
        order = list(hooks)
        if self._disorder:
            self._random.shuffle(order)
            order += [hook for hook in order if self._random.random() < 1 / 3]
        self._threads.submit(self._send_all, order)

    def _send_all(self, hooks: Sequence[Hook]) -> None:
        for hook in hooks:
            status = self._send(hook)
            with self._lock:
                self.answers[status] = self.answers.get(status, 0) + 1

    def _send(self, hook: Hook) -> int:
        url = hook.url or self._public_url + hook.path
        request = urllib.request.Request(url, hook.body, dict(hook.headers), method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0  # nobody listens

    def drain(self) -> None:
        """Wait until every hook has been sent."""
        if self._threads is not None:
            self._threads.shutdown(wait=True)


class Kept(Webhooks):
    """Keeps hooks instead of posting them: to be posted later, or lost."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[Hook] = []

    def post(self, hooks: Sequence[Hook]) -> None:
        self.hooks += hooks

"""Posts one request to the API of a home and dies right after a commit of its own, as a power cut would have it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dispatcher.database.engine import Connection, Database
from tests.web.house import Web, open_home


def main(home: str, key: str, die_after: int, path: str, body: str) -> None:
    """`die_after`: the number of the transaction, from 1, whose commit is the last thing that happens."""
    web = Web(open_home(Path(home)))
    writing, commits = Database.writing, 0

    @contextmanager
    def counted(database: Database, **more: Any) -> Iterator[Connection]:
        nonlocal commits
        is_inner = database._joined() is not None
        with writing(database, **more) as connection:
            yield connection
        if not is_inner:
            commits += 1
            if commits == die_after:
                os._exit(9)

    client = web.visitor()
    client.headers["Authorization"] = f"Bearer {key}"
    client.get("/api/v1/creditors")  # notes that the key is in use, which is no commit of the request's
    Database.writing = counted  # type: ignore[method-assign, assignment]  # counts what is written
    headers = {"Idempotency-Key": "cut off", "Content-Type": "application/json"}
    print(client.post(path, content=body, headers=headers).status_code)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])

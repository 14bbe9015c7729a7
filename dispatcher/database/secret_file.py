"""Makes a file that holds a secret: whole or not at all, readable by its owner alone, and never made twice."""

import os
import threading
from pathlib import Path


def make_once(path: Path, secret: bytes) -> None:
    """Write the secret unless another process was quicker: then theirs stands. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename it never replaces another process's secret
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)

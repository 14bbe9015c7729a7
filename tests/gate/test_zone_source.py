"""Every zone of the program comes from the tzdata package, wherever it is asked for."""

import subprocess
import sys


def test_zones_come_from_the_package_even_where_the_system_offers_others(tmp_path):
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Madrid").write_bytes(b"not a zone file")
    code = (
        "import dispatcher; from zoneinfo import ZoneInfo; from datetime import datetime;"
        "print(datetime(2026, 11, 23, 12, tzinfo=ZoneInfo('Europe/Madrid')).utcoffset())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONTZPATH": str(tmp_path), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "1:00:00", done.stderr

"""What lies in deploy/ fits the program: its commands are there, its settings known, its numbers measured."""

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from dispatcher.bootstrap import open_dispatcher
from dispatcher.cli.main import COMMANDS
from dispatcher.settings import load_settings, unknown_variables
from tests.command import dispatcher as command
from tests.shared import ROOT
from tests.web.house import Web

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())
BOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dispatcher.json").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
PINNED = re.compile(
    r"[a-z0-9-]+(/[a-z0-9-]+)?:\d+\.\d+[\w.-]*"
)  # a name and a version, and no host before them
OWN = re.compile(r"\bdispatcher_[a-z_]+")


def instructions() -> Iterator[tuple[str, str]]:
    """(word, rest) of each instruction of the Dockerfile, continued lines joined."""
    for line in re.sub(r"\\\n", " ", DOCKERFILE).splitlines():
        if line.strip() and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def unit_of(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # the way to keep the case of names
    unit.read_string(path.read_text())
    return unit


def invocations() -> Iterator[tuple[str, list[str]]]:
    """(where, words behind `dispatcher`) of every call of the program."""
    for path in UNITS:
        for line in re.findall(r"/opt/dispatcher/bin/dispatcher ([^\n']+)", path.read_text()):
            yield path.name, line.split()
    for name, service in COMPOSE["services"].items():
        if "command" in service:
            yield f"compose.yaml: {name}", service["command"]
    yield "Dockerfile", json.loads(dict(instructions())["CMD"])


@pytest.mark.parametrize(
    ("where", "words"), list(invocations()), ids=lambda one: one if isinstance(one, str) else " "
)
def test_every_command_and_option_is_the_programs(where: str, words: list[str]) -> None:
    del where
    verbs = [word for word in words[:2] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    assert verbs[0] in COMMANDS
    two = COMMANDS[verbs[0]][0].endswith(":app")
    told = command(*(verbs if two else verbs[:1]), "--help")
    assert told.returncode == 0, told.stderr
    for option in [word for word in words if word.startswith("--")]:
        assert option in told.stdout


def test_images_are_pinned_and_no_host_is_named() -> None:
    images = [service["image"] for service in COMPOSE["services"].values()]
    images += [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert [image for image in images if not PINNED.fullmatch(image)] == []
    own = {image for image in images if image.startswith("debt-dispatcher:")}
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert own == {f"debt-dispatcher:{version[1]}"}


def test_the_image_copies_what_is_there_and_runs_as_nobody_else(tmp_path: Path) -> None:
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _target = rest.split()
            assert [one for one in sources if not (ROOT / one).exists() or f"!{one}" not in allowed] == []
    words = [word for word, _ in instructions()]
    assert words[-1] == "CMD"
    assert dict(instructions())["USER"] == "10001:10001"
    project = (ROOT / "pyproject.toml").read_text()
    for file in re.findall(r'(?:readme|license-files) = \[?"([^"]+)"', project):
        assert f"!{file}" in allowed, f"building the wheel reads {file}"


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    text = (DEPLOY / "systemd" / "dispatcher.env").read_text()
    yield (
        "dispatcher.env",
        dict(line.split("=", 1) for line in text.splitlines() if line.startswith("DISPATCHER_")),
    )
    image = dict(re.findall(r"(DISPATCHER_\w+)=(\S+)", DOCKERFILE))
    yield "Dockerfile", image
    ours = COMPOSE["services"]["web"]["environment"]
    yield (
        "compose.yaml",
        image | {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in ours.items()},
    )


@pytest.mark.parametrize(
    ("where", "values"), list(environments()), ids=lambda one: one if isinstance(one, str) else " "
)
def test_every_setting_is_one_and_is_taken(
    where: str, values: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del where
    for name in [name for name in os.environ if name.startswith("DISPATCHER_")]:
        monkeypatch.delenv(name)
    secret = tmp_path / "secret"
    secret.write_text("postgresql://dispatcher:secret@database/dispatcher")
    for name, value in values.items():
        monkeypatch.setenv(name, str(secret) if name.endswith("_FILE") else value)
    try:
        settings = load_settings()
        assert unknown_variables() == []
    finally:
        os.environ.pop("DISPATCHER_DATABASE_URL", None)  # that reading the secret's file has set
    assert settings.backup_folder == Path("/var/backups/dispatcher")


def test_services_wait_for_what_they_need_and_keep_their_home() -> None:
    services = COMPOSE["services"]
    named = set(COMPOSE["volumes"])
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert {one.partition(":")[0] for one in service.get("volumes", ())} <= named, name
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        if service["image"].startswith("debt-dispatcher"):
            assert "home:/var/lib/dispatcher" in service["volumes"], name
            assert service["read_only"] is True
    assert all(port.startswith("127.0.0.1:") for one in services.values() for port in one.get("ports", ()))


def test_units_are_understood_and_run_as_nobody_else(tmp_path: Path) -> None:
    for path in UNITS:
        service = unit_of(path)["Service"]
        assert service["User"] == "dispatcher", path.name
        assert service["ProtectSystem"] == "strict", path.name
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd here: its own check of the units was left out")
    for path in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        text = path.read_text().replace("/opt/dispatcher/bin/dispatcher", "/bin/true")
        (tmp_path / path.name).write_text(text)
    for path in sorted(tmp_path.iterdir()):
        told = subprocess.run(
            [analyze, "verify", "--man=no", str(path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (told.returncode, told.stdout + told.stderr) == (0, ""), path.name


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of everything that /metrics may say, and the labels with them."""
    house = open_dispatcher(load_settings(home=tmp_path_factory.mktemp("numbers")))
    families = list(text_string_to_metric_families(Web(house).visitor().get("/metrics").text))
    house.close()
    names: set[str] = set()
    for family in families:
        suffixes = {
            "counter": ("_total",),
            "histogram": ("_bucket", "_sum", "_count"),
            "summary": ("_sum", "_count"),
        }
        names |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def test_every_number_that_is_drawn_or_alarmed_on_is_measured(measured: set[str]) -> None:
    asked = {(where, name) for where, text in expressions() for name in OWN.findall(text)}
    assert {(where, name) for where, name in asked if name not in measured} == set()
    drawn = {name for _, name in asked}
    left_out = {name for name in measured if name not in drawn and not name.endswith(("_sum", "_count"))}
    assert left_out == set(), "a number that nobody looks at"
    for where, text in expressions():
        assert text.count("(") == text.count(")"), where
        assert text.count("{") == text.count("}"), where


def test_alerts_say_who_is_woken_and_what_to_do() -> None:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in {"page", "ticket"}, rule["alert"]
            assert rule["annotations"]["summary"]
            assert rule["annotations"]["description"]
            for words in re.findall(r"`dispatcher ([a-z]+)", rule["annotations"]["description"]):
                assert words in COMMANDS, rule["alert"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("no Prometheus here: its own check of the rules was left out")
    told = subprocess.run(
        [promtool, "check", "rules", "alerts.yaml"], cwd=DEPLOY / "prometheus", capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout


@pytest.mark.deep
def test_the_image_is_built_from_what_it_copies_and_its_health_is_answered(tmp_path: Path) -> None:
    """Its own instructions, in a folder in place of the image: nothing but what it copies is there."""
    build, home = tmp_path / "build", tmp_path / "home"
    build.mkdir()
    stage = list(
        takewhile(lambda one: one[1] != "--from=build /opt/dispatcher /opt/dispatcher", instructions())
    )
    for word, rest in stage:
        if word == "COPY":
            for source in rest.split()[:-1]:
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                copy(ROOT / source, build / source)
    for command_line in [rest for word, rest in stage if word == "RUN"]:
        words = command_line.replace("/opt/dispatcher", str(tmp_path / "opt")).replace(
            "python -m", f"{sys.executable} -m"
        )
        made = subprocess.run(
            ["sh", "-ec", words], cwd=build, capture_output=True, text=True, timeout=400, check=False
        )
        assert made.returncode == 0, made.stderr
    said = dict(instructions())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DISPATCHER_", "PYTHON"))
        },
        "PATH": f"{tmp_path / 'opt' / 'bin'}:{os.environ['PATH']}",
        "DISPATCHER_HOME": str(home),
        "DISPATCHER_WEB__PORT": str(port),
    }
    health = json.loads(said["HEALTHCHECK"].partition("CMD ")[2].replace(":8000/", f":{port}/"))
    started = subprocess.Popen(
        [*json.loads(said["ENTRYPOINT"]), *json.loads(said["CMD"])], env=environment, cwd=tmp_path,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while subprocess.run(
            health, env=environment, capture_output=True, timeout=20, check=False
        ).returncode:
            assert started.poll() is None, started.stderr and started.stderr.read()
            assert time.monotonic() < end, "it never answered that it is well"
    finally:
        started.terminate()
        started.communicate(timeout=30)
    assert started.returncode == 0

"""Finds the files the program brings along: one place, one order."""

from importlib.resources import files
from pathlib import Path

from dispatcher.settings import Settings, SettingsError

_CHECKOUT = Path(__file__).resolve().parent.parent


def config_dir(settings: Settings) -> Path:
    """`DISPATCHER_CONFIG_DIR`, else the copy packed in the wheel, else the checkout's `config/`."""
    return _find("config", settings.config_dir, "DISPATCHER_CONFIG_DIR")


def templates_dir(settings: Settings) -> Path:
    """`DISPATCHER_TEMPLATES_DIR`, else the packed copy, else the checkout's `templates/`."""
    return _find("templates", settings.templates_dir, "DISPATCHER_TEMPLATES_DIR")


def packed_templates_dir() -> Path:
    """The templates the program shipped with, whatever the settings say."""
    return _find("templates", None, "")


def _find(name: str, explicit: Path | None, variable: str) -> Path:
    if explicit is not None:
        if not explicit.is_dir():
            raise SettingsError(f"{variable}: {explicit} is not a folder")
        return explicit
    packed = Path(str(files("dispatcher").joinpath("_data", name)))
    return packed if packed.is_dir() else _CHECKOUT / name

"""What the program says to whoever types commands, as a page says it: the page in the command's place."""

import re
from collections.abc import Mapping

_KEEPER = "whoever keeps this machine"
_PAGES: Mapping[str, str] = {  # the command's first word -> where a page does the same
    "arrangements": "the person's page",
    "calls": "the page Calls",
    "dispatch": "the page Runs",
    "duties": "the page Tasks",
    "forecast": "the page What is coming",
    "handover": "the page Hand-over",
    "inbox": "the page Inbox",
    "links": "the page People",
    "log": "the page Log",
    "messages": "the page Messages",
    "offers": "the person's page",
    "plan": "the page Runs",
    "portfolio": "the page Ledgers",
    "reconcile": "the page Tasks",
    "record": "the person's page",
    "resume": "the page Stops",
    "rules": "the page Rules",
    "run": "the page Runs",
    "templates": "the page Templates",
    "webhooks": "the page Creditors' systems",
}
_COMMAND = re.compile(r"`dispatcher ([a-z-]+)[^`]*`")
_SETTING = re.compile(r"\bset DISPATCHER_\w+")
_NAMED = re.compile(r"\bDISPATCHER_\w+")


def without_commands(text: str | None) -> str:
    """The same sentence without commands and names of settings."""
    said = _COMMAND.sub(lambda found: _PAGES.get(found[1], _KEEPER), text or "")
    return _NAMED.sub("a setting", _SETTING.sub(f"{_KEEPER} can set that", said))

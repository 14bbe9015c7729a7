"""Who reviews on the command line: proven by a user's token, else the user of this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import actor
from dispatcher.users.domain.user import Role

if TYPE_CHECKING:
    from dispatcher.users.domain.user import User

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        envvar="DISPATCHER_USER_TOKEN_FILE",
        metavar="FILE",
        help="Who does it, proven: a file that holds the token of a user (`dispatcher users token NAME`). "
        "Without one it is the user of this machine.",
    ),
]


class NotProven(ValueError):  # noqa: N818  it reads as the sentence it is
    """Nobody has shown who they are, or they may not do this here; the text says what to do."""


def author(dispatcher: Dispatcher, token_file: Path | None) -> str:
    """Who writes, as the log names them; raises NotProven for a token that is none or whose user is no manager."""
    return _named(dispatcher, token_file, Role.MANAGER)


def reviewer(dispatcher: Dispatcher, token_file: Path | None, role: Role = Role.APPROVER) -> str:
    """Who reviews, as the log names them; raises NotProven, also where reviews belong to the pages."""
    if dispatcher.settings.templates.source == "pages":
        raise NotProven(
            "templates.source is pages: texts are handed in, approved, published and retired there "
            f"({dispatcher.settings.public_url}/templates), where each person signs in"
        )
    return _named(dispatcher, token_file, role)


def _named(dispatcher: Dispatcher, token_file: Path | None, role: Role) -> str:
    if token_file is None:
        return actor()
    user = _user_of(dispatcher, token_file)
    if role not in user.roles:
        raise NotProven(
            f"{user.name} has not the role {role.value}: an admin gives it with `dispatcher users set-role`"
        )
    return f"user:{user.name}"


def _user_of(dispatcher: Dispatcher, token_file: Path) -> "User":
    from dispatcher.users.sign_in import user_of_token

    token = token_file.read_text(encoding="utf-8").strip()
    user = user_of_token(dispatcher.database, token, now=dispatcher.real_now())
    if user is None:
        raise NotProven(
            f"{token_file} holds no token that is in force: make one with `dispatcher users token NAME`"
        )
    return user

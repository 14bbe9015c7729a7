"""Users: who may sign in, with which roles; for admins."""

from collections.abc import Callable

from starlette.responses import Response

from dispatcher.users import manage_users
from dispatcher.users.domain.user import Role
from dispatcher.users.manage_users import UserError
from dispatcher.users.passwords import WeakPasswordError
from dispatcher.users.review_access import review_access
from dispatcher.users.storage import provider_identities, second_factors, users
from dispatcher.web.site.list_export import exported
from dispatcher.web.site.page import go_to, page, sentence_of
from dispatcher.web.site.visit import Page, Visit


def list_users(visit: Visit) -> Response:
    """Everyone with roles and tokens, and the form for a new user."""
    return _list(visit, 200, "")


def list_access(visit: Visit) -> Response:
    """Who can get in, as what, and when they last did: for the look through each quarter."""
    rows = review_access(visit.program.database, visit.program.real_now())
    if visit.query("format"):
        return exported(visit, "access", (row.as_json() for row in rows))
    return page(visit, "access", rows=rows)


def add(visit: Visit) -> Response:
    """A new user."""
    try:
        user = manage_users.add_user(
            visit.program.database,
            name=visit.text("name"),
            roles=visit.fields("role"),
            password=visit.field("password"),
            email=visit.text("email"),
            by=visit.actor,
            at=visit.program.real_now(),
        )
    except (UserError, WeakPasswordError) as error:
        return _list(visit, 422, sentence_of(error))
    return go_to(
        visit,
        "/users",
        f"{user.name} may sign in. Pass the password on by a safe way; they change it under their name.",
    )


def set_roles(visit: Visit) -> Response:
    """Other roles for a user."""
    return _change(
        visit,
        lambda name: manage_users.set_roles(
            visit.program.database,
            name=name,
            roles=visit.fields("role"),
            by=visit.actor,
            at=visit.program.real_now(),
        ),
        "The roles are changed.",
    )


def set_password(visit: Visit) -> Response:
    """A new password for somebody who has forgotten theirs."""
    return _change(
        visit,
        lambda name: manage_users.set_password(
            visit.program.database,
            name=name,
            password=visit.field("password"),
            by=visit.actor,
            at=visit.program.real_now(),
        ),
        "The password is set; their sessions have ended.",
    )


def disable(visit: Visit) -> Response:
    """Shut somebody out at once."""
    return _change(
        visit,
        lambda name: manage_users.disable_user(
            visit.program.database, name=name, by=visit.actor, at=visit.program.real_now()
        ),
        "Shut out: sessions and tokens have ended.",
    )


def enable(visit: Visit) -> Response:
    """Let somebody in again."""
    return _change(
        visit,
        lambda name: manage_users.enable_user(
            visit.program.database, name=name, by=visit.actor, at=visit.program.real_now()
        ),
        "They may sign in again.",
    )


def revoke_tokens(visit: Visit) -> Response:
    """End a user's tokens of the API."""
    return _change(
        visit,
        lambda name: manage_users.revoke_tokens(
            visit.program.database, name=name, by=visit.actor, at=visit.program.real_now()
        ),
        "The tokens have ended.",
    )


def reset_second_factor(visit: Visit) -> Response:
    """Take the codes away from somebody who has lost their phone."""
    return _change(
        visit,
        lambda name: manage_users.reset_second_factor(
            visit.program.database,
            name=name,
            why=visit.text("why"),
            by=visit.actor,
            at=visit.program.real_now(),
        ),
        "The second factor is gone and their sessions have ended; the password alone opens until they set up another.",
    )


def link_provider(visit: Visit) -> Response:
    """Join a user with the one that the provider knows."""
    return _change(
        visit,
        lambda name: manage_users.link_provider(
            visit.program.database,
            name=name,
            issuer=visit.program.settings.oidc.issuer,
            subject=visit.text("subject"),
            by=visit.actor,
            at=visit.program.real_now(),
        ),
        "They may sign in by the provider; their roles follow it from then on.",
    )


def _change(visit: Visit, act: Callable[[str], object], done: str) -> Response:
    try:
        act(visit.path("name"))
    except (UserError, WeakPasswordError) as error:
        return _list(visit, 422, sentence_of(error), about=visit.path("name"))
    return go_to(visit, "/users", done)


def _list(visit: Visit, status: int, wrong: str, *, about: str = "") -> Response:
    """`about`: the user whose form is shown again; empty: that of a new one."""
    now = visit.program.real_now()
    with visit.program.database.reading() as connection:
        found, tokens = users.list_all(connection), users.tokens(connection, now)
        with_factor = second_factors.users_with_one(connection)
        subjects = provider_identities.subjects(connection)
    return page(
        visit,
        "users",
        status=status,
        wrong=wrong,
        users=found,
        tokens=tokens,
        roles=_ROLES,
        with_factor=with_factor,
        subjects=subjects,
        provider=visit.program.settings.oidc.issuer,
        about=about,
        given={} if about else visit.form,
        typed=visit.form if about else {},
    )


_ROLES = {
    Role.MANAGER: "edits and submits templates",
    Role.APPROVER: "reviews and publishes templates, never their own",
    Role.AUDITOR: "reads the log, exports",
    Role.OPERATOR: "runs, holds, stops, writes down what debtors say",
    Role.ADMIN: "users",
    Role.COUNSEL: "reviews rule packs and what is said of places",
}
PAGES = (
    Page("GET", "/users", list_users),
    Page("GET", "/users/access", list_access),
    Page("POST", "/users", add),
    Page("POST", "/users/{name}/roles", set_roles),
    Page("POST", "/users/{name}/password", set_password),
    Page("POST", "/users/{name}/disable", disable),
    Page("POST", "/users/{name}/enable", enable),
    Page("POST", "/users/{name}/tokens", revoke_tokens),
    Page("POST", "/users/{name}/second-factor", reset_second_factor),
    Page("POST", "/users/{name}/provider", link_provider),
)

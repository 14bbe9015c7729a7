"""`dispatcher adopt`: a person says that a restored database, or a further home, may send from now on."""

from typing import Annotated

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import AsJson, Now, actor, opened, print_json


def adopt(
    why: Annotated[str, typer.Option("--why", help="What happened; it stands in the log.")],
    copy: Annotated[
        bool,
        typer.Option("--copy", help="It is a copy although nothing shows it: the whole home was put back."),
    ] = False,
    new_link_key: Annotated[
        bool,
        typer.Option("--new-link-key", help="keys/optout.key is lost for good: links in people's hands die."),
    ] = False,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Let this home send from a database that was restored, or that other homes send from too.

    A further home joins. Of a copy whatever had not ended becomes `unknown` (it may have been sent since), and steps
    that came due until now wait for a person.

    Example: dispatcher adopt --why "disk broke at 09:40, restored the backup of 09:00"
    """
    from dispatcher.people.link_key import keep_link_key, renew_link_key
    from dispatcher.runs.adopt_database import Adoption, adopt_database
    from dispatcher.runs.refuse_copy import Home

    with opened(now) as dispatcher:
        if not new_link_key:
            _ = dispatcher.optout_secret  # links must go on working: raises where its key is missing
        _refuse_without_signing_key(dispatcher)
        by = Adoption(actor=actor(), now=dispatcher.now(), why=why, is_copy=copy)
        adopted = adopt_database(dispatcher.database, Home.at(dispatcher.home), by, anew=new_link_key)
        (renew_link_key if new_link_key else keep_link_key)(dispatcher.database, dispatcher.keys)
        dispatcher.seal(after_restore=True)
    if as_json:
        print_json({"kind": adopted.kind, "unknown": adopted.unknown})
        return
    if adopted.kind == "home":
        print("this home works for the database now, beside the others; it may send")
        return
    print(
        f"the copy is this home's own now and may send; {adopted.unknown} messages are unknown: `dispatcher messages "
        "list --state unknown`, then `dispatcher messages resolve ID… --sent|--not-sent --why TEXT`; steps that came "
        "due meanwhile will be held"
    )


def _refuse_without_signing_key(dispatcher: Dispatcher) -> None:
    """Raise KeyProblemError now and not after the first run has sent."""
    from dispatcher.record.seal_log import key_after
    from dispatcher.record.storage import seals
    from dispatcher.record.storage.sealing_keys import SealingKeys

    with dispatcher.database.reading() as connection:
        expected = key_after(seals.last_seal(connection))
    SealingKeys(dispatcher.keys).signing(expected)

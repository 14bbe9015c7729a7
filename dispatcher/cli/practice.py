"""`dispatcher practice …`: a desk to practise at, in a home of its own, with invented people who answer."""

from typing import TYPE_CHECKING

import typer

from dispatcher.bootstrap import Dispatcher
from dispatcher.cli.opening import Now, opened

if TYPE_CHECKING:  # only types here
    from dispatcher.practice.play_people import Stage

app = typer.Typer(epilog="Example: dispatcher practice begin")


@app.command()
def begin() -> None:
    """Make the home, which must be empty, one for practice: from then on nothing leaves it, whatever is set.

    Example: DISPATCHER_HOME=~/practice dispatcher practice begin
    """
    from dispatcher.settings import PRACTICE, SettingsError, load_settings

    home = load_settings().home
    if home.exists() and any(home.iterdir()) and not (home / PRACTICE).exists():
        raise SettingsError(f"{home} is in use: set DISPATCHER_HOME to an empty folder for the practice desk")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / PRACTICE).write_text("A desk to practise at: nothing leaves it.\n", encoding="utf-8")
    with opened():
        print(f"{home} is a desk to practise at. Add who practises, then play:")
    print("  dispatcher users add NAME --role operator")
    print("  dispatcher practice play")


@app.command()
def play(now: Now = None) -> None:
    """One round: deal every operator their people, run the day, let those write whom a message has reached.

    Example: dispatcher practice play
    """
    from dispatcher.practice.play_people import ACTOR, deal, let_write
    from dispatcher.users.domain.user import Role
    from dispatcher.users.storage import users
    from dispatcher.worker.daily_run import dispatch_due, run_today

    with opened(now) as program:
        stage = _stage(program)
        with program.database.reading() as connection:
            names = [
                user.name
                for user in users.list_all(connection)
                if user.disabled_at is None and user.has((Role.OPERATOR,))
            ]
        if not names:
            print("nobody practises yet: `dispatcher users add NAME --role operator`")
        new = sum(deal(stage, name) for name in names)
        if new:
            run_today(program, program.now().date(), actor=ACTOR)
        dispatch_due(program, actor=ACTOR)
        for name in names:
            wrote, wait = let_write(stage, name)
            print(f"{name}: {wrote} wrote, {wait} wait for a message of ours")


def _stage(program: Dispatcher) -> "Stage":
    from dispatcher.practice.play_people import PracticeError, Stage
    from dispatcher.rulebook.exercises import load_exercises

    if not program.settings.is_practice:
        raise PracticeError(
            f"{program.home} is a desk at work: invented people are played in a home that "
            "`dispatcher practice begin` has made"
        )
    return Stage(
        database=program.database,
        exercises=load_exercises(program.config_files("practice") / "exercises.yaml"),
        settings=program.import_settings,
        watch=program.watch_ledger,
        read=program.read_reply,
        folder=program.home / "pushes",
        now=program.now(),
        real_now=program.real_now(),
        random_bytes=program.random_bytes,
    )

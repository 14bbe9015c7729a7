"""`dispatcher check` says whether everything is in order for the next run."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from channels.kind import ChannelKind
from channels.registry import deaf_without
from channels.settings import ChannelSettings
from dispatcher.agreements.domain.plan_interest import LAW
from dispatcher.bootstrap import Dispatcher, open_dispatcher
from dispatcher.cli.check_law import coverage, places, sentences
from dispatcher.cli.check_rehearsal import mappings, saved_mappings, schedules, texts
from dispatcher.cli.failures import explain_failure
from dispatcher.cli.opening import AsJson, print_json
from dispatcher.values.charges import unknown_on

if TYPE_CHECKING:  # only types here; compiling is loaded by the check that needs it
    from channels.port import Channel
    from dispatcher.planning.domain.strategy import Step, Strategy
    from dispatcher.planning.policy import Policy
    from dispatcher.writing.language.compiled import CompiledTemplate

HOUSE = "house"
Finding = tuple[str, str, str]  # level (ok, note, wrong), subject, sentence


def check(
    data_only: Annotated[
        bool, typer.Option("--data-only", help="Files alone: no database, no provider.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check settings, config, rule packs, strategies, templates and connections; exit 1 when something is wrong.

    Example: dispatcher check
    """
    dispatcher = open_dispatcher(upgrade=False)
    findings = [
        finding for checker in _checkers(data_only=data_only) for finding in _guarded(checker, dispatcher)
    ]
    wrong = sum(level == "wrong" for level, _, _ in findings)
    if as_json:
        print_json(
            [{"level": level, "subject": subject, "detail": detail} for level, subject, detail in findings]
        )
    else:
        for level, subject, detail in findings:
            print(f"{level:>5}  {subject}: {detail}")
        print(f"{len(findings)} checks, {wrong} wrong")
    if wrong:
        raise typer.Exit(1)


Checker = Callable[[Dispatcher], Iterator[Finding]]


def _checkers(*, data_only: bool) -> list[Checker]:
    files: list[Checker] = [
        _settings,
        _rules,
        coverage,
        _people,
        _strategies,
        _plan_interest,
        _scorecard,
        schedules,
        mappings,
        _wording,
        _replies,
        _readings,
        _retention,
        _templates,
        texts,
    ]
    return (
        files
        if data_only
        else [
            *files,
            _database,
            _configuration,
            places,
            sentences,
            saved_mappings,
            _broker,
            _home,
            _privacy,
            _signing_in,
            _channels,
            _mailbox,
            _stops,
        ]
    )


def _guarded(checker: Checker, dispatcher: Dispatcher) -> list[Finding]:
    subject = checker.__name__.strip("_")
    found: list[Finding] = []
    try:
        found.extend(checker(dispatcher))
    except Exception as error:  # noqa: BLE001 each check reports, none keeps the others from running
        found += [("wrong", subject, line) for line in explain_failure(error)[1].splitlines()]
    return found


def _settings(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.settings import unknown_variables

    settings = dispatcher.settings
    yield "ok", "settings", f"home {settings.home}, broker {settings.broker_url.split('@')[-1]}"
    if all(settings.is_rehearsal(kind) for kind in ChannelKind):
        yield "ok", "settings", "nothing leaves this machine: no channel has a real provider"
    for obstacle in settings.obstacles():
        yield "wrong", "settings", obstacle
    for variable in unknown_variables():
        yield "note", "settings", f"{variable} is no setting, so nothing follows from it: is it mistyped?"


def _rules(dispatcher: Dispatcher) -> Iterator[Finding]:
    book = dispatcher.policy.rulebook
    packs = list(book)
    yield "ok", "rules", f"{len(packs)} rule packs with {sum(len(pack.rules) for pack in packs)} rules"
    if dispatcher.settings.rules.reviews == "pages":
        yield "ok", "rules", "counsel reviews packs and places on the pages, signed in"
        return
    unreviewed = book.unreviewed()
    if unreviewed:
        names = ", ".join(pack.name for pack in unreviewed)
        yield "note", "rules", f"not reviewed by counsel, so real providers hold their debtors: {names}"


def _people(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.planning.policy import NO_LINKS

    if dispatcher.settings.people.link:
        yield "ok", "people", "one human whom several creditors know counts as one"
    else:
        yield "note", "people", NO_LINKS


def _strategies(dispatcher: Dispatcher) -> Iterator[Finding]:
    for strategy in dispatcher.policy.strategies:
        steps = ", ".join(f"{step.name} (day {step.day})" for step in strategy.steps)
        yield "ok", "strategies", f"{strategy.name}: {steps}"
    yield from _one_a_day(dispatcher.policy)
    yield "ok", "senders", ", ".join(sorted(dispatcher.policy.senders))
    for key, sender in dispatcher.policy.senders.items():
        for pack in sender.packs:
            dispatcher.policy.rulebook.pack(pack)
            yield "ok", "senders", f"{key} adds rule pack {pack}"
        if sender.charges is not None and (
            trouble := unknown_on(sender.charges, dispatcher.real_now().date())
        ):
            yield (
                "wrong",
                "charges",
                f"{key} claims {sender.charges.name}: {trouble}; until then nothing is claimed",
            )


def _one_a_day(policy: "Policy") -> Iterator[Finding]:
    """Strategies that join count on the house pack: it alone keeps a person to one message a day."""
    joining = [strategy.name for strategy in policy.strategies if strategy.joins()]
    if joining and not any(pack.name.lower() == HOUSE for pack in policy.rulebook):
        missing = (
            f"{', '.join(joining)} write to the person (join: debtor), and the pack {HOUSE} is not loaded"
        )
        why = "so nothing keeps a person to one message a day"
        if policy.rulebook.restricted:
            yield "note", "strategies", f"{missing}: DISPATCHER_RULES__ONLY leaves it out, {why}"
        else:
            yield "wrong", "strategies", f"{missing}: put config/rules/{HOUSE}.yaml back, {why}"


def _plan_interest(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Files of offers whose plans bear interest: how much, who books it, and whether any place is known to allow it."""
    for terms in dispatcher.policy.offers:
        interest = terms.plans.interest if terms.plans else None
        if interest is None:
            continue
        places = sorted(
            {f"{cap.country}-{cap.region}".rstrip("-") for cap in interest.caps if cap.status == LAW}
        )
        known = (
            f"in {', '.join(places)} at most"
            if places
            else "nowhere: config/interest_caps.yaml knows no place"
        )
        bears = f"plans bear {interest.yearly_percent} per cent a year, {interest.booked_by} books it"
        yield "note" if places else "wrong", "offers", f"{terms.name}: {bears}, {known}"


def _scorecard(dispatcher: Dispatcher) -> Iterator[Finding]:
    card = dispatcher.policy.scorecard
    if card is not None and card.in_use:
        approved = f"approved by {card.approved_by} on {card.approved_on}"
        yield (
            "note",
            "scorecard",
            f"{card.label} is in use, {approved}; `dispatcher score explain` shows its points",
        )
    else:
        yield "ok", "scorecard", "off: nobody is scored"


def _wording(dispatcher: Dispatcher) -> Iterator[Finding]:
    wordings = dispatcher.layouts.wordings
    for language in wordings.values():
        language.compile()
    yield "ok", "wording", f"languages {', '.join(sorted(wordings))}"


def _replies(dispatcher: Dispatcher) -> Iterator[Finding]:
    """The words that stop messages, and those of people who are in danger."""
    from dispatcher.rulebook.optout_words import load_optout_words

    table = load_optout_words(dispatcher.config("content") / "optout_words.yaml")
    words, care = len(table.keywords) + len(table.phrases), len(table.care)
    yield "ok", "replies", f"{words} words and phrases to stop and start, {care} that ask for care"


def _readings(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.rulebook.readings import load_readings

    languages = sorted(load_readings(dispatcher.config("readings"), learning=False).words)
    yield "ok", "readings", f"replies are read in {', '.join(languages)}"


def _retention(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.rulebook.retention import load_retention

    years = [period.years for period in load_retention(dispatcher.config("retention.yaml"))]
    yield "ok", "retention", f"{len(years)} periods, {min(years)} to {max(years)} years"


def _templates(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher import resources
    from dispatcher.authoring.template_files import read_template, template_folders
    from dispatcher.writing.language.compile import compile_version
    from dispatcher.writing.language.problems import TemplateProblems

    folder = resources.templates_dir(dispatcher.settings.templates_dir)
    names = template_folders(folder)
    good: dict[str, CompiledTemplate] = {}
    for name in names:
        try:
            compiled = compile_version(read_template(folder, name), dispatcher.layouts)
        except TemplateProblems as found:
            for problem in found.problems:
                yield "wrong", "templates", f"{folder / name}/{problem}"
        else:
            good[name] = compiled
            yield "ok", "templates", f"{name} ({', '.join(compiled.languages)})"
    for strategy in dispatcher.policy.strategies:
        for step in strategy.written():
            where = f"strategy {strategy.name}, step {step.name}"
            if step.template not in names:
                yield "wrong", "templates", f"{where}: no template {step.template!r}"
            elif step.template in good:
                yield from (
                    ("wrong", "templates", f"{where}: {trouble}")
                    for trouble in _misused(good[step.template], step, strategy)
                )


def _misused(template: "CompiledTemplate", step: "Step", strategy: "Strategy") -> Iterator[str]:
    """Why messages of this step would be held."""
    yield from _declared_otherwise(template, step, strategy)
    if step.kind not in template.meta.kinds:
        serves = ", ".join(sorted(template.meta.kinds))
        yield f"template {template.name!r} serves {serves}, not {step.kind}: use another, or widen its `kinds`"
    if template.meta.notice and step.notice != template.meta.notice:
        wanted = template.meta.notice
        yield f"template {template.name!r} is the notice {wanted}: write `notice: {wanted}` at the step"
    written = {channel for _, channel in template.texts}
    if missing := [channel.value for channel in step.channels if channel not in written]:
        yield f"template {template.name!r} has no text for {', '.join(missing)}: add one, or leave the channel out"


def _declared_otherwise(template: "CompiledTemplate", step: "Step", strategy: "Strategy") -> Iterator[str]:
    """What the template says in its fields that it is not for."""
    name, meta, first = template.name, template.meta, strategy.may_begin(step)
    if meta.first_contact == "never" and first and not step.is_courtesy:
        yield f"a debtor's first contact may be this step, and template {name!r} is never one (first_contact)"
    if meta.first_contact == "only" and not first:
        yield f"this step comes after another, and template {name!r} is for first contacts only (first_contact)"
    others = sorted(set(strategy.relations()) - meta.parties) if meta.parties else []
    if others:
        yield f"it goes to {', '.join(others)} too, for whom template {name!r} is not (parties)"
    roles = strategy.match.equals.get("sender_role", ())
    if meta.roles and (wrong := sorted(set(roles) - meta.roles)):
        yield f"it takes debts of {', '.join(wrong)}, for whom template {name!r} is not (roles)"


def _database(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.database import migrate

    has, wants = migrate.current(dispatcher.database)
    if not has:
        yield "note", "database", "empty; the first command that needs it makes the tables"
    elif has != wants:
        yield "wrong", "database", migrate.what_to_do(has)
    elif damage := migrate.damage(dispatcher.database):
        yield (
            "wrong",
            "database",
            f"damaged: {damage}; stop everything and go back to the last `dispatcher backup`",
        )
    else:
        yield "ok", "database", f"{dispatcher.database.writer.dialect.name} at revision {has}"


def _home(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Whether this home may send from this database, and has what all machines share."""
    from dispatcher.database import migrate
    from dispatcher.people.link_key import inspect_link_key
    from dispatcher.runs.refuse_copy import Home, inspect_copy

    if not migrate.current(dispatcher.database)[0]:
        return
    if trouble := inspect_copy(dispatcher.database, Home.at(dispatcher.home)):
        yield "wrong", "home", f"{trouble}: `dispatcher adopt --why TEXT` once you know what was sent"
    else:
        yield "ok", "home", f"{dispatcher.home} is the database's own"
    if trouble := inspect_link_key(dispatcher.database, dispatcher.keys):
        yield "wrong", "link key", trouble


def _privacy(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Whether other users of the machine may read what is kept of people."""
    from dispatcher.database.open_files import open_to_others

    file = dispatcher.database.writer.url.database if dispatcher.database.is_sqlite else ""
    if found := open_to_others(dispatcher.home, file or ""):
        way_out = f"`chmod -R go-rwx {dispatcher.home}`, unless a print house's program must read its spool"
        yield "wrong", "privacy", f"others may read {', '.join(found)}: {way_out}"
    else:
        yield "ok", "privacy", "what is kept of people is for this user alone"


def _signing_in(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Whether users' phones can be checked here, and whether the OpenID provider is who the settings say."""
    from dispatcher.database import migrate
    from dispatcher.users.ask_provider import ProviderError
    from dispatcher.users.sealed_secrets import inspect_box

    has, wants = migrate.current(dispatcher.database)
    if has == wants and (trouble := inspect_box(dispatcher.database, dispatcher.keys)):
        yield "wrong", "signing in", trouble
    provider = dispatcher.sign_in_provider
    if provider is None:
        return
    try:
        provider.begin()
        yield "ok", "signing in", f"{provider.provider.issuer} answers"
    except ProviderError as error:
        yield "wrong", "signing in", f"{provider.provider.issuer}: {error}"


def _configuration(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.database import migrate
    from dispatcher.planning.guard_absence import gone, sentence

    if not migrate.current(dispatcher.database)[0]:
        return
    if missing := gone(dispatcher.database, dispatcher.in_force()):
        yield "wrong", "configuration", sentence(missing)


def _broker(dispatcher: Dispatcher) -> Iterator[Finding]:
    url = dispatcher.settings.broker_url
    if url.startswith("memory"):
        yield "ok", "broker", "in this process"
        return
    import redis

    redis.Redis.from_url(url, socket_connect_timeout=5).ping()
    yield "ok", "broker", "Redis answers"


def _channels(dispatcher: Dispatcher) -> Iterator[Finding]:
    for kind in ChannelKind:
        for settings in dispatcher.settings.providers(kind):
            yield from _provider(kind, dispatcher.provider(kind, settings.provider), settings)


def _provider(kind: ChannelKind, channel: "Channel", settings: ChannelSettings) -> Iterator[Finding]:
    trouble = channel.check()
    level = "wrong" if trouble else "ok"
    yield level, f"channel {kind.value}", f"{channel.provider}" + (f": {trouble}" if trouble else "")
    if not trouble and (refused := channel.log_in()):
        yield "wrong", f"channel {kind.value}", f"{channel.provider}: {refused}"
    if variable := deaf_without(settings):
        words = (
            f"{channel.provider}'s webhooks are refused without {variable}, so nobody hears what came back"
        )
        yield "note", f"channel {kind.value}", words


def _mailbox(dispatcher: Dispatcher) -> Iterator[Finding]:
    """Whether the mailbox that answers come to lets us in."""
    from channels.email.mailbox import MailboxError, log_in

    access = dispatcher.settings.mailbox_access
    if access is None:
        return
    try:
        yield "ok", "mailbox", f"{access.name} holds {log_in(access)} mails"
    except MailboxError as error:
        yield "wrong", "mailbox", str(error)


def _stops(dispatcher: Dispatcher) -> Iterator[Finding]:
    from dispatcher.database import migrate
    from dispatcher.delivery.channel_trouble import paused_channels
    from dispatcher.delivery.storage import stops

    if not migrate.current(dispatcher.database)[0]:
        return
    with dispatcher.database.reading() as connection:
        stopped = stops.in_force(connection)
        paused = paused_channels(connection, dispatcher.real_now())
    for row in stopped:
        named = f"--{row.stop.scope} {row.stop.name}" if row.stop.name else "--all"
        since = f"{row.stop} since {row.stopped_at:%Y-%m-%d %H:%M}Z: {row.why}"
        way_out = f"`dispatcher resume {named} --why TEXT` once it is put right"
        yield "wrong" if row.by_program else "note", "stops", f"{since}; {way_out}"
    for name, pause in paused.items():
        yield (
            "note",
            "stops",
            f"channel {name} pauses until {pause.until:%H:%M:%S}Z: {pause.why}",
        )

"""What `dispatcher check` tries out instead of only reading: next fires, a row a mapping, a text a template."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from dispatcher.bootstrap import Dispatcher

Finding = tuple[str, str, str]  # level (ok, note, wrong), subject, sentence
_FIRES = 3


def schedules(dispatcher: Dispatcher) -> Iterator[Finding]:
    """The next three fires of each schedule; one that is wrong hides none of the others."""
    from dispatcher.runs.domain.schedule import next_fire
    from dispatcher.worker.scheduler import schedules_of

    for schedule in schedules_of(dispatcher):
        at, fires = dispatcher.real_now(), list[datetime]()
        while len(fires) < _FIRES and (fire := next_fire(schedule, after=at)) is not None:
            fires.append(fire.astimezone(ZoneInfo(schedule.zone)))
            at = fire
        said = ", ".join(f"{fire:%a %Y-%m-%d %H:%M}" for fire in fires)
        if fires:
            yield "ok", "schedules", f"{schedule.name} ({schedule.job}) fires next {said} {schedule.zone}"
        else:
            yield "wrong", "schedules", f"{schedule.name}: {schedule.cron!r} does not fire within a year"


def mappings(dispatcher: Dispatcher) -> Iterator[Finding]:
    """A made-up row through each mapping of the configuration."""
    from dispatcher.portfolio.rehearse_mapping import rehearse_mapping
    from dispatcher.rulebook.mappings import load_mapping
    from dispatcher.rulebook.yaml_file import ConfigError

    folder, good = dispatcher.config("mappings"), []
    for path in sorted(folder.glob("*.yaml")):
        try:
            problems = rehearse_mapping(load_mapping(folder, path.stem))
        except ConfigError as error:
            problems = str(error).splitlines()
        yield from (("wrong", "mappings", problem) for problem in problems)
        good += [] if problems else [path.stem]
    yield "ok", "mappings", f"a row comes through {', '.join(good) or 'none'}"


def saved_mappings(dispatcher: Dispatcher) -> Iterator[Finding]:
    """The same for those that were saved on the pages."""
    from dispatcher.database import migrate
    from dispatcher.portfolio.rehearse_mapping import rehearse_mapping
    from dispatcher.portfolio.storage import mappings as saved
    from dispatcher.rulebook.mappings import read_mapping
    from dispatcher.rulebook.yaml_file import ConfigError

    has, wants = migrate.current(dispatcher.database)
    if has != wants:
        return
    with dispatcher.database.reading() as connection:
        known = saved.in_use(connection)
    for mapping in known:
        try:
            problems = rehearse_mapping(read_mapping(mapping.text, mapping.name))
        except ConfigError as error:
            problems = str(error).splitlines()
        yield from (("wrong", "saved mappings", problem) for problem in problems)
    if known:
        yield "ok", "saved mappings", ", ".join(mapping.name for mapping in known)


def texts(dispatcher: Dispatcher) -> Iterator[Finding]:
    """A text through each template, language and channel; `templates lint` takes every sample debtor."""
    from dispatcher import resources
    from dispatcher.authoring.template_files import read_template, template_folders
    from dispatcher.writing.language.compile import compile_version
    from dispatcher.writing.language.problems import TemplateProblems
    from dispatcher.writing.render import RenderFailure
    from dispatcher.writing.rendered_samples import Sample, tried_on_samples
    from dispatcher.writing.samples import samples

    folder = resources.templates_dir(dispatcher.settings.templates_dir)
    by_language: dict[str, list[Sample]] = {}
    for name in template_folders(folder):
        try:
            compiled = compile_version(read_template(folder, name), dispatcher.layouts)
        except TemplateProblems:
            continue  # said where the templates are compiled
        for text in compiled.texts.values():
            for sample, inputs in islice(samples(compiled.meta, text.channel, text.language), 1):
                place = f"{folder / name}/{text.file}: for {sample}"
                by_language.setdefault(text.language, []).append((compiled, place, inputs))
    for wanted in by_language.values():
        for place, result in tried_on_samples(wanted):
            if isinstance(result, RenderFailure):
                yield "wrong", "texts", f"{place}: {result.reason}"
    count = sum(map(len, by_language.values()))
    yield "ok", "texts", f"{count} texts written, one a template, language and channel"

"""Whether a template may serve a message at all, by the fields in which it declares what it is for."""

from collections.abc import Iterator

from dispatcher.writing.checks.finding import Finding
from dispatcher.writing.domain.render_inputs import RenderInputs
from dispatcher.writing.language.meta import NEVER, ONLY, TemplateMeta

RULE = "template-not-for"


def unsuited(meta: TemplateMeta, inputs: RenderInputs) -> tuple[Finding, ...]:
    """A finding for each of `roles`, `parties`, `first_contact` and `not_when` that the message goes against."""
    return tuple(
        Finding(rule=RULE, phrase=phrase, advice=advice) for phrase, advice in _against(meta, inputs)
    )


def _against(meta: TemplateMeta, inputs: RenderInputs) -> Iterator[tuple[str, str]]:
    role = inputs.role or inputs.sender.role
    if meta.roles and role not in meta.roles:
        yield role, f"The template is for {', '.join(sorted(meta.roles))}; use another for this sender."
    if meta.parties and inputs.relation not in meta.parties:
        yield inputs.relation, f"The template is for {', '.join(sorted(meta.parties))}; use another."
    if meta.first_contact == NEVER and inputs.first_contact:
        yield "first contact", "The template is never a first contact: send a first reminder before it."
    if meta.first_contact == ONLY and not inputs.first_contact:
        yield "later contact", "The template is for a first contact only: use another for later ones."
    for state in meta.not_when:
        if getattr(inputs, _STATES[state]):
            yield state, f"The template is not for debts that are in this state ({state}): leave it out."


_STATES = {"time_barred": "barred", "disputed": "disputed", "arrangement": "arranged"}

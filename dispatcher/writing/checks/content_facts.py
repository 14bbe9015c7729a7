"""What the checks found, in the gate's words: the facts under `action.content`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from dispatcher.gate.facts import ContentFindings
from dispatcher.writing.checks.checked import CONFIRMATION, Checked
from dispatcher.writing.checks.finding import Finding


def content_facts(checked: Checked, findings: Sequence[Finding]) -> ContentFindings:
    """The facts of one text; those that were not looked for are None."""
    traits = checked.traits | {finding.fact for finding in findings}
    inputs = checked.inputs
    costs = [debt.costs for debt in inputs.asked if debt.costs]
    return ContentFindings(
        optout_notice=None if checked.optout_methods is None else bool(checked.optout_methods),
        optout_text=checked.optout_text,
        optout_methods=checked.optout_methods,
        sender_identified="sender" not in checked.missing,
        missing=tuple(dict.fromkeys(name for name in checked.missing if name != "sender")),
        initial_disclosure=checked.initial_disclosure,
        subsequent_disclosure=checked.subsequent_disclosure,
        disclosure_language=checked.disclosure_language,
        language=checked.text.language,
        resembles_court_document="resembles_court_document" in traits,
        threatening=bool(traits & {"threatening", "threatens_suit"}),
        threatens_suit="threatens_suit" in traits,
        disguised_purpose="disguised_purpose" in traits,
        asks_reason_for_default="asks_reason_for_default" in traits,
        marketing="marketing" in traits,
        first_contact_scope=_scope(checked, findings) if _is_first(checked) else None,
        claims_costs=bool(costs),
        costs=sum((cost.amount for cost in costs), Decimal(0)) if costs else None,
        validation_period_end=_printed_end(checked),
        complete=True,
        looked_for=tuple(checked.looked_for),
        said=tuple(checked.said),
        only_confirms_optout=_only_confirms(checked, findings) if inputs.kind == CONFIRMATION else None,
    )


def _printed_end(checked: Checked) -> date | None:
    """The end of the validation period where the text says it."""
    return None if "validation_period_end" in checked.missing else checked.inputs.validation_ends_on


def _is_first(checked: Checked) -> bool:
    return checked.inputs.first_contact and checked.inputs.kind == "collection"


def _scope(checked: Checked, findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(sorted(checked.topics | {finding.topic for finding in findings if finding.topic}))


def _only_confirms(checked: Checked, findings: Sequence[Finding]) -> bool:
    extra = [*checked.amounts(), checked.inputs.payment_url]
    return not findings and not any(value and value in checked.words for value in extra)

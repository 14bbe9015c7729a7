"""How far an account sees: its creditor's own, and nothing of any other."""

from dispatcher.web.site.visit import RefusedError, Visit, not_found


def creditor_asked(visit: Visit) -> str:
    """The creditor that a list is of; empty: every creditor. An account that asks for another is refused."""
    asked = visit.query("creditor")
    if visit.only_creditor and asked not in ("", visit.only_creditor):
        raise RefusedError(403, f"creditor: this account sees {visit.only_creditor} alone.")
    return visit.only_creditor or asked


def is_own(visit: Visit, reference: str) -> bool:
    """Whether `creditor/reference` is one that may be seen."""
    return visit.only_creditor in ("", reference.partition("/")[0])


def debtor_named(visit: Visit, who: str, creditor: str = "") -> str:
    """A debtor as the body or the address bar names them; whoever is another creditor's is not there."""
    creditor = visit.only_creditor or creditor
    key, slash, _ = who.partition("/")
    if slash and visit.only_creditor not in ("", key):
        raise not_found("such person")
    return who if slash or not creditor else f"{creditor}/{who}"

"""Drafts with one mistake each, made from the shipped templates: a kind of mistake in a text of each sort."""

from collections.abc import Iterator
from dataclasses import dataclass

from dispatcher.authoring.template_files import read_template, template_folders
from dispatcher.writing.domain.template import TemplateVersion
from tests.shared import ROOT

TEMPLATES = ROOT / "templates"
EACH = 10  # drafts of each kind
WRITTEN_IN = ("en", "es")  # the mistakes; what other languages hold is tried sentence by sentence

# A line that is wrong for one reason, in English and in Spanish.
MISTAKES = {
    "an unknown placeholder": ("For {{ debtor.nam }}.", "Para {{ debtor.nam }}."),
    "an unknown word after a bar": ("About {{ references | shout }}.", "Sobre {{ references | shout }}."),
    "a tag that is never closed": ("{% if debt.interest %}", "{% if debt.interest %}"),
    "a tag that closes nothing": ("{% endif %}", "{% endif %}"),
    "a broken condition": ("{% if debt.balance > %}Hello.{% endif %}", "{% if debt.balance > %}Hola.{% endif %}"),
    "a suit": ("We will take you to court.", "Le llevaremos a los tribunales."),
    "wages": ("Your wages will be garnished.", "Le embargaremos el sueldo."),
    "the employer": ("We will tell your employer about it.", "Se lo contaremos a su jefe."),
    "the credit file": ("We report this to the credit bureaus.", "Lo reportaremos al buró de crédito."),
    "hurry": ("Pay within 24 hours.", "Pague en las próximas 24 horas."),
    "shame": ("You should be ashamed.", "Debería darle vergüenza."),
    "a reason wanted": ("Tell us why you have not paid.", "Explique por qué no ha pagado."),
    "a discount": ("Pay and get 20% off.", "Le descontamos el 20 % si paga esta semana."),
    "a threat under a rare condition": (
        "{% if debt.balance > 987654 %}We will sue you.{% endif %}",
        "{% if debt.balance > 987654 %}Vamos a demandarle.{% endif %}",
    ),
    "a stranger's link": ("See [this page](https://elsewhere.example/a).", "Vea [esta página](https://elsewhere.example/a)."),
    "a shortened link": ("See bit.ly/abc for more.", "Vea bit.ly/abc para más."),
    "a blank to fill in": ("We wrote on [insert date].", "Escribimos el [insertar fecha]."),
    "another program's field": ("Your clerk is «name».", "Le atiende «nombre»."),
    "an amount from nowhere": ("The rest is 123.45 USD.", "El resto es 123.45 USD."),
    "capitals": ("PLEASE READ THIS LETTER.", "LEA TODA ESTA CARTA."),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A template with a mistake of one kind on one line of one of its texts."""

    kind: str
    version: TemplateVersion
    file: str
    line: int


def drafts(kind: str) -> Iterator[Draft]:
    """A few drafts with this mistake, in texts of different templates, languages and channels."""
    texts = [
        (name, path)
        for name in template_folders(TEMPLATES)
        for path in sorted(read_template(TEMPLATES, name).files)
        if path.endswith((".md",)) and path.partition("/")[0] in WRITTEN_IN
    ]
    first = list(MISTAKES).index(kind) * 3
    for step in range(EACH):
        name, path = texts[(first + step * 7) % len(texts)]
        yield _draft(kind, name, path)


def without_mistake(draft: Draft) -> TemplateVersion:
    """The same version as it is shipped, with that text alone."""
    files = read_template(TEMPLATES, draft.version.name).files
    return _alone(draft.version.name, files, draft.file)


def _draft(kind: str, name: str, path: str) -> Draft:
    version = _alone(name, read_template(TEMPLATES, name).files, path)
    lines = version.files[path].split("\n")
    at = _end_of_greeting(lines)
    words = MISTAKES[kind][path.startswith("es")]
    text = "\n".join([*lines[:at], words, "", *lines[at:]])
    changed = TemplateVersion(name=name, version=2, files={**version.files, path: text})
    return Draft(kind=kind, version=changed, file=path, line=at + 1)


def _alone(name: str, files: dict[str, str], path: str) -> TemplateVersion:
    return TemplateVersion(
        name=name, version=1, files={"template.yaml": files["template.yaml"], path: files[path]}
    )


def _end_of_greeting(lines: list[str]) -> int:
    """The line after the first empty one below the head: there the first paragraph begins."""
    head = lines.index("---", 1)
    return lines.index("", head + 1) + 1

"""Markdown with placeholders becomes HTML with placeholders and plain text with placeholders.

Jinja's tags are tokens of their own, so that Markdown never looks inside them; text between them is escaped.
"""

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import escape

from dispatcher.writing.language.problems import Problem

BLOCK_TAG = re.compile(r"\s*(?:\{%-?\s*(?:(?!%\}).)*%\}\s*)+$")
BLOCK = re.compile(r"\s*\{\{\s*((?:tables|law)\.\w+)\s*\}\}\s*$")
_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_LINK_TARGET = re.compile(r"\]\(\s*\{\{\s*(links\.\w+|paper\.url)\s*\}\}\s*\)")
_HTML = re.compile(r"<\s*(?:[a-zA-Z!?/][^<>]*>?|$)")
_SCHEME = "placeholder:"
_OPENING = re.compile(r"\{%-?\s*(for|if)\b")
_CLOSING = re.compile(r"\{%-?\s*end(for|if)\b")


def literal(text: str) -> str:
    """Text so that Jinja takes it as text."""
    return re.sub(r"[{}]", lambda brace: '{{ "' + brace[0] + '" }}', text)


def problems_of(source: str, file: str, first_line: int) -> Iterator[Problem]:
    """What Markdown must not hold: HTML, tags over several lines, tables inside a sentence, unsafe links."""
    for number, line in enumerate(source.splitlines(), start=first_line):
        bare = _without_tags(line)
        html = _HTML.search(bare)
        if html:
            yield Problem(
                file=file, line=number, column=html.start() + 1, message=f"HTML is not allowed: {html[0]!r}",
                suggestion="write Markdown: **bold**, - list, [text](link)",
            )  # fmt: skip
        if (image := bare.find("![")) >= 0:
            yield Problem(file=file, line=number, column=image + 1, message="a picture is not allowed here",
                          suggestion="say it in words; the sender's own logo is added by the layout")  # fmt: skip
        if "tables." in line and not BLOCK.match(line) and "{{" in line:
            yield Problem(file=file, line=number, message="a table stands on a line of its own",
                          suggestion="put {{ tables.… }} alone on its line")  # fmt: skip
        for column, target in _link_targets(line):
            if not target.startswith(("https://", "mailto:", "tel:")) or "{" in target:
                yield Problem(
                    file=file,
                    line=number,
                    column=column,
                    message=f"a link to {target[:200]!r}",
                    suggestion="link to https://…, mailto:…, tel:… or {{ links.pay }}",
                )


def unclosed_tags(source: str, file: str, first_line: int) -> Iterator[Problem]:
    """Tags that do not end on the line they begin on; Jinja would name a line far below."""
    for number, line in enumerate(source.split("\n"), start=first_line):
        rest = _without_tags(line)
        found = next((opener for opener in ("{{", "{%", "{#") if opener in rest), None)
        if found:
            closer = {"{{": "}}", "{%": "%}", "{#": "#}"}[found]
            message = f"`{found}` is not closed by `{closer}` on this line"
            yield Problem(file=file, line=number, column=rest.index(found) + 1, message=message)


def _link_targets(line: str) -> Iterator[tuple[int, str]]:
    """(column, target) of each Markdown link that is not a placeholder of ours."""
    start = line.find("](")
    while start >= 0 and (end := line.find(")", start)) >= 0:
        if not _LINK_TARGET.match(line, start):
            yield start + 1, line[start + 2 : end].strip()
        start = line.find("](", end)


def _without_tags(line: str) -> str:
    """The line with spaces for its tags; in time linear in its length, whatever is left open."""
    position = 0
    while (start := line.find("{", position)) >= 0:
        closer = {"{": "}}", "%": "%}", "#": "#}"}.get(line[start + 1 : start + 2])
        end = line.find(closer, start) if closer else start
        if end < 0:
            return line
        if closer:
            line = line[:start] + " " * (end + 2 - start) + line[end + 2 :]
        position = max(end, start) + 1
    return line


def tokens_of(source: str) -> list[Token]:
    """Parse Markdown; block tags that wrap a list end up inside it."""
    prepared = _LINK_TARGET.sub(lambda target: f"]({_SCHEME}{target[1]})", source)
    return _lists_around_tags(_PARSER.parse(prepared))


def _inline_tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    tag = _TAG.match(state.src, state.pos)
    if tag is None:
        return False
    if not silent:
        state.push("jinja", "", 0).content = "" if tag[0].startswith("{#") else tag[0]
    state.pos = tag.end()
    return True


def _block_tag(state: StateBlock, line: int, _end: int, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's signature
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    if not BLOCK_TAG.match(text) and not BLOCK.match(text):
        return False
    if not silent:
        state.push("jinja_block", "", 0).content = text.strip()
        state.line = line + 1
    return True


def _parser() -> MarkdownIt:
    md = MarkdownIt("zero", {"typographer": False})
    md.enable(["heading", "list", "blockquote", "hr", "emphasis", "link", "escape", "newline"])
    md.inline.ruler.before("escape", "jinja", _inline_tag)
    md.block.ruler.before(
        "blockquote", "jinja_block", _block_tag, {"alt": ["paragraph", "blockquote", "list"]}
    )
    md.validateLink = lambda url: url.startswith((_SCHEME, "https://", "mailto:", "tel:"))  # type: ignore[method-assign]
    md.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return md


_PARSER = _parser()
_LIST_OPEN = ("bullet_list_open", "ordered_list_open")


def _lists_around_tags(tokens: list[Token]) -> list[Token]:
    """`for`, list, `endfor` becomes one list with the loop inside; so do several lists parted by tags."""
    result: list[Token] = []
    position = 0
    while position < len(tokens):
        run = _run(tokens, position)
        if run is None:
            result.append(tokens[position])
            position += 1
        else:
            result.extend(_joined(tokens[position:run]))
            position = run
    return result


def _run(tokens: Sequence[Token], start: int) -> int | None:
    """Where a stretch of balanced tags and lists of one kind ends; None if it is not such a stretch."""
    position, depth, kind, end, tagged = start, 0, "", None, False
    while position < len(tokens):
        token = tokens[position]
        if token.type == "jinja_block" and not BLOCK.match(token.content):
            depth += len(_OPENING.findall(token.content)) - len(_CLOSING.findall(token.content))
            tagged = True
            position += 1
        elif token.type in _LIST_OPEN and kind in ("", token.type):
            kind = token.type
            position = _closing(tokens, position) + 1
        else:
            break
        if depth < 0:
            break
        if depth == 0 and kind and tagged:
            end = position
    return end


def _closing(tokens: Sequence[Token], start: int) -> int:
    level = tokens[start].level
    closer = tokens[start].type.replace("open", "close")
    return next(i for i in range(start, len(tokens)) if tokens[i].type == closer and tokens[i].level == level)


def _joined(stretch: Sequence[Token]) -> Iterator[Token]:
    level = min(token.level for token in stretch)
    lists = [t for t in stretch if t.level == level and t.type in _LIST_OPEN]
    closers = [t for t in stretch if t.level == level and t.type.endswith("_list_close")]
    yield lists[0]
    for token in stretch:
        if token not in lists and token not in closers:
            yield token
    yield closers[-1]


def to_html(tokens: Sequence[Token]) -> str:
    """HTML source: a line for each block, so that checks find their place."""
    return "".join(_html(token) for token in tokens)


def _html(token: Token) -> str:
    if token.type == "inline":
        return "".join(_html(child) for child in token.children or ())
    if token.type in ("jinja", "jinja_block"):
        return token.content + ("\n" if token.type == "jinja_block" else "")
    if token.type == "text":
        return literal(str(escape(token.content)))
    if token.type == "softbreak":
        return " "
    if token.hidden:
        return ""
    return _element(token)


def _element(token: Token) -> str:
    if token.type == "hardbreak":
        return "<br>"
    if token.type == "hr":
        return "<hr>\n"
    if token.nesting < 0:
        return f"</{_tag(token)}>" + ("\n" if token.block else "")
    after = "\n" if token.type.endswith("_list_open") or token.type == "blockquote_open" else ""
    return f"<{_tag(token)}{_attributes(token)}>{after}"


def _tag(token: Token) -> str:
    return {"h1": "h2", "h4": "h3", "h5": "h3", "h6": "h3"}.get(token.tag, token.tag)


def _attributes(token: Token) -> str:
    href = token.attrGet("href")
    if href is None:
        return ""
    return f' href="{_target(str(href))}"'


def _target(href: str) -> str:
    if href.startswith(_SCHEME):
        return "{{ " + href.removeprefix(_SCHEME) + " }}"
    return literal(str(escape(href)))


def to_text(tokens: Sequence[Token]) -> str:
    """Plain-text source: paragraphs apart, list items with a dash or a number, links with their address."""
    return _TextWriter().write(tokens)


class _TextWriter:
    """Writes tokens as a person would type the letter."""

    def __init__(self) -> None:
        self._lists: list[int | None] = []
        self._out: list[str] = []
        self._link = ""

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._block(token)
        return "".join(self._out)

    def _block(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._out.extend(self._inline(child) for child in token.children or ())
            case "jinja_block":
                self._out.append(token.content + "\n")
            case "paragraph_close" | "heading_close":
                # Jinja drops the line break after a tag; a tag at a paragraph's end would pull up the next one.
                after_tag = bool(self._out) and self._out[-1].endswith("%}")
                self._out.append("\n" * ((1 if self._lists else 2) + after_tag))
            case "hr":
                self._out.append("----\n\n")
            case _:
                self._list(token)

    def _list(self, token: Token) -> None:
        if token.type in _LIST_OPEN:
            self._lists.append(
                int(token.attrGet("start") or 1) if token.type == "ordered_list_open" else None
            )
        elif token.type.endswith("_list_close"):
            self._lists.pop()
            self._out.append("" if self._lists else "\n")
        elif token.type == "list_item_open":
            number = self._lists[-1]
            self._out.append("  " * (len(self._lists) - 1) + ("- " if number is None else f"{number}. "))
            self._lists[-1] = None if number is None else number + 1

    def _inline(self, token: Token) -> str:
        if token.type == "link_open":
            self._link = _plain_target(str(token.attrGet("href")))
        written = {
            "jinja": token.content,
            "text": literal(token.content),
            "softbreak": " ",
            "hardbreak": "\n",
            "link_close": f" ({self._link})",
        }
        return written.get(token.type, "")


def _plain_target(href: str) -> str:
    if href.startswith(_SCHEME):
        return "{{ " + href.removeprefix(_SCHEME) + " }}"
    return literal(href.removeprefix("mailto:").removeprefix("tel:"))

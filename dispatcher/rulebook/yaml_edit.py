"""Changes values inside a YAML text and leaves everything else as it stands: order, comments, the way it is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dispatcher.rulebook.yaml_file import KeyPath, parse_yaml

_HERE = Path("text")


class NotEditableError(ValueError):
    """The text is written in a way that cannot be changed value by value; as a text it can."""


def with_values(text: str, at: KeyPath, values: Mapping[str, Any]) -> str:
    """The text with these keys of the mapping at a path set, and those that are None taken out.

    Raises NotEditableError where what came of it would read otherwise than that.
    """
    wanted = _data(text)
    _place(wanted, at).update({key: value for key, value in values.items() if value is not None})
    for key, value in values.items():
        if value is None:
            _place(wanted, at).pop(key, None)
    changed = text
    for key, value in values.items():
        changed = _with_value(changed, at, key, value)
    return _as_wanted(changed, wanted)


def with_item(text: str, at: KeyPath, place: int, item: Mapping[str, Any]) -> str:
    """The text with an item on a line of its own in the list at a path, before the one that stands at `place`."""
    wanted = _data(text)
    _place(wanted, at).insert(place, dict(item))
    node = _block_list(text, at)
    starts = [_line_start(text, each.start_mark.index) for each in node.value]
    where = starts[place] if place < len(starts) else _line_end(text, _end(text, node.value[-1]))
    indent = " " * node.start_mark.column
    return _as_wanted(_put(text, where, f"{indent}- {_flow(item)}\n"), wanted)


def without_item(text: str, at: KeyPath, place: int) -> str:
    """The text without an item of the list at a path, and without the lines that belong to it."""
    wanted = _data(text)
    del _place(wanted, at)[place]
    item = _block_list(text, at).value[place]
    start, end = _line_start(text, item.start_mark.index), _line_end(text, _end(text, item))
    return _as_wanted(text[:start] + text[end:], wanted)


def _with_value(text: str, at: KeyPath, key: str, value: Any) -> str:
    node = _node(text, at)
    if not isinstance(node, yaml.MappingNode):
        raise NotEditableError(f"{'.'.join(map(str, at))} is no table of keys")
    pair = next(((one, other) for one, other in node.value if one.value == key), None)
    if pair is None:
        return text if value is None else _with_new(text, node, key, value)
    if value is None:
        return _without(text, node, pair)
    name, old = pair
    if isinstance(old, yaml.ScalarNode) and not isinstance(value, list | dict) and _read(old) == value:
        return text
    start = text.index(":", name.end_mark.index) + 1
    return f"{text[:start]} {_flow(value)}{text[_end(text, old) :]}"


def _with_new(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    written = f"{key}: {_flow(value)}"
    if node.flow_style:
        end = node.end_mark.index - 1
        return f"{text[:end]}{', ' if node.value else ''}{written}{text[end:]}"
    where = _line_end(text, _end(text, node.value[-1][1]))
    return _put(text, where, f"{' ' * node.value[0][0].start_mark.column}{written}\n")


def _without(text: str, node: yaml.MappingNode, pair: tuple[yaml.Node, yaml.Node]) -> str:
    start, end = pair[0].start_mark.index, _end(text, pair[1])
    if not node.flow_style:
        return text[: _line_start(text, start)] + text[_line_end(text, end) :]
    before, after = text[:start].rstrip(), text[end:].lstrip()
    if before.endswith(","):
        return before.removesuffix(",") + text[end:]
    return text[:start] + after.removeprefix(",").lstrip()


def _block_list(text: str, at: KeyPath) -> yaml.SequenceNode:
    node = _node(text, at)
    if not isinstance(node, yaml.SequenceNode) or node.flow_style or not node.value:
        raise NotEditableError(f"{'.'.join(map(str, at))} is not written with a line for each")
    return node


def _end(text: str, node: yaml.Node) -> int:
    """Where a value ends: of a block without the blank lines and comments that follow it."""
    while isinstance(node, yaml.MappingNode | yaml.SequenceNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    end: int = node.end_mark.index
    return len(text[:end].rstrip()) if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") else end


def _node(text: str, at: KeyPath) -> yaml.Node:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for part in at:
        if isinstance(node, yaml.MappingNode):
            node = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
        else:
            node = None
    if node is None:
        raise NotEditableError(f"there is no {'.'.join(map(str, at))}")
    return node


def _data(text: str) -> Any:
    return parse_yaml(text, _HERE).data


def _read(node: yaml.ScalarNode) -> Any:
    return yaml.SafeLoader("").construct_object(node)


def _place(data: Any, at: KeyPath) -> Any:
    for part in at:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            raise NotEditableError(f"there is no {'.'.join(map(str, at))}") from None
    return data


def _as_wanted(text: str, wanted: Any) -> str:
    if _data(text) != wanted:
        raise NotEditableError("it is written in a way that cannot be changed here")
    return text


def _flow(value: Any) -> str:
    line = yaml.safe_dump(
        _plain(value), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6
    )
    return line.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(part) for part in value]
    return value


def _put(text: str, where: int, piece: str) -> str:
    before = text[:where]
    return f"{before}{'' if not before or before.endswith(chr(10)) else chr(10)}{piece}{text[where:]}"


def _line_start(text: str, where: int) -> int:
    return text.rfind("\n", 0, where) + 1


def _line_end(text: str, where: int) -> int:
    end = text.find("\n", where)
    return len(text) if end < 0 else end + 1

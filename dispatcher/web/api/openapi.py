"""The API's own description, OpenAPI 3.1, made from its operations so that it cannot say something else."""

import re
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from dispatcher.web.api.models import Model, Problem, schemas
from dispatcher.web.api.operation import BYTES, PREFIX, Operation
from dispatcher.web.site.access import ACCESS, Door

_PROBLEMS = {
    "400": "A parameter is wrong.",
    "401": "No token or session, or one that has ended.",
    "403": "The roles do not allow it.",
    "404": "There is no such thing.",
    "409": "Where it stands it cannot be done.",
    "422": "A field is wrong or missing.",
    "429": "Too many tries.",
}


def document(operations: Sequence[Operation], server: str) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Debt dispatcher",
            "version": version("debt-dispatcher"),
            "summary": "Payment reminders: what is sent, what is kept back and why, and the proof.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": f"{server}{PREFIX}"}],
        "security": [{"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": schemas(_models(operations)),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`dispatcher users token NAME` makes one for a person, "
                    "`dispatcher service-accounts add` a program's key with scopes.",
                },
                "session": {"type": "apiKey", "in": "cookie", "name": "dispatcher_session"},
            },
        },
    }


def _models(operations: Sequence[Operation]) -> list[type[Model]]:
    given = {operation.gives for operation in operations}
    return [
        Problem,
        *sorted((one for one in given if not isinstance(one, str)), key=lambda one: one.__name__),
    ]


def _operation(operation: Operation) -> dict[str, Any]:
    access = ACCESS[operation.name]
    who = "Anybody." if isinstance(access, Door) else f"Roles: {', '.join(sorted(access))}."
    found: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.says,
        "description": who,
        "tags": [operation.path.split("/")[1]],
        "parameters": _parameters(operation),
        "responses": {str(operation.status): _answer(operation), **_problems()},
    }
    if isinstance(access, Door):
        found["security"] = []
    elif operation.scope:
        found["security"] = [{"bearer": [operation.scope]}, {"session": []}]
    if operation.is_repeatable:
        later = "It takes longer: ask where `Location` says."
        found["responses"]["202"] = {**_answer(operation), "description": later}
    if operation.takes is not None:
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.takes}},
        }
    return found


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    found += [
        {"name": one.name, "in": "query", "description": one.says, "schema": dict(one.schema)}
        for one in operation.parameters
    ]
    if operation.method == "POST":
        says = "A repeat under the same key gets the first answer again, for two days."
        schema = {"type": "string", "maxLength": 200}
        found.append({"name": "Idempotency-Key", "in": "header", "description": says, "schema": schema})
    return found


def _answer(operation: Operation) -> dict[str, Any]:
    if operation.gives == BYTES:
        return {"description": "The bytes.", "content": {"application/octet-stream": {}}}
    if isinstance(operation.gives, str):
        return {
            "description": "This document.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    item = {"$ref": f"#/components/schemas/{operation.gives.__name__}"}
    schema: dict[str, Any] = item
    if operation.is_list:
        schema = {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": item},
                "next": {
                    "type": ["string", "null"],
                    "description": "The cursor of the next page; null on the last.",
                },
            },
        }
    return {"description": operation.says, "content": {"application/json": {"schema": schema}}}


def _problems() -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": says, "content": {"application/problem+json": {"schema": schema}}}
        for status, says in _PROBLEMS.items()
    }

"""Whatever is sent to the API: no fault of ours, and every answer as the document describes it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as some
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_url
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dispatcher.users.manage_users import make_token
from dispatcher.web.api.operation import DOCUMENT
from dispatcher.web.api.operations import OPERATIONS
from tests.web.house import ALL, Web
from tests.web.live import served

DEEP = os.environ.get("DEEP") == "1"
EXAMPLES = 300 if DEEP else 15
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
KNOWN = {"creditor": "acme", "reference": "A-1", "name": "first-reminder"}


@dataclass(frozen=True, kw_only=True)
class Caller:
    base: str
    session: requests.Session


@pytest.fixture
def caller(web: Web) -> Iterator[Caller]:
    """Somebody with every role and a token."""
    token = make_token(web.house.database, name=ALL, label="fuzz", by="test", at=web.house.real_now())
    with served(web) as base, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token}"
        yield Caller(base=f"{base}/api/v1", session=session)


@pytest.mark.parametrize("key", [operation.id for operation in OPERATIONS if operation.gives != DOCUMENT])
def test_no_request_meets_a_fault_or_an_answer_that_was_not_described(
    web: Web, caller: Caller, message_of: Any, key: str
) -> None:
    schema = from_url(f"{caller.base}/openapi.json")
    found = (result.ok() for result in schema.get_all_operations())
    operation = next(one for one in found if one.definition.raw["operationId"] == key)
    known = KNOWN | {"id": message_of() if "/messages/" in operation.path else "1"}

    @seed(20261116)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), is_there=some.booleans())
    def ask(case: Any, is_there: bool) -> None:
        if is_there and case.path_parameters:
            case.path_parameters = {name: known[name] for name in case.path_parameters}
        response = case.call(base_url=caller.base, session=caller.session)
        case.validate_response(response, checks=CHECKS)

    ask()

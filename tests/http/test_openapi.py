"""The OpenAPI document, and whether the service keeps to it."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hybrid_auth.app import create_app
from hybrid_auth.cli import openapi_document
from hybrid_auth.embedded.port import reserve_port
from hybrid_auth.embedded.redis import EmbeddedRedis
from hybrid_auth.server import configuration
from hybrid_auth.settings import load_settings
from tests.support.service import CHEAP_ARGON2, OTHER_PASSWORD, PASSWORD, SECRET_KEY

SNAPSHOT = Path(__file__).parents[2] / "docs" / "openapi.json"
EXAMPLES = 25
"""Of each call and kind, each sent with and without a session."""
ENDING = ("DELETE /auth/me", "POST /auth/logout", "POST /auth/logout-all", "DELETE /auth/sessions/{session_id}")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
SCHEMA = schemathesis.openapi.from_dict(json.loads(SNAPSHOT.read_bytes()))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok)]
STOP_SECONDS = 30


class SignedIn:
    """A native client that signs in again whenever what it tried ended its session."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self._token: str | None = None
        self._people = 0

    def token(self) -> str:
        if self._token is None:
            self._people += 1
            body = {"email": f"schema{self._people}@example.org", "password": PASSWORD, "client": "native"}
            answer = self.session.post(f"{self.url}/auth/register", json=body, timeout=30)
            assert answer.status_code == 201, answer.text
            self._token = answer.json()["access_token"]
        return self._token

    def lost(self) -> None:
        self._token = None

    def call(self, case: Case[Any], *, token: str | None = None) -> Response:
        """Send a case and compare the answer with the document."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = case.call(base_url=self.url, session=self.session, headers=headers)
        # A cookie that an earlier case was handed must not decide a later one.
        self.session.cookies.clear()
        case.validate_response(answer, checks=CHECKS)
        return answer


@pytest.fixture(scope="module")
def client(module_database_url: str, redis_server: EmbeddedRedis) -> Iterator[SignedIn]:
    """A caller of a real server in this process."""
    with reserve_port("127.0.0.1", 0) as bound:
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        defaults = {
            "HYBRID_AUTH_DATABASE_URL": module_database_url,
            "HYBRID_AUTH_REDIS_URL": redis_server.url,
            "HYBRID_AUTH_SECRET_KEYS": SECRET_KEY,
            "HYBRID_AUTH_PUBLIC_URL": url,
            "HYBRID_AUTH_ARGON2": CHEAP_ARGON2,
            "HYBRID_AUTH_EMAIL_VERIFICATION": "optional",
        }
        server = uvicorn.Server(configuration(create_app(load_settings({}, env_file=None, defaults=defaults))))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        signed_in = SignedIn(url)
        try:
            yield signed_in
        finally:
            signed_in.session.close()
            server.should_exit = True
            thread.join(STOP_SECONDS)


def test_snapshot_is_current() -> None:
    """docs/openapi.json is what `hybrid-auth openapi` writes."""
    assert SNAPSHOT.read_bytes() == openapi_document()


def test_every_call_is_documented_with_its_refusals() -> None:
    """Each operation has a summary, an id of its own, and says which problem documents it answers."""
    document = json.loads(SNAPSHOT.read_bytes())
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) > 15
    for operation in operations:
        assert operation["summary"]
        for status, answer in operation["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"]


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or operation.body
    ],
)
def test_service_keeps_to_its_document(
    client: SignedIn, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode
) -> None:
    """No 5xx, no status, content type, header or body that is not documented; what breaks the document is refused."""

    @seed(20261123)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def keeps(case: Case[Any]) -> None:
        answer = client.call(case, token=client.token())
        if answer.status_code == 401 or operation.label in ENDING:
            client.lost()
        client.call(case)

    keeps()


def test_what_succeeds_is_as_documented(client: SignedIn) -> None:
    """The good answers that random data never gets: every step of a session is as the document has it."""

    def call(label: str, body: Any = NOT_SET, *, token: str | None = None, **path: str) -> Any:
        [operation] = [operation for operation in OPERATIONS if operation.label == label]
        case = operation.Case(body=body, path_parameters=path, media_type="application/json")
        answer = client.call(case, token=token)
        assert answer.status_code < 300
        return answer.json() if answer.content else None

    account = {"email": "documented@example.org", "password": PASSWORD, "client": "native"}
    call("POST /auth/register", account)
    signed_in = call("POST /auth/login", account)
    other = call("POST /auth/login", {**account, "client": "browser"})
    token = call("POST /auth/refresh", {"refresh_token": signed_in["refresh_token"]})["access_token"]
    call("GET /auth/me", token=token)
    call("PATCH /auth/me", {"display_name": "Kim"}, token=token)
    call("GET /auth/sessions", token=token)
    call("DELETE /auth/sessions/{session_id}", token=token, session_id=other["session"]["id"])
    call("POST /auth/reauthenticate", {"method": "password", "password": PASSWORD}, token=token)
    call("POST /auth/password/change", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, token=token)
    call("POST /auth/logout", token=token)

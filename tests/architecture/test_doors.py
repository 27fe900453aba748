"""One door per library, per clock, per secret: where a thing is used is where its rules are kept."""

import ast

import pytest

from hybrid_auth.core.errors import AuthError
from hybrid_auth.problems import STATUS, TITLES
from tests.architecture.source import Module, modules

DOORS = [
    (("webauthn",), {"passkeys.ceremony"}),
    (("pyotp",), {"totp.codes"}),
    (("jwt",), {"sessions.access_tokens"}),
    (("argon2",), {"passwords.hashing"}),
    (("zxcvbn_rs_py", "zxcvbn"), {"passwords.policy"}),
    (("email_validator",), {"accounts.emails"}),
    (("ua_parser",), {"sessions.devices"}),
    (("alembic",), {"migrations"}),
    (("uvicorn",), {"server"}),
    (("click",), {"cli"}),
    (("os.environ", "os.getenv", "os.environb", "dotenv"), {"settings.loading"}),
    (("secrets", "random", "os.urandom"), {"core.tokens"}),
    # The stores are waited for by these three before anything of the service exists, in a process of its own even.
    (("time",), {"core.clock", "embedded.lifeline", "embedded.process", "embedded.server"}),
    ((*(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")), "datetime.date.today"), {"core.clock"}),
    # The embedded server is asked whether it is up by a plain client: no epoch, no pool.
    (("redis",), {"core.redis", "embedded.redis"}),
]


@pytest.mark.parametrize(("library", "doors"), DOORS, ids=[library[0] for library, _ in DOORS])
def test_one_door_per_library(library: tuple[str, ...], doors: set[str]) -> None:
    """Rule 3: nobody else imports it or reaches into it."""
    assert {module.name for module in modules() if module.uses(*library)} <= doors


def names_error_status(module: Module) -> bool:
    """Whether a status code of an error stands in a module, as a number or by its name in Litestar."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and node.value in STATUS.values():
            return True
        if isinstance(node, ast.alias) and node.name.startswith(("HTTP_4", "HTTP_5")):
            return True
    return False


def test_only_problem_documents_know_status_codes() -> None:
    """Services name what went wrong; `problems` alone says which status that is.

    `health` answers 503 as its report, to load balancers that read nothing else.
    """
    assert {module.name for module in modules() if names_error_status(module)} <= {"problems", "health"}


def test_one_place_issues_a_session() -> None:
    """`SignIn` is the only caller of `SessionService.issue`."""
    callers = {
        module.name
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "issue" and not ast.unparse(node).endswith("tokens.issue")
    }
    assert callers == {"signin.service"}


def leaves(error: type[AuthError]) -> set[type[AuthError]]:
    """Every error below that has a code, itself included."""
    found = {error} if "code" in vars(error) else set()
    return found.union(*(leaves(below) for below in error.__subclasses__()))


def test_every_error_has_a_status() -> None:
    """An error that is added without one would be answered by a 500."""
    assert leaves(AuthError) == set(STATUS)
    assert set(STATUS.values()) <= set(TITLES)

"""docs/errors.md."""

from tests.architecture.source import REPOSITORY
from tests.docs.errors_reference import errors_reference


def test_the_page_of_errors_is_current() -> None:
    """Every error of the service stands in it, with the status and headers it has today; else run `make generate`."""
    assert (REPOSITORY / "docs" / "errors.md").read_text("utf-8") == errors_reference()

"""docs/errors.md, made from the errors and their status codes: ``python -m tests.docs.errors_reference``."""

import sys

from hybrid_auth.problems import STATUS, headers_of, problem_of
from tests.docs.samples import sample

_INTRODUCTION = """\
# Errors

<!-- Made from src/hybrid_auth/core/errors.py and problems.py by `make generate`; a test compares the two. -->

Every error is a problem document (RFC 9457) of the type `application/problem+json`:

```json
{
  "type": "urn:hybrid-auth:problem:not_found",
  "title": "Not Found",
  "status": 404,
  "detail": "There is nothing here.",
  "code": "not_found"
}
```

Switch on `code`, which is stable; `detail` is for people and may change. Some documents say more, as the third column
tells; `X-Request-ID` of the answer names the request. A mistake of ours is `internal_error`, 500, and never says what
went wrong. Some codes belong to parts that are not built yet; they are here because clients are written against them.

| status | code | also | for a person |
|---|---|---|---|
"""


def errors_reference() -> str:
    """The page, one row per error, by status and code."""
    rows = []
    for kind, status in sorted(STATUS.items(), key=lambda item: (item[1], item[0].code)):
        error = sample(kind)
        problem = problem_of(error)
        extra = [f"`{name}`" for name in ("errors", "methods", "reason") if getattr(problem, name)]
        extra += [f"`{_spelt(name)}: {value}`" for name, value in headers_of(error).items() if "retry" not in name]
        extra += ["`Retry-After`" for name in headers_of(error) if "retry" in name]
        rows.append(f"| {status} | `{kind.code}` | {' · '.join(extra)} | {kind.detail} |")
    return _INTRODUCTION + "\n".join(rows) + "\n"


def _spelt(header: str) -> str:
    return header.title().replace("Www-", "WWW-")


if __name__ == "__main__":
    sys.stdout.write(errors_reference())

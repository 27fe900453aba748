"""A running service for each module; every test has people of its own in it."""

from tests.http.conftest import service

__all__ = ["service"]

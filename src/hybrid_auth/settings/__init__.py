"""Settings: environment and `.env` in, one frozen validated object out. The only reader of the environment."""

from hybrid_auth.settings.loading import load_settings
from hybrid_auth.settings.model import Settings
from hybrid_auth.settings.production import check_production, production_warnings
from hybrid_auth.settings.reference import configuration_reference, generate_env
from hybrid_auth.settings.urls import host_name

__all__ = [
    "Settings",
    "check_production",
    "configuration_reference",
    "generate_env",
    "host_name",
    "load_settings",
    "production_warnings",
]

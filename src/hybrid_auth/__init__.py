"""Self-hosted sign-in for Python: passwords, passkeys and two-factor over one revocable session service."""

from hybrid_auth.app import create_app
from hybrid_auth.core.config import AuthConfig
from hybrid_auth.core.errors import AuthError
from hybrid_auth.core.principal import Principal
from hybrid_auth.guards import requires_session
from hybrid_auth.plugin import HybridAuth
from hybrid_auth.sessions.session import Session

__all__ = ("AuthConfig", "AuthError", "HybridAuth", "Principal", "Session", "create_app", "requires_session")

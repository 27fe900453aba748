"""What browsers and password managers look for, and who may use our passkeys."""

from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.authenticator import Authenticator
from tests.support.passkeys import sign_in, with_passkey
from tests.support.service import Service, open_service, problem


async def test_passkey_endpoints(service: Service) -> None:
    """Where passkeys are made and managed."""
    answer = await service.http().get("/.well-known/passkey-endpoints")
    assert answer.headers["content-type"] == "application/json"
    page = "http://localhost:8001/account#passkeys"
    assert answer.json() == {"enroll": page, "manage": page}


async def test_no_related_origins(service: Service) -> None:
    """Where there is one origin only, there is no such document."""
    assert problem(await service.http().get("/.well-known/webauthn"))[0] == 404


async def test_related_origins(database_url: str, redis_server: EmbeddedRedis) -> None:
    """What is published is what is accepted (§5.11), without cookies or a session."""
    related = "https://shop.example.net"
    async with open_service(
        database_url, redis_server.url, allowed_origins=f"http://localhost:8001,{related}"
    ) as service:
        answer = await service.http().get("/.well-known/webauthn")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == {"origins": ["http://localhost:8001", related]}
        _, authenticator = await with_passkey(service, Authenticator(origin=related))
        assert (await sign_in(service.browser(), authenticator)).status_code == 200
        authenticator.origin = "https://example.net"
        assert problem(await sign_in(service.browser(), authenticator))[0] == 400

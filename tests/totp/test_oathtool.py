"""`oathtool` of the OATH Toolkit as the authenticator app: a generator that shares no line with ours."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.support.service import Client, Service
from tests.support.two_factor import ACTIVATE, ENROLL, first_step, second_step

Generate = Callable[[str], str]


@pytest.fixture
def oathtool(service: Service) -> Generate:
    """Six digits of a base32 secret at the service's moment; without the tool, said loudly, and on CI a failure."""
    tool = shutil.which("oathtool")
    if tool is None:
        reason = "NOT COMPARED WITH ANOTHER GENERATOR: there is no oathtool. On Debian: apt install oathtool."
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)

    def generate(secret: str) -> str:
        moment = service.clock.now().strftime("%Y-%m-%d %H:%M:%S UTC")
        made = subprocess.run([tool, "--totp", "-b", "-N", moment, secret], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    return generate


async def _enrolled(client: Client) -> str:
    offered = await client.post(ENROLL)
    assert offered.status_code == 200, offered.text
    return str(offered.json()["secret"])


async def test_its_codes_activate_and_sign_in(service: Service, oathtool: Generate) -> None:
    """With the secret as it is shown."""
    person, client = await service.signed_in()
    secret = await _enrolled(client)
    assert (await client.post(ACTIVATE, {"code": oathtool(secret)})).status_code == 200
    for _ in range(20):
        service.clock.advance(seconds=30)
        browser = service.browser()
        answer = await second_step(browser, await first_step(browser, person), oathtool(secret))
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "authenticated"


async def test_its_clock_may_run_half_a_minute_wrong(service: Service, oathtool: Generate) -> None:
    """A code of 60 s ago is refused, and it is said by how much the clock is wrong."""
    person, client = await service.signed_in()
    secret = await _enrolled(client)
    assert (await client.post(ACTIVATE, {"code": oathtool(secret)})).status_code == 200
    service.clock.advance(minutes=10)
    for late in (60, 30):
        code = oathtool(secret)
        service.clock.advance(seconds=late)
        answer = await second_step(service.browser(), await first_step(service.browser(), person), code)
        if late == 30:
            assert answer.status_code == 200
        else:
            assert (answer.json()["code"], answer.json()["clock_drift"]) == ("invalid_code", -60)
        service.clock.advance(minutes=10)

"""One Redis node: its epoch, and replies that never get mixed up."""

import asyncio
from collections.abc import Callable

import pytest
from redis.exceptions import ResponseError

from hybrid_auth.core.errors import Unavailable
from hybrid_auth.core.redis import RedisNode, Script, epoch_of
from hybrid_auth.embedded.redis import EmbeddedRedis
from tests.support.proxy import redis_proxy

BURY = Script("hybrid_auth.sessions.lua", "bury")
KEYS = ("{x}:s", "{x}:t", "{x}:d")
INFO = "# Server\r\nrun_id:{run}\r\n\n# Replication\r\nrole:master\r\nmaster_replid:{replid}\r\n"


def test_epoch() -> None:
    """Run id, replication id and the operator's number each make another epoch."""
    first = epoch_of(INFO.format(run="a" * 40, replid="b" * 40), None)
    assert first == "a" * 16 + "." + "b" * 16 + ".0"
    others = [
        epoch_of(INFO.format(run="c" * 40, replid="b" * 40), None),
        epoch_of(INFO.format(run="a" * 40, replid="c" * 40), None),
        epoch_of(INFO.format(run="a" * 40, replid="b" * 40), b"1"),
    ]
    assert len({first, *others}) == 4


async def test_one_epoch_over_all_connections(redis_url: str) -> None:
    """Connections to one node agree, also when many are opened at once."""
    node = RedisNode(redis_url)
    try:
        replies = await asyncio.gather(*(node.command("ECHO", str(number)) for number in range(50)))
        assert [reply.value for reply in replies] == [str(number).encode() for number in range(50)]
        assert len({reply.epoch for reply in replies}) == 1
    finally:
        await node.aclose()


async def test_restart_and_fail_over(start_redis: Callable[..., EmbeddedRedis]) -> None:
    """A restart makes another epoch; while the node is away every command is Unavailable."""
    redis = start_redis()
    node = RedisNode(redis.url)
    try:
        before = (await node.command("PING")).epoch
        await asyncio.to_thread(redis.stop)
        with pytest.raises(Unavailable):
            await node.command("PING")
        await asyncio.to_thread(redis.start)
        replies = await asyncio.gather(*(node.command("PING") for _ in range(10)))
        assert {reply.epoch for reply in replies} == {replies[0].epoch} != {before}
    finally:
        await node.aclose()


@pytest.mark.parametrize("during", [b"run_id", b"first"])
async def test_a_cancelled_command_leaves_no_reply_behind(redis_url: str, during: bytes) -> None:
    """Whether it was reconnecting or waiting, a cancelled caller's late reply never answers somebody else's command."""
    async with redis_proxy(redis_url) as (proxy, url):
        node = RedisNode(url, max_connections=1)
        try:
            await node.command("PING")
            if during == b"run_id":
                with proxy.away(), pytest.raises(Unavailable):
                    await node.command("PING")
            late = proxy.trap("reply", during)
            call = asyncio.create_task(node.command("ECHO", "first"))
            await late.caught()
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            # The late reply travels in the worst moment: when the next command was sent and waits for its own.
            sent = proxy.trap("request", b"second")
            waiting = asyncio.create_task(node.command("ECHO", "second"))
            await sent.caught()
            late.release()
            sent.release()
            assert (await waiting).value == b"second"
            assert (await node.command("ECHO", "third")).value == b"third"
        finally:
            await node.aclose()


async def test_a_node_that_cannot_serve(start_redis: Callable[..., EmbeddedRedis]) -> None:
    """A full or read-only node is an outage; a mistake in a command of ours is not."""
    redis = start_redis()
    node = RedisNode(redis.url)
    try:
        await node.command("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(Unavailable):
            await node.command("SET", "key", "value")
        await node.command("CONFIG", "SET", "maxmemory", "0")
        await node.command("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(Unavailable):
            await node.command("SET", "key", "value")
        with pytest.raises(Unavailable):
            await node.evaluate(BURY, KEYS, lambda _: (1000,))
        await node.command("REPLICAOF", "NO", "ONE")
        assert (await node.evaluate(BURY, KEYS, lambda _: (1000,))).value == 1
        for mistake in (("SET", "key"), ("NOSUCHCOMMAND",), ("LPUSH", KEYS[2], "value")):
            with pytest.raises(ResponseError):
                await node.command(*mistake)
    finally:
        await node.aclose()


async def test_silence_is_an_outage(redis_url: str) -> None:
    """A reply that does not come within the timeout is Unavailable, and its connection is given up."""
    async with redis_proxy(redis_url) as (proxy, url):
        node = RedisNode(url, timeout=0.2, max_connections=1)
        try:
            trap = proxy.trap("answer", b"hello")
            with pytest.raises(Unavailable):
                await node.command("ECHO", "hello")
            trap.release()
            assert (await node.command("ECHO", "again")).value == b"again"
        finally:
            await node.aclose()

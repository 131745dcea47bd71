"""The broker is ours alone: where it listens, who may enter, what stays when it is stopped."""

import contextlib
import subprocess
from pathlib import Path

import aio_pika
import pytest

from invx.infra.embedded_rabbit import Rabbit, find_rabbit
from invx.infra.supervised import ProgramFailed
from tests.waiting import HANG_SECONDS


def addresses(*pids: int) -> set[str]:
    """Where processes listen, by the kernel."""
    ports = set()
    for table in ("tcp", "tcp6"):
        for text in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = text.split()[1], text.split()[3], text.split()[9]
            if state == "0A" and any(_has(pid, inode) for pid in pids):
                ports.add(local.partition(":")[0])
    return ports


def _has(pid: int, inode: str) -> bool:
    return f"socket:[{inode}]" in _open(pid)


def _open(pid: int) -> set[str]:
    """None of one that is gone: the broker starts some that look at its machine for a moment."""
    found = set()
    with contextlib.suppress(OSError):
        for each in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                found.add(str(each.readlink()))
    return found


def session(leader: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "-s", str(leader)], capture_output=True, text=True)
    return [int(pid) for pid in listed.stdout.split()]


def test_it_listens_to_this_machine_only(rabbit: Rabbit) -> None:
    broker = rabbit.broker.pid
    assert broker is not None
    heard = addresses(*session(broker))
    assert heard
    assert heard <= {"0100007F", "00000000000000000000000001000000"}


async def test_nobody_enters_without_the_password(rabbit: Rabbit) -> None:
    for login in ("guest:guest", "invx:guess"):
        with pytest.raises(ConnectionError):
            await aio_pika.connect(f"amqp://{login}@127.0.0.1:{rabbit.port}/")
    connection = await aio_pika.connect(rabbit.url)
    assert not connection.is_closed
    await connection.close()


def test_its_secrets_are_its_owners(rabbit: Rabbit) -> None:
    for name in ("broker.json", "etc/rabbitmq.conf", "home/.erlang.cookie"):
        assert (rabbit.base / name).stat().st_mode & 0o077 == 0, name
    assert rabbit.base.stat().st_mode & 0o777 == 0o700


async def test_what_was_confirmed_is_there_after_a_stop_and_a_start(tmp_path: Path) -> None:
    with Rabbit(tmp_path / "broker") as first:
        url = first.url
        connection = await aio_pika.connect(url)
        channel = await connection.channel()
        await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
        await channel.default_exchange.publish(aio_pika.Message(b"hello"), "kept")
        await connection.close()
    with Rabbit(tmp_path / "broker") as second:
        assert second.url == url  # clients find it where it was
        connection = await aio_pika.connect(url)
        channel = await connection.channel()
        queue = await channel.declare_queue("kept", passive=True)
        message = await queue.get(timeout=HANG_SECONDS)
        assert message is not None
        assert message.body == b"hello"
        await connection.close()


def test_without_rabbitmq_it_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="apt-get install rabbitmq-server"):
        find_rabbit(tmp_path)

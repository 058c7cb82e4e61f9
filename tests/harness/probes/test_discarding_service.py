from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harness.errors import NotHere, TargetError

if sys.platform != "linux":
    pytest.skip("a D-Bus is of Linux", allow_module_level=True)

import secretstorage
from jeepney.io.blocking import open_dbus_connection

from harness.machine.secret_service import find_secret_service, start_bus
from harness.probes.discarding_service import AlteringService, DiscardingService
from harness.probes.secret_service import list_entries


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    try:
        find_secret_service()
    except NotHere as absent:
        pytest.skip(str(absent))
    bus, address = start_bus(tmp_path, os.environ)
    yield address
    bus.terminate()
    bus.wait(5)


def test_a_secret_is_accepted_and_gone(address: str) -> None:
    with closing(DiscardingService(address)), closing(open_dbus_connection(bus=address)) as connection:
        collection = secretstorage.get_default_collection(connection)
        assert not collection.is_locked()
        collection.create_item("label", {"service": "s", "username": "u"}, b"witness", replace=True)
        assert list(collection.search_items({"service": "s"})) == []
        assert list_entries(address) == frozenset()


def test_a_secret_is_found_again_as_another_until_it_is_deleted(address: str) -> None:
    with closing(AlteringService(address)), closing(open_dbus_connection(bus=address)) as connection:
        collection = secretstorage.get_default_collection(connection)
        assert list(collection.search_items({"service": "s"})) == []
        collection.create_item("label", {"service": "s", "username": "u"}, b"witness", replace=True)
        (item,) = collection.search_items({"service": "s"})
        assert item.get_secret() == b"another value"
        item.delete()
        assert list(collection.search_items({"service": "s"})) == []


def test_two_of_them_do_not_share_a_bus(address: str) -> None:
    with closing(DiscardingService(address)), pytest.raises(TargetError, match="already"):
        DiscardingService(address)

"""The tap on a store of secrets: it tells what was asked and answered, and withholds what it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from harness.probes.secret_store_tap import SecretStoreTap

NAMES = ("/app/dev/auth/one", "/app/dev/auth/two", "/app/prod/auth/one")


def ssm(url: str) -> Any:
    return boto3.Session("x", "x", region_name="eu-west-1").client("ssm", endpoint_url=url)


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with closing(ssm(f"http://{host}:{port}")) as client:
        for name in NAMES:
            client.put_parameter(Name=name, Value=f"value of {name}", Type="SecureString")
    yield f"http://{host}:{port}"
    server.stop()


def read(store: str, withheld: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    with closing(SecretStoreTap(store, withheld)) as tap, closing(ssm(tap.url)) as client:
        found = client.get_parameters_by_path(Path="/app/dev/auth/", WithDecryption=True)["Parameters"]
        return {one["Name"]: one["Value"] for one in found}, tap.names


def test_without_anything_withheld_it_changes_nothing(store: str) -> None:
    found, names = read(store, {})
    assert found == {name: f"value of {name}" for name in NAMES[:2]}
    assert names == ("/app/dev/auth/", *NAMES[:2])


def test_a_missing_one_is_left_out_and_an_empty_one_emptied(store: str) -> None:
    assert read(store, {NAMES[0]: "missing"})[0] == {NAMES[1]: f"value of {NAMES[1]}"}
    assert read(store, {NAMES[0]: "empty"})[0] == {NAMES[0]: "", NAMES[1]: f"value of {NAMES[1]}"}


def test_single_names_are_noted_also_where_there_is_none(store: str) -> None:
    with closing(SecretStoreTap(store, {})) as tap, closing(ssm(tap.url)) as client:
        client.get_parameter(Name=NAMES[2])
        client.get_parameters(Names=["/app/x", "/app/y"])
        with pytest.raises(client.exceptions.ParameterNotFound):
            client.get_parameter(Name="/app/staging/one")
        assert set(tap.names) == {NAMES[2], "/app/x", "/app/y", "/app/staging/one"}

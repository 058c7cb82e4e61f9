"""Other programs and the store read each other's entries: Python keyring, and secret-tool of libsecret."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from reference_impl.session_store import open_session_store
from reference_impl.session_store.model import Entry

TOKEN = Entry("interop", "dev", "alice", "refresh_token")

pytestmark = pytest.mark.skipif(
    shutil.which("secret-tool") is None, reason="secret-tool is not installed (Debian: apt install libsecret-tools)"
)

_KEYRING = """
import sys
from keyring.backends.SecretService import Keyring
operation, service, username = sys.argv[1:4]
if operation == "set":
    Keyring().set_password(service, username, sys.stdin.read())
else:
    print(Keyring().get_password(service, username), end="")
"""


def run(environ: dict[str, str], *command: str, text: str = "") -> str:
    done = subprocess.run(command, env=environ, input=text, capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


def test_what_python_keyring_writes_is_read_by_secret_tool(secret_service: dict[str, str]) -> None:
    names = ("a-service", "a-user")
    run(secret_service, sys.executable, "-c", _KEYRING, "set", *names, text="written by keyring")
    found = run(secret_service, "secret-tool", "lookup", "service", names[0], "username", names[1])
    assert found == "written by keyring"


def test_what_secret_tool_writes_is_read_by_python_keyring(secret_service: dict[str, str]) -> None:
    attributes = ("service", "b-service", "username", "b-user", "application", "Python keyring library")
    run(secret_service, "secret-tool", "store", "--label=x", *attributes, text="written by secret-tool")
    assert run(secret_service, sys.executable, "-c", _KEYRING, "get", "b-service", "b-user") == "written by secret-tool"


def test_what_the_store_sets_is_read_by_secret_tool(secret_service: dict[str, str]) -> None:
    store = open_session_store(TOKEN.app, environ=secret_service)
    store.set(TOKEN.stage, TOKEN.account, TOKEN.item, "set by the store")
    store.close()
    found = run(secret_service, "secret-tool", "lookup", "service", TOKEN.service, "username", TOKEN.username)
    generation, _, text = found.partition(";")
    assert generation.isdigit()
    assert text == "text:set by the store"


def test_what_secret_tool_replaces_is_read_by_the_store_and_an_item_beside_ours_is_not_taken_for_it(
    secret_service: dict[str, str],
) -> None:
    names = ("service", TOKEN.service, "username", TOKEN.username)
    run(secret_service, "secret-tool", "store", "--label=x", *names, text="text:set by secret-tool")
    store = open_session_store(TOKEN.app, environ=secret_service)
    assert store.get(TOKEN.stage, TOKEN.account, TOKEN.item) == "set by secret-tool"
    store.clear(TOKEN.stage, TOKEN.account)
    store.set(TOKEN.stage, TOKEN.account, TOKEN.item, "set by the store")
    assert store.get(TOKEN.stage, TOKEN.account, TOKEN.item) == "set by the store"
    store.clear(TOKEN.stage, TOKEN.account)
    store.close()

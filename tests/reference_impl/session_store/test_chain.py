from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.time_limit import TimeLimit
from reference_impl.parts import Part, Parts
from reference_impl.session_store import KeyFile, SessionStore, StoreChain, open_session_store, worker
from reference_impl.session_store.acceptance import SECRET_SERVICE, WEAK
from reference_impl.session_store.advice import _FIXES, HANGING
from reference_impl.session_store.encrypted_file import EncryptedFiles
from reference_impl.session_store.errors import BackEndTimedOut, BackEndUnavailable, NotFound
from reference_impl.session_store.memory import MemoryBackEnd
from reference_impl.session_store.model import BackEnd, Entry, StorageStatus

PROBE = Entry("app", "dev", "alice", "refresh_token")


def chain(environ: Mapping[str, str], *names: str, **rules: object) -> tuple[SessionStore, list[Mapping[str, object]]]:
    """Open a chain over the given back ends of conftest.py, trusted by name; return the store and what was logged."""
    logged: list[Mapping[str, object]] = []
    plain = StoreChain("app", environ, time_limit=1.5, log=logged.append, refuse_name=lambda name: None)
    return replace(plain, candidates=lambda: names, **rules).open(), logged  # type: ignore[arg-type]


def expect_memory_only(store: SessionStore) -> None:
    status = store.status()
    assert status.mode == "memory-only"
    assert status.warning is not None
    assert "lost on exit" in status.warning.consequence
    store.set("dev", "alice", "refresh_token", "works all the same")
    assert store.get("dev", "alice", "refresh_token") == "works all the same"


def test_a_sound_back_end_passes_all_four_steps_and_is_used(private: dict[str, str]) -> None:
    store, logged = chain(private, "defective.Sound")
    assert store.status().mode == "secure"
    assert [step.name for step in store.self_tests[0].steps] == ["write", "read-back", "delete", "gone"]
    assert store.self_tests[0].passed
    assert not logged
    assert not list(Path(private["HOME"]).glob("app.self-test*"))
    store.close()


@pytest.mark.parametrize(
    ("name", "step"),
    [("Discarding", "write"), ("ProcessOnly", "read-back"), ("FirstLine", "write"), ("Undying", "delete"),
     ("Hanging", "write"), ("Crashing", "write")],
)  # fmt: skip
def test_the_self_test_finds_a_defective_back_end_before_the_first_sign_in(
    private: dict[str, str], name: str, step: str
) -> None:
    store, logged = chain(private, f"defective.{name}")
    expect_memory_only(store)
    assert store.self_tests[0].steps[-1].name == step
    assert not store.self_tests[0].passed
    assert [record["record"] for record in logged] == ["storage-degraded"]


@pytest.mark.parametrize("files", [False, True])
@pytest.mark.parametrize(
    ("name", "told"), [("defective.Hanging", HANGING), ("defective.Discarding", None), ("no.such.Keyring", None)]
)
def test_a_user_whose_keyring_hangs_is_not_told_to_install_one(
    private: dict[str, str], tmp_path: Path, name: str, told: str | None, files: bool
) -> None:
    allowed = EncryptedFiles(KeyFile(tmp_path / "keys" / "key")) if files else None
    store, _ = chain(private, name, encrypted_files=allowed)
    status = store.status()
    assert status.mode == ("encrypted-file" if files else "memory-only")
    assert status.warning is not None
    assert status.warning.fix == (told or _FIXES.get(sys.platform, _FIXES["linux"]))
    store.close()


def test_a_missing_back_end_gives_way_to_the_next_one(private: dict[str, str]) -> None:
    store, _ = chain(private, "no.such.Keyring", "defective.Sound")
    assert store.status().back_end == "defective.Sound"
    assert store.rejections[0].back_end == "no.such.Keyring"
    store.close()


def test_a_back_end_that_is_there_but_fails_gives_way_to_memory_only(private: dict[str, str]) -> None:
    store, _ = chain(private, "defective.Discarding", "defective.Sound")
    expect_memory_only(store)


def test_a_replaced_back_end_takes_the_self_test_too(private: dict[str, str]) -> None:
    class Forgetful:
        def __init__(self, real: object) -> None:
            self.real = real

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

        def write(self, entry: Entry, stored: str) -> None:
            """Keep nothing."""

    store, _ = chain(private, "defective.Sound", parts=Parts({Part.STORE_BACK_END: (Forgetful,)}))
    assert store.status().mode == "memory-only"
    assert store.self_tests[0].steps[-1].name == "read-back"


def choose_by_environment(environ: dict[str, str], name: str) -> str | None:
    environ["PYTHON_KEYRING_BACKEND"] = name
    return None


def choose_by_file(environ: dict[str, str], name: str) -> str | None:
    file = Path(environ["XDG_CONFIG_HOME"], "python_keyring", "keyringrc.cfg")
    file.parent.mkdir(parents=True)
    file.write_text(f"[backend]\ndefault-keyring={name}\n")
    return None


def choose_by_switch(environ: dict[str, str], name: str) -> str | None:
    return name


@pytest.mark.parametrize("name", [*WEAK, "defective.Sound", "no.such.Keyring"])
@pytest.mark.parametrize("choose", [choose_by_environment, choose_by_file, choose_by_switch])
def test_a_weak_choice_of_the_user_leads_to_memory_only_with_a_warning_that_names_it(
    private: dict[str, str], choose: Callable[[dict[str, str], str], str | None], name: str
) -> None:
    store = open_session_store("app", environ=private, switch=choose(private, name))
    expect_memory_only(store)
    warning = store.status().warning
    assert warning is not None
    assert name in warning.fix
    assert not [file for file in Path(private["HOME"]).rglob("*") if file.is_file() and file.name != "keyringrc.cfg"]


@pytest.mark.parametrize(
    "text",
    ["no section", "[backend]\nkeyring-path=/tmp/evil\ndefault-keyring=keyring.backends.SecretService.Keyring", "\xff"],
)
def test_a_configuration_file_that_cannot_be_followed_leads_to_memory_only(private: dict[str, str], text: str) -> None:
    file = Path(private["XDG_CONFIG_HOME"], "python_keyring", "keyringrc.cfg")
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("latin-1"))
    store = open_session_store("app", environ=private)
    expect_memory_only(store)
    [rejection] = store.rejections
    assert rejection.source == f"the file {file}"
    assert "cannot be read" in rejection.reason or "keyring-path" in rejection.reason


def test_without_a_bus_the_chain_ends_in_memory_and_logs_once_without_a_secret(
    private: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    expect_memory_only(open_session_store("app", environ=private))
    assert [record.getMessage() for record in caplog.records] == ["storage-degraded"]


def test_what_is_set_is_there_after_a_restart(secret_service: dict[str, str]) -> None:
    for expected in ((), ("refresh_token",)):
        store = open_session_store("restarted", environ=secret_service)
        assert store.status().back_end == SECRET_SERVICE
        assert store.items("dev", "alice") == expected
        store.set("dev", "alice", "refresh_token", "kept")
        store.close()


def test_the_session_collection_of_the_secret_service_is_refused(secret_service: dict[str, str]) -> None:
    collection = "/org/freedesktop/secrets/collection/session"
    environ = {**secret_service, "KEYRING_PROPERTY_PREFERRED_COLLECTION": collection}
    expect_memory_only(open_session_store("app", environ=environ))


def test_a_hanging_call_ends_at_the_time_limit_and_the_next_one_works(open_back_end: Callable[[str], BackEnd]) -> None:
    back_end = open_back_end("Hanging")
    with TimeLimit(60), pytest.raises(BackEndTimedOut):
        back_end.write(PROBE, "value")
    with pytest.raises(NotFound):
        back_end.read(PROBE)


def test_the_worker_ends_with_its_parent_even_in_a_call_that_hangs(private: dict[str, str]) -> None:
    request = {"op": "write", "back_end": "defective.Hanging", "service": "s", "username": "u", "password": "p"}
    command = [sys.executable, "-P", worker.__file__]
    with subprocess.Popen(command, env=private, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.close()
        try:
            assert process.wait(5) == 0
        finally:
            process.kill()


def test_a_failure_of_a_write_never_quotes_the_value(open_back_end: Callable[[str], BackEnd]) -> None:
    with pytest.raises(BackEndUnavailable) as failed:
        open_back_end("Talkative").write(PROBE, "the-secret-value")
    assert "the-secret-value" not in str(failed.value)
    assert "ValueError" in str(failed.value)


def test_a_set_that_fails_in_mid_run_warns_until_one_succeeds() -> None:
    class Flaky(MemoryBackEnd):
        broken = True

        def write(self, entry: Entry, stored: str) -> None:
            if self.broken:
                raise BackEndUnavailable("the disk is full")
            super().write(entry, stored)

    back_end = Flaky()
    store = SessionStore("app", back_end, StorageStatus("secure", "flaky"))
    with pytest.raises(BackEndUnavailable):
        store.set("dev", "alice", "refresh_token", "new")
    assert store.status().warning is not None
    back_end.broken = False
    store.set("dev", "alice", "refresh_token", "new")
    assert store.status().warning is None

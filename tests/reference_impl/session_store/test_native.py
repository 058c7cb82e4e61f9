"""What is mended of keyring's Windows and macOS back ends, over stand-ins of what the systems offer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from keyring.errors import KeyringLocked, PasswordSetError

from reference_impl.session_store import native


class Security:
    """As much of the Security framework as is used: entries by service and account."""

    OS_status = int
    error = SimpleNamespace(item_not_found=-25300)

    class Error(Exception):
        @staticmethod
        def raise_for_status(status: int) -> None:
            if status == -128:
                raise Security.KeychainDenied(status)
            if status:
                raise Security.Error(status)

    class KeychainDenied(Error):
        pass

    def __init__(self, refusal: int = 0) -> None:
        self.kept: dict[tuple[str, str], str] = {}
        self.refusal = refusal
        self._sec = SimpleNamespace(SecItemUpdate=SimpleNamespace(__call__=None))
        self._sec.SecItemUpdate = Callee(self.update)

    def k_(self, name: str) -> str:
        return name

    def create_query(self, **fields: str) -> dict[str, str]:
        return fields

    def update(self, query: dict[str, str], change: dict[str, str]) -> int:
        name = (query["kSecAttrService"], query["kSecAttrAccount"])
        if self.refusal:
            return self.refusal
        if name not in self.kept:
            return -25300
        self.kept[name] = change["kSecValueData"]
        return 0

    def SecItemAdd(self, query: dict[str, str], result: None) -> int:  # noqa: N802 its name there
        self.kept[query["kSecAttrService"], query["kSecAttrAccount"]] = query["kSecValueData"]
        return 0


class Callee:
    """A function whose types can be set, as those of ctypes."""

    restype: Any
    argtypes: Any

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)


def test_a_keychain_entry_is_added_once_and_then_updated_in_place() -> None:
    security = Security()
    for value in ("first", "second"):
        native.set_macos(security, "service", "user", value)
        assert security.kept == {("service", "user"): value}


@pytest.mark.parametrize(("status", "error"), [(-128, KeyringLocked), (-25308, PasswordSetError)])
def test_a_keychain_that_refuses_keeps_the_old_value(status: int, error: type[Exception]) -> None:
    security = Security()
    native.set_macos(security, "service", "user", "old")
    security.refusal = status
    with pytest.raises(error):
        native.set_macos(security, "service", "user", "new")
    assert security.kept == {("service", "user"): "old"}


def test_a_windows_entry_has_a_target_of_its_own_and_stays_on_the_computer() -> None:
    written = []

    class Locker:
        persist = 3

        def _compound_name(self, username: str, service: str) -> str:
            return f"{username}@{service}"

        def _set_password(self, target: str, username: str, password: str) -> None:
            written.append((target, username, password, self.persist))

    Locker.__module__ = "keyring.backends.Windows"
    locker: Any = Locker()
    native.mend(locker)
    locker.set_password("service", "user", "value")
    assert written == [("user@service", "user", "value", 2)]

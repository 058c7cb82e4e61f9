"""A desktop whose keyring is locked: it says so, keeps what is stored, and goes on without a new sign-in."""

from __future__ import annotations

from pathlib import Path

from tests.reference_impl.desktop.conftest import Desktop, StartDesktop
from tests.reference_impl.desktop.test_desktop import Issuer, sign_in

LOCKABLE = """

from keyring.errors import KeyringLocked

class Lockable(Sound):
    def _file(self, service, username):
        if os.path.exists(os.path.join(os.environ["HOME"], "lock")):
            raise KeyringLocked("locked")
        return super()._file(service, username)
"""


def lock(tmp_path: Path) -> Path:
    """Lock the store until the file is removed."""
    file = tmp_path / "home" / "lock"
    file.touch()
    return file


def begin(start: StartDesktop, tmp_path: Path) -> Desktop:
    with (tmp_path / "back_ends.py").open("a") as modules:
        modules.write(LOCKABLE)
    return start("Lockable")


def items(desktop: Desktop) -> list[str]:
    found: list[str] = desktop.do("store", op="items", stage="dev", account="default")["items"]
    return found


def test_a_start_with_a_locked_keyring_resumes_the_session_once_it_is_unlocked(
    start: StartDesktop, issuer: Issuer, tmp_path: Path
) -> None:
    first = begin(start, tmp_path)
    sign_in(first, issuer[0])
    first.close()
    locked = lock(tmp_path)
    desktop = start("Lockable")
    assert desktop.ready["storage"]["mode"] == "locked"
    assert desktop.ready["signed_in"] is False
    page = desktop.open_window().text
    assert "Your keyring is locked" in page
    assert 'action="/unlock"' in page
    assert "still locked" in desktop.post("/unlock", {"Origin": desktop.origin}).text
    assert desktop.do("unlock")["error"] == "BackEndLocked"
    locked.unlink()
    assert "Welcome" in desktop.post("/unlock", {"Origin": desktop.origin}).text
    assert desktop.do("call", path="/me")["status"] == 200
    desktop.close()


def test_a_refresh_while_the_keyring_is_locked_is_stored_when_it_is_unlocked(
    start: StartDesktop, issuer: Issuer, tmp_path: Path
) -> None:
    desktop = begin(start, tmp_path)
    sign_in(desktop, issuer[0])
    locked = lock(tmp_path)
    assert desktop.do("refresh")["ok"]
    newest = issuer[0].newest
    locked.unlink()
    assert desktop.do("unlock")["ok"]
    desktop.close()
    again = start("Lockable")
    issuer[0].sent.clear()
    assert again.do("refresh")["ok"]
    assert issuer[0].sent == [newest]
    again.close()


def test_a_sign_out_while_the_keyring_is_locked_clears_it_when_it_is_unlocked(
    start: StartDesktop, issuer: Issuer, tmp_path: Path
) -> None:
    desktop = begin(start, tmp_path)
    desktop.open_window()
    sign_in(desktop, issuer[0])
    locked = lock(tmp_path)
    assert "still holds the sign-in" in desktop.post("/logout", {"Origin": desktop.origin}).text
    locked.unlink()
    assert items(desktop) == ["refresh_token", "profile"]
    assert desktop.do("unlock")["ok"]
    assert items(desktop) == []
    assert desktop.do("status")["signed_in"] is False
    desktop.close()

"""The other browser engines: found where they are. Firefox is installed where a cell asks for it, as root on Debian."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from harness.errors import NotHere
from harness.machine.chromium import is_snap
from harness.machine.debian import apt_command, apt_install

__all__ = ["find_firefox", "find_webkit", "install_firefox"]

_FIREFOX = {
    "darwin": ("/Applications/Firefox.app/Contents/MacOS/firefox",),
    "win32": (r"C:\Program Files\Mozilla Firefox\firefox.exe", r"C:\Program Files (x86)\Mozilla Firefox\firefox.exe"),
}


def find_firefox() -> Path:
    """The executable of a Firefox. Raises NotHere."""
    for name in ("firefox-esr", "firefox"):
        if (found := shutil.which(name)) and not is_snap(Path(found)):
            return Path(found)
    for place in _FIREFOX.get(sys.platform, ()):
        if Path(place).is_file():
            return Path(place)
    raise NotHere("no Firefox", apt_command("firefox-esr") if shutil.which("apt-get") else "install Firefox")


def install_firefox() -> Path:
    """Installs Debian's Firefox. Raises NotHere."""
    apt_install("Firefox", "firefox-esr")
    return find_firefox()


def find_webkit() -> Path:
    """The WebDriver of a WebKit: WebKitGTK's (with Xvfb) on Linux, Safari's on macOS. Raises NotHere."""
    if sys.platform == "darwin" and (safari := shutil.which("safaridriver")):
        return Path(safari)
    if sys.platform != "linux":
        raise NotHere(f"no WebKit for {sys.platform}", "run this cell on Linux or macOS")
    driver = shutil.which("WebKitWebDriver")
    if driver and shutil.which("xvfb-run"):
        return Path(driver)
    raise NotHere("no WebKit driver with Xvfb", apt_command("webkit2gtk-driver", "xvfb"))

"""Where the first version of this desktop kept sign-ins: in the local storage of its window, in plain text."""

from __future__ import annotations

from collections.abc import Mapping

from reference_impl.desktop.config import DesktopConfig
from reference_impl.desktop.switching import settings_folder
from reference_impl.session_store import LocalStorage

FILE = "local-storage.json"  # as that version exported it: key to text
BROWSER = "Local Storage"  # Chromium's own folder of it, a LevelDB
ITEMS = ("refresh_token", "profile")


def earlier_local_storage(environ: Mapping[str, str], config: DesktopConfig) -> LocalStorage:
    """Return the place, whether anything is there or not. Its keys are ``auth.<stage>.<item>``."""
    folder = settings_folder(environ, config.app)
    stages = (config.stage, *(stage.name for stage in config.other_stages))
    keys = {f"auth.{stage}.{item}": (stage, config.account, item) for stage in stages for item in ITEMS}
    return LocalStorage(folder / FILE, keys, (folder / BROWSER,))

"""The two scripts that run before a page's own: the preload in its isolated world, and the functions in the page's."""

from __future__ import annotations

import json
from importlib.resources import files

from reference_impl.desktop.shell.contract import contract_json
from reference_impl.desktop.shell.senders import ORIGIN


class PreloadScripts:
    """Their sources. Both are made from the same contract, and do nothing in a page of another origin."""

    def preload(self) -> str:
        """The isolated world's script; Qt's own `qwebchannel.js` goes before it."""
        return self.guarded("preload.js")

    def bridge(self) -> str:
        """The script of the page's world."""
        return self.guarded("bridge.js")

    def guarded(self, name: str) -> str:
        """Return a script with the contract as its constant, in a function that runs at the app's origin only."""
        source = files("reference_impl.desktop.shell").joinpath("static", name).read_text(encoding="utf-8")
        text = json.dumps(self.contract())
        return f'if (location.origin === "{ORIGIN}") {{ const TEXT = {text}, CONTRACT = JSON.parse(TEXT);\n{source}}}\n'

    def contract(self) -> str:
        """Return the contract that both are made from."""
        return contract_json()

"""A desktop shell with the defects that shells of others have: raw messages and Node's names in the page's world, no
policy, tokens in storages, windows that open and go anywhere, pages that read local files.

`python tests/targets/desktop_shell/open_shell.py`; its debugging port is Qt's, by QTWEBENGINE_REMOTE_DEBUGGING.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile, QWebEngineScript, QWebEngineSettings
from PySide6.QtWidgets import QApplication

PAGE = Path(__file__).with_name("open_page.html")
PRELOAD = """
window.ipcRenderer = {
  invoke: (channel) => Promise.reject(new Error(`No handler registered for '${channel}'`)),
  send: (channel) => undefined,
  on: (channel, heard) => heard({ sender: new (class WebContents { send() {} })() }),
};
window.electron = {
  ipcRenderer: window.ipcRenderer,
  open: (url) => undefined,
  onEvent: (heard) => window.ipcRenderer.on("event", heard),
};
window.process = { versions: { node: "24.0.0" } };
window.require = Object.assign((name) => ({ name }), { resolve: (name) => name });
"""
OPEN = (
    QWebEngineSettings.WebAttribute.LocalContentCanAccessFileUrls,
    QWebEngineSettings.WebAttribute.LocalContentCanAccessRemoteUrls,
    QWebEngineSettings.WebAttribute.JavascriptCanOpenWindows,
)


class OpenPage(QWebEnginePage):
    """A page that goes wherever it is led, and opens whatever it is asked for."""

    def __init__(self, profile: QWebEngineProfile, pages: list[QWebEnginePage]) -> None:
        super().__init__(profile)
        self._pages = pages
        for attribute in OPEN:
            self.settings().setAttribute(attribute, True)

    def createWindow(self, kind: QWebEnginePage.WebWindowType) -> QWebEnginePage:  # noqa: N802 - Qt's name
        self._pages.append(OpenPage(self.profile(), self._pages))
        return self._pages[-1]


def main() -> int:
    app = QApplication(sys.argv)
    pages: list[QWebEnginePage] = []
    profile = QWebEngineProfile()
    pages.append(OpenPage(profile, pages))
    script = QWebEngineScript()
    script.setSourceCode(PRELOAD)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(QWebEngineScript.ScriptWorldId.MainWorld.value)
    pages[0].scripts().insert(script)
    pages[0].load(QUrl.fromLocalFile(str(PAGE)))
    return int(app.exec())


if __name__ == "__main__":
    sys.exit(main())

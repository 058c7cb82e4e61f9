"""The windows, as Qt WebEngine shows them. All is denied that is not needed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QFile, QIODevice, QObject, Qt, QUrl, Signal, Slot
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineSettings,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWebEngineWidgets import QWebEngineView

from reference_impl.desktop.shell.dispatcher import Dispatcher
from reference_impl.desktop.shell.navigation import NavigationPolicy
from reference_impl.desktop.shell.pages import AppPages
from reference_impl.desktop.shell.scripts import PreloadScripts
from reference_impl.desktop.shell.senders import ORIGIN, SCHEME, Sender

_ON = QWebEngineSettings.WebAttribute
SETTINGS = {
    _ON.JavascriptCanOpenWindows: False,
    _ON.JavascriptCanAccessClipboard: False,
    _ON.LocalContentCanAccessRemoteUrls: False,
    _ON.LocalContentCanAccessFileUrls: False,
    _ON.AllowRunningInsecureContent: False,
    _ON.PluginsEnabled: False,
    _ON.PdfViewerEnabled: False,
    _ON.ScreenCaptureEnabled: False,
    _ON.NavigateOnDropEnabled: False,
}
WITH_BRIDGE = frozenset({"main", "palette"})
PAGES = {"main": "index.html", "palette": "palette.html", "about": "about.html"}
SIZES = {"main": (760, 560), "palette": (420, 240), "about": (420, 240)}


def register_scheme() -> None:
    """Tell Chromium of the app's own scheme; before the application object is made."""
    scheme = QWebEngineUrlScheme(SCHEME.encode())
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    scheme.setFlags(QWebEngineUrlScheme.Flag.SecureScheme | QWebEngineUrlScheme.Flag.CorsEnabled)
    QWebEngineUrlScheme.registerScheme(scheme)


class SchemeHandler(QWebEngineUrlSchemeHandler):
    """Answers requests for the app's files."""

    def __init__(self, pages: AppPages, parent: QObject) -> None:
        super().__init__(parent)
        self._pages = pages

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 - Qt's name
        """Answer one request."""
        found = self._pages.read(job.requestUrl().toString())
        if found is None or bytes(job.requestMethod().data()) != b"GET":
            job.fail(QWebEngineUrlRequestJob.Error.UrlNotFound)
            return
        body, kind, headers = found
        named = {QByteArray(name.encode()): [QByteArray(value.encode())] for name, value in headers.items()}
        job.setAdditionalResponseHeaders(named)
        buffer = QBuffer(job)
        buffer.setData(body)
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        job.reply(kind.encode(), buffer)


class Bridge(QObject):
    """One window's end of the channel in the main process. ``send`` and ``reply`` are all that it has."""

    reply = Signal(str)
    _answered = Signal(str)

    def __init__(self, dispatcher: Dispatcher, page: QWebEnginePage, window: str) -> None:
        super().__init__(page)
        self._dispatcher, self._page, self._window = dispatcher, page, window
        self._answered.connect(self._pass_on, Qt.ConnectionType.QueuedConnection)  # answers come from other threads

    @Slot(str)
    def send(self, text: str) -> None:
        """Take one message."""
        self._dispatcher.receive(text, Sender(self._page.url().toString(), self._window), self._answered.emit)

    def tell(self, text: str) -> None:
        """Send the window something that it did not ask for."""
        self._answered.emit(text)

    @Slot(str)
    def _pass_on(self, text: str) -> None:
        self.reply.emit(text)


class ShellPage(QWebEnginePage):
    """A page that goes nowhere else and opens nothing."""

    def __init__(self, profile: QWebEngineProfile, policy: NavigationPolicy, parent: QObject) -> None:
        super().__init__(profile, parent)
        self._policy = policy
        for attribute, value in SETTINGS.items():
            self.settings().setAttribute(attribute, value)
        self.loadStarted.connect(self._renew_scripts)
        self.permissionRequested.connect(lambda permission: permission.deny())
        self.newWindowRequested.connect(lambda request: self._policy.opens(request.requestedUrl().toString()))

    def acceptNavigationRequest(self, url: QUrl | str, kind: Any, is_main_frame: bool) -> bool:  # noqa: N802 - Qt's
        """Decide on a navigation."""
        return self._policy.allows(url.toString() if isinstance(url, QUrl) else url)

    def _renew_scripts(self) -> None:
        """Qt forgets a page's scripts where a refused navigation would have changed its process."""
        known = self.scripts().toList()
        self.scripts().clear()
        self.scripts().insert(known)

    def javaScriptConsoleMessage(self, *told: Any) -> None:  # noqa: N802 - Qt's name
        """Log nothing: it may hold what a page was given."""


class Windows(QObject):
    """All windows of the application."""

    _opening = Signal(str)
    _telling = Signal(str)
    _reading = Signal(object)

    def __init__(
        self, dispatcher: Dispatcher, scripts: PreloadScripts, policy: NavigationPolicy, pages: AppPages
    ) -> None:
        super().__init__()
        self._dispatcher, self._scripts, self._policy = dispatcher, scripts, policy
        self._views: dict[str, QWebEngineView] = {}
        self._bridges: list[Bridge] = []
        self._profile = QWebEngineProfile(self)  # keeps nothing on disk
        self._profile.installUrlSchemeHandler(SCHEME.encode(), SchemeHandler(pages, self))
        self._profile.downloadRequested.connect(lambda download: download.cancel())
        self._opening.connect(self._open, Qt.ConnectionType.QueuedConnection)
        self._telling.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._reading.connect(self._read, Qt.ConnectionType.BlockingQueuedConnection)

    def open(self, kind: str) -> None:
        """Show a window of this kind; from any thread."""
        self._opening.emit(kind)

    def tell(self, text: str) -> None:
        """Send all windows with a bridge a message; from any thread."""
        self._telling.emit(text)

    def settings(self) -> dict[str, dict[str, str]]:
        """Return the effective settings of each window that is open; from another thread than the windows'."""
        told: dict[str, dict[str, str]] = {}
        self._reading.emit(told)
        return told

    def close(self) -> None:
        """Close all windows; before the profile that they use."""
        self._bridges.clear()
        for view in self._views.values():
            page = view.page()
            view.close()
            page.deleteLater()
            view.deleteLater()
        self._views.clear()

    @Slot(str)
    def _open(self, kind: str) -> None:
        if kind in self._views:
            self._views[kind].load(QUrl(f"{ORIGIN}/{PAGES[kind]}"))
            return
        view = QWebEngineView()
        page = ShellPage(self._profile, self._policy, view)
        if kind in WITH_BRIDGE:
            self._connect(page, kind)
        view.setPage(page)
        view.resize(*SIZES[kind])
        view.setWindowTitle("Authassay reference desktop")
        self._views[kind] = view
        view.load(QUrl(f"{ORIGIN}/{PAGES[kind]}"))
        view.show()

    @Slot(str)
    def _tell(self, text: str) -> None:
        for bridge in self._bridges:
            bridge.tell(text)

    @Slot(object)
    def _read(self, told: dict[str, dict[str, str]]) -> None:
        for kind, view in self._views.items():
            page = view.page()
            effective = {one.name: "on" if page.settings().testAttribute(one) else "off" for one in SETTINGS}
            worlds = {script.name(): script.worldId() for script in page.scripts().toList()}
            isolated = worlds.get("preload") != QWebEngineScript.ScriptWorldId.MainWorld.value
            told[kind] = {**effective, "preload in the page's world": "off" if isolated else "on"}

    def _connect(self, page: ShellPage, kind: str) -> None:
        worlds = QWebEngineScript.ScriptWorldId
        isolated, page_world = worlds.ApplicationWorld.value, worlds.MainWorld.value
        page.scripts().insert(_script("preload", _qt_channel() + self._scripts.preload(), isolated))
        page.scripts().insert(_script("bridge", self._scripts.bridge(), page_world))
        bridge, channel = Bridge(self._dispatcher, page, kind), QWebChannel(page)
        channel.registerObject("main", bridge)
        page.setWebChannel(channel, isolated)
        self._bridges.append(bridge)


def _script(name: str, source: str, world: int) -> QWebEngineScript:
    script = QWebEngineScript()
    script.setName(name)
    script.setSourceCode(source)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(world)
    script.setRunsOnSubFrames(False)
    return script


def _qt_channel() -> str:
    file = QFile(":/qtwebchannel/qwebchannel.js")
    file.open(QIODevice.OpenModeFlag.ReadOnly)
    return bytes(file.readAll().data()).decode() + "\n"

"""VS Code as a server: the editor's own backend and extension host; one process for many windows in a browser."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

INSTALLER = Path(__file__).parent / "install_code_server.sh"
# Seconds after which something that never comes fails the test; far above what a loaded machine needs.
LONGEST_WAIT = 60.0

# What makes VS Code a quiet place: no file saved by itself, no welcome, no other assistant, no network of its own.
QUIET = {
    "chat.commandCenter.enabled": False,
    "chat.disableAIFeatures": True,
    "editor.hover.delay": 100,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "extensions.ignoreRecommendations": True,
    "files.autoSave": "off",
    "files.simpleDialog.enable": True,
    "git.enabled": False,
    "github.gitAuthentication": False,
    "npm.fetchOnlinePackageInfo": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "window.commandCenter": False,
    "workbench.enableExperiments": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.settings.enableNaturalLanguageSearch": False,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
}
_NO_GALLERY = '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}'
_OF_THE_DEVELOPER = ("FIRSTHAND_", "OLLAMA_", "VSCODE_", "XDG_", "PYTHON", "VIRTUAL_ENV")


def install() -> Path:
    """Return the folder of code-server, installed when it is not there yet."""
    run = subprocess.run([INSTALLER], stdout=subprocess.PIPE, text=True)
    if run.returncode:
        raise RuntimeError(f"{INSTALLER.name} failed; its output above says what to do.")
    return Path(run.stdout.strip().splitlines()[-1])


class CodeServer:
    """A code-server on a free port of 127.0.0.1 that keeps everything in a folder of its own."""

    def __init__(
        self, installed: Path, home: Path, vsix: Path, proxy: str, environment: Mapping[str, str] = {}
    ) -> None:
        self.home = home
        self.extensions = home / "extensions"
        self.port = _free_port()
        self._entry = installed / "node_modules" / "code-server" / "out" / "node" / "entry.js"
        self._vsix = vsix
        self._environment = {**_environment(home, proxy), **environment}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "cs.yaml").write_text("")
        self.use_settings({})
        self._install_extension()
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(LONGEST_WAIT)

    @property
    def log(self) -> str:
        """What it wrote to its output."""
        return (self.home / "output.log").read_text("utf-8", "replace")

    @property
    def extension_logs(self) -> str:
        """What the extension wrote to its output channel, the newest window last."""
        logs = sorted(
            (self.home / "data" / "logs").rglob("*Firsthand*.log"), key=lambda log: log.stat().st_mtime
        )
        return "\n\n".join(log.read_text("utf-8", "replace") for log in logs)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def process_id(self) -> int:
        """The process under which everything runs that the editor starts."""
        assert self._process is not None
        return self._process.pid

    @property
    def installed_extension(self) -> Path:
        """The folder into which the extension was unpacked."""
        (folder,) = self.extensions.glob("firsthand.firsthand-*")
        return folder

    def url_of(self, folder: Path, payload: Mapping[str, str] | None = None) -> str:
        """Return the address of a window on a folder, or on a `.code-workspace` file."""
        kind = "workspace" if folder.suffix == ".code-workspace" else "folder"
        address = f"{self.url}/?{kind}={quote(str(folder))}"
        if payload:
            address += f"&payload={quote(json.dumps([[key, value] for key, value in payload.items()]))}"
        return address

    def remote_uri(self, path: Path) -> str:
        """Return how the browser names a file that this server has."""
        return f"vscode-remote://127.0.0.1:{self.port}{path}"

    def use_settings(self, settings: Mapping[str, Any]) -> None:
        """Replace the user's settings; windows that are open take them over by themselves."""
        self._write_settings("User", {**QUIET, **settings})
        # Where the server runs on another machine, settings of the scope `machine` belong to that machine.
        own = {key: value for key, value in settings.items() if key.startswith("firsthand.")}
        self._write_settings("Machine", own)

    def _write_settings(self, whose: str, settings: Mapping[str, Any]) -> None:
        file = self.home / "data" / whose / "settings.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        # At once: a window that reads half a file has no settings at all.
        written = file.with_suffix(".new")
        written.write_text(json.dumps(settings, indent=2), "utf-8")
        written.replace(file)

    def processes(self, command: str) -> list[int]:
        """Return the ids of the processes below this server whose command line contains `command`."""
        # Without -ww, ps may cut lines at 80 characters.
        columns = "pid=,ppid=,args="
        listed = subprocess.run(["ps", "-wweo", columns], capture_output=True, text=True, check=True)
        rows = [line.split(None, 2) for line in listed.stdout.splitlines()]
        parents = {int(pid): int(parent) for pid, parent, *_ in rows}
        found = [int(pid) for pid, _, *words in rows if words and command in words[0]]
        return [pid for pid in found if self.process_id in _ancestors(pid, parents)]

    def _command(self, *arguments: str) -> list[str]:
        folders = ["--user-data-dir", str(self.home / "data"), "--extensions-dir", str(self.extensions)]
        return ["node", str(self._entry), "--config", str(self.home / "cs.yaml"), *folders, *arguments]

    def _install_extension(self) -> None:
        run = subprocess.run(
            self._command("--install-extension", str(self._vsix)),
            env=self._environment,
            capture_output=True,
            text=True,
        )
        if run.returncode or "successfully installed" not in run.stdout:
            raise RuntimeError(f"VS Code did not install {self._vsix}:\n{run.stdout}{run.stderr}")

    def _start(self) -> None:
        flags = ["--disable-telemetry", "--disable-update-check", "--disable-getting-started-override"]
        command = self._command("--auth", "none", "--bind-addr", f"127.0.0.1:{self.port}", *flags)
        with (self.home / "output.log").open("wb") as output:
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)
        deadline = time.monotonic() + LONGEST_WAIT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"code-server did not start:\n{self.log}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST_WAIT)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _environment(home: Path, proxy: str) -> dict[str, str]:
    """Return an environment in which nothing of the developer's own is found, and every way out leads to `proxy`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_DEVELOPER)}
    own_python = str(Path(sys.executable).parent)
    path = [part for part in kept.get("PATH", "").split(os.pathsep) if part != own_python]
    return {
        **kept,
        "HOME": str(home),
        "PATH": os.pathsep.join(path),
        "EXTENSIONS_GALLERY": _NO_GALLERY,
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), proxy),
        **dict.fromkeys(("no_proxy", "NO_PROXY"), "127.0.0.1,localhost"),
    }


def _ancestors(pid: int, parents: Mapping[int, int]) -> Iterator[int]:
    while (pid := parents.get(pid, 0)) > 1:
        yield pid


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_chromium() -> str:
    """Return the browser that windows are shown in."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise RuntimeError(f"No chromium and no google-chrome here: run {INSTALLER} once, as root.")
    return found

"""The real program as a process: embedded models or a fake Ollama, a small repository, a cache of its own."""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fake_ollama.models import chat, embedder
from fake_ollama.server import FakeOllamaThread

PROGRAM = [sys.executable, "-m", "firsthand"]
EMBEDDED = ["--provider", "embedded", "--chat-model", "none"]
FILES = {
    "src/shipping.py": (
        '"""Shipping costs."""\n\n\n'
        "def calculate_shipping_cost(weight_kg: float, express: bool = False) -> float:\n"
        '    """Return the price of sending a parcel."""\n'
        "    base = 4.5 + 1.2 * weight_kg\n"
        "    return base * 2 if express else base\n"
    ),
    "src/users.py": (
        "class UserStore:\n"
        '    """Keeps users."""\n\n'
        "    def delete_user(self, user_id: int) -> None:\n"
        '        """Forget a user and everything about them."""\n'
        "        self._users.pop(user_id, None)\n"
    ),
    ".env": "PASSWORD=secret\n",
}


@pytest.fixture
def project(tmp_path: Path, cache_dir: Path) -> Path:
    """A git repository with two Python files and a secret."""
    root = tmp_path / "shop"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


@pytest.fixture
def ollama() -> Iterator[FakeOllamaThread]:
    """An Ollama with a chat model and an embedding model."""
    with FakeOllamaThread() as server:
        yield server


def firsthand(
    *argv: str, cwd: Path, stdin: str = "", environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *argv],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **(environment or {})},
    )


def started(*argv: str, cwd: Path) -> subprocess.Popen[str]:
    """Begin a command that will be interrupted."""
    return subprocess.Popen(
        [*PROGRAM, *argv], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_index_then_search_then_ask_without_any_server(project: Path) -> None:
    """With nothing but the package: the index is made once, search finds the method, the answer cites it."""
    first = firsthand("index", str(project), "--json", *EMBEDDED, cwd=project.parent)
    second = firsthand("index", str(project), "--json", *EMBEDDED, cwd=project.parent)
    search = firsthand("search", "delete a user", "--json", "--limit", "1", *EMBEDDED, cwd=project / "src")
    ask = firsthand("ask", "How does user deletion work?", "--json", *EMBEDDED, cwd=project)

    made, kept = json.loads(first.stdout), json.loads(second.stdout)
    assert [done.stderr for done in (first, second, search, ask)] == ["", "", "", ""]
    assert (made["files"], made["skipped"], made["reused"]) == (2, 1, 0)
    assert (kept["embedded"], kept["reused"], kept["chunks"]) == (0, made["chunks"], made["chunks"])
    assert json.loads(search.stdout)[0]["path"] == "src/users.py"
    answer = json.loads(ask.stdout)
    assert (answer["status"], answer["citations"][0]["path"]) == ("noModel", "src/users.py")


def test_a_second_clone_embeds_nothing(project: Path) -> None:
    """Two copies indexed at once by two processes are both whole; a third one finds every vector made."""
    parts = (f"def part_{number}(order):\n    return order.total * {number}\n" for number in range(9))
    (project / "src" / "parts.py").write_text("\n\n".join(parts))
    roots = [project.parent / name for name in ("one", "two", "three")]
    for root in roots:
        shutil.copytree(project, root)
    at_once = [
        subprocess.Popen([*PROGRAM, "index", str(root), "--json", *EMBEDDED], stdout=subprocess.PIPE)
        for root in roots[:2]
    ]
    made = [json.loads(process.communicate(timeout=120)[0]) for process in at_once]
    third = json.loads(firsthand("index", str(roots[2]), "--json", *EMBEDDED, cwd=project.parent).stdout)

    assert [done["embedded"] + done["reused"] for done in made] == [made[0]["chunks"]] * 2
    assert (third["embedded"], third["reused"]) == (0, made[0]["chunks"])
    assert third["reused"] > 5


def test_batch_opens_the_index_once_and_keeps_the_order(project: Path) -> None:
    """One query a line in, one JSON list a line out."""
    queries = project.parent / "queries.txt"
    queries.write_text("shipping cost\n\ndelete user\n")

    done = firsthand(
        *("search", "--root", str(project), "--limit", "1", "--batch", str(queries), "--json"),
        *EMBEDDED,
        cwd=project.parent,
    )

    paths = [[hit["path"] for hit in json.loads(line)] for line in done.stdout.splitlines()]
    assert paths == [["src/shipping.py"], [], ["src/users.py"]]


def test_a_saved_file_is_found_by_the_next_search(project: Path) -> None:
    """Every search brings the index up to date first; what is gone is not found."""
    firsthand("index", *EMBEDDED, cwd=project)
    (project / "src" / "refunds.py").write_text("def refund_order(order_id):\n    return order_id\n")
    (project / "src" / "users.py").unlink()

    done = firsthand("search", "refund order", "--json", *EMBEDDED, cwd=project)

    paths = [hit["path"] for hit in json.loads(done.stdout)]
    assert paths[0] == "src/refunds.py"
    assert "src/users.py" not in paths


def test_skipped_files_are_listed_and_never_indexed(project: Path) -> None:
    """Whatever is no source is named with its reason, and its text is nowhere in the results; a file whose grammar
    never returns is named, too, and found by its lines."""
    (project / "loop").symlink_to(project)
    os.mkfifo(project / "pipe.py")
    (project / "payroll.cob").write_text("       PROGRAM-ID. PAYROLL.\n       PROCEDURE DIVISION.\n")
    (project / "notes").write_text("A text of no language.\n")
    with (project / "huge.py").open("wb") as file:
        file.truncate(1 << 30)
    (project / os.fsdecode(b"\xff.py")).write_text("PASSWORD = 1\n")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(project / "socket.py"))
        done = firsthand("index", "--skipped", "--json", *EMBEDDED, cwd=project)
    search = firsthand("search", "PASSWORD secret procedure", "--json", *EMBEDDED, cwd=project)

    assert {item["path"]: item["reason"] for item in json.loads(done.stdout)["leftOut"]} == {
        ".env": "may hold secrets", "loop": "symbolic link", "pipe.py": "not a regular file",
        "payroll.cob": "indexed by lines: its syntax could not be read",
        "socket.py": "not a regular file", "huge.py": "larger than 1024 KiB", "\\xff.py": "name is not UTF-8",
    }  # fmt: skip
    found = {hit["path"] for hit in json.loads(search.stdout)}
    assert found <= {"src/shipping.py", "src/users.py", "payroll.cob", "notes"}
    assert "payroll.cob" in found


@pytest.mark.parametrize(
    "change", [{"schema_version": 1_000}, {"chunker_version": 0}], ids=["newer", "older"]
)
def test_the_index_of_another_version_is_left_alone(
    project: Path, cache_dir: Path, change: dict[str, int]
) -> None:
    """It is said once and by the status, search finds what is there, and the other index can be gone back to."""
    firsthand("index", *EMBEDDED, cwd=project)
    (meta,) = cache_dir.glob("indexes/*/*/meta.json")
    meta.write_text(json.dumps(json.loads(meta.read_text()) | change))
    other = meta.parent.rename(meta.parent.with_name("0123456789abcdef"))
    before = {file: file.read_bytes() for file in other.rglob("*") if file.is_file()}

    found = firsthand("search", "calculate_shipping_cost", "--json", *EMBEDDED, cwd=project)
    again = firsthand("index", "--json", *EMBEDDED, cwd=project)
    status = firsthand("status", *EMBEDDED, cwd=project)

    assert json.loads(found.stdout)[0]["path"] == "src/shipping.py"
    assert "of it made by another version of Firsthand and not searched" in status.stdout
    assert found.stderr.count("The index was made by another version of Firsthand") == 1
    assert (again.returncode, again.stderr.count("another version")) == (0, 0)
    assert {file: file.read_bytes() for file in before} == before


def test_without_a_place_for_an_index_files_are_read(project: Path) -> None:
    """It is said why there is none, by the status too, and search and refs answer."""
    (project.parent / "file").touch()
    nowhere = {"FIRSTHAND_CACHE_DIR": str(project.parent / "file")}

    search, refs, status = [
        firsthand(*argv, "--root", str(project), *EMBEDDED, cwd=project.parent, environment=nowhere)
        for argv in (
            ("search", "delete a user", "--json"),
            ("refs", "delete_user", "--json"),
            ("status", "--json"),
        )
    ]

    assert json.loads(search.stdout)[0]["path"] == "src/users.py"
    assert json.loads(refs.stdout)["definitions"][0]["path"] == "src/users.py"
    assert "The index could not be opened" in json.loads(status.stdout)["message"]
    assert (search.returncode, refs.returncode, status.returncode) == (0, 0, 1)
    assert search.stderr.startswith("The index could not be opened")


def test_status_and_clean(project: Path, cache_dir: Path) -> None:
    """The status counts what is there; after `clean` the index is gone from the disk."""
    firsthand("index", *EMBEDDED, cwd=project)
    before = json.loads(firsthand("status", "--json", *EMBEDDED, cwd=project).stdout)
    clean = firsthand("clean", "--yes", cwd=project)
    again = firsthand("clean", "--yes", cwd=project)

    assert before["files"] == {"total": 2, "skipped": 1, "failed": 0}
    assert re.fullmatch(rf"Deleted the index of {re.escape(str(project))} \([\d.]+ MB\)\.\n", clean.stdout)
    assert not Path(before["indexFolder"]).exists()
    assert again.stdout == "There was nothing to delete.\n"


def test_learning_says_what_it_lacks_and_forgetting_that_there_is_nothing(project: Path) -> None:
    """Without an index it is told to make one; two files say too little; nothing is left behind."""
    without_index = firsthand("eval", "--learn", *EMBEDDED, cwd=project)
    firsthand("index", *EMBEDDED, cwd=project)
    too_little = firsthand("eval", "--learn", *EMBEDDED, cwd=project)
    forgotten = firsthand("eval", "--forget", cwd=project)

    assert without_index.returncode == too_little.returncode == 1
    assert "run firsthand index first" in without_index.stderr
    assert "There is too little to learn from here" in too_little.stderr
    assert (forgotten.returncode, forgotten.stdout) == (
        0,
        "Nothing was learned for this folder; to learn: firsthand eval --learn\n",
    )


def test_doctor_names_an_ollama_that_does_not_answer(project: Path) -> None:
    """Asked to use Ollama, the doctor finds that nothing answers, and says how to start it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unused.getsockname()[1]}"
        done = firsthand("doctor", "--json", "--provider", "ollama", "--endpoint", endpoint, cwd=project)

    finding = next(item for item in json.loads(done.stdout) if item["name"] == "Ollama")
    assert (done.returncode, finding["state"]) == (1, "error")
    assert "ollama serve" in finding["fix"]


def test_ask_ollama(project: Path, ollama: FakeOllamaThread) -> None:
    """With Ollama running its models are used, the answer is streamed and the model is named."""
    ollama.script("The function `calculate_shipping_cost` returns the price of sending a parcel.")

    done = firsthand("ask", "What does shipping cost?", "--endpoint", ollama.url, cwd=project)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("The function `calculate_shipping_cost` returns the price")
    assert "  [1] src/shipping.py:" in done.stdout
    assert chat().name in done.stdout.splitlines()[-1]


def test_the_chat_model_helps_to_search_when_it_may(project: Path, ollama: FakeOllamaThread) -> None:
    """It words the question anew and orders what is found, each within a schema, and then answers; else it answers."""
    wanted: list[list[str]] = []
    for flags in (["--multi-query", "--rerank"], []):
        before = len(ollama.requests)
        done = firsthand(
            "ask", "shipping cost? tests:no", *flags, "--json", "--endpoint", ollama.url, cwd=project
        )
        assert json.loads(done.stdout)["status"] == "complete", done.stderr
        asked = [each for each in ollama.requests[before:] if each.path == "/api/chat"]
        wanted.append(
            [*sorted(str(*each.json["format"]["required"]) for each in asked if "format" in each.json)]
        )
        assert "format" not in asked[-1].json

    assert wanted == [["order", "queries"], []]


def test_doctor_finds_ollamas_models(project: Path, ollama: FakeOllamaThread) -> None:
    """With Ollama running the doctor has nothing to mend and names the models."""
    done = firsthand("doctor", "--endpoint", ollama.url, cwd=project)

    assert done.returncode == 0, done.stdout
    assert chat().name in done.stdout
    assert embedder().name in done.stdout


def test_a_chat_from_a_pipe(project: Path, ollama: FakeOllamaThread) -> None:
    """Questions come in one a line, answers go out one a line, and the second prompt knows the first question."""
    questions = "What is the shipping cost?\nAnd what if it is express?\n"

    done = firsthand("chat", "--json", "--endpoint", ollama.url, cwd=project, stdin=questions)

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["status"] for answer in answers] == ["complete", "complete"], done.stderr
    asked = [request for request in ollama.requests if request.path == "/api/chat"]
    assert "What is the shipping cost?" in json.dumps(asked[-1].json["messages"][:-1])


def test_a_missing_model_is_named_with_the_command_that_gets_it(project: Path) -> None:
    """An Ollama without a chat model costs no failure: excerpts are shown, and the pull is offered."""
    with FakeOllamaThread([embedder()]) as ollama:
        done = firsthand("ask", "shipping cost?", "--endpoint", ollama.url, cwd=project)

    assert done.returncode == 0
    assert "get it with: ollama pull " in done.stderr
    assert "src/shipping.py" in done.stdout


def test_ctrl_c_closes_the_models_socket(project: Path, ollama: FakeOllamaThread) -> None:
    """An interrupted question ends with 130 and one word, and Ollama sees that its client left."""
    firsthand("index", "--endpoint", ollama.url, cwd=project)
    gate = ollama.hold("chunk", chat().name, 1)
    process = started("ask", "shipping cost?", "--endpoint", ollama.url, cwd=project)
    gate.wait_until_reached(60)
    process.send_signal(signal.SIGINT)

    left = ollama.wait_for_cancellation()
    _, errors = process.communicate(timeout=60)
    assert left.path == "/api/chat"
    assert (process.returncode, errors) == (130, "Stopped.\n")


def test_ctrl_c_keeps_what_is_indexed(project: Path, ollama: FakeOllamaThread) -> None:
    """An interrupted indexing ends with 130 and one word; what it has stored is searched, and the next one goes on."""
    gate = ollama.hold("embedding")
    process = started("index", "--endpoint", ollama.url, cwd=project)
    gate.wait_until_reached(60)
    process.send_signal(signal.SIGINT)
    left = ollama.wait_for_cancellation()
    output = process.communicate(timeout=60)
    gate.release()
    found = firsthand("search", "--no-index", "delete_user", "--json", "--endpoint", ollama.url, cwd=project)
    again = json.loads(firsthand("index", "--json", "--endpoint", ollama.url, cwd=project).stdout)

    assert (left.path, process.returncode, output) == ("/api/embed", 130, ("", "Stopped.\n"))
    assert json.loads(found.stdout)[0]["path"] == "src/users.py"
    assert (again["files"], again["embedded"]) == (2, again["chunks"])


def test_ctrl_c_in_a_chat_stops_the_answer_not_the_program(project: Path, ollama: FakeOllamaThread) -> None:
    """On a terminal Ctrl-C closes the model's socket and the prompt comes back; `exit` leaves with 0."""
    firsthand("index", "--endpoint", ollama.url, cwd=project)
    gate = ollama.hold("chunk", chat().name, 1)
    with _on_a_terminal("chat", "--endpoint", ollama.url, cwd=project) as (process, keyboard):
        _read_until(keyboard, b"> ")
        os.write(keyboard, b"shipping cost?\n")
        gate.wait_until_reached(60)
        os.write(keyboard, b"\x03")
        left = ollama.wait_for_cancellation()
        _read_until(keyboard, b"Stopped.\r\n\r\n> ")
        os.write(keyboard, b"exit\n")
        code = process.wait(60)

    assert (left.path, code) == ("/api/chat", 0)


def test_a_reader_that_goes_away_ends_the_program_quietly(project: Path) -> None:
    """`firsthand … | head -1` leaves no traceback."""
    firsthand("index", *EMBEDDED, cwd=project)
    program = " ".join([*PROGRAM, "settings"])

    done = subprocess.run(
        ["bash", "-c", f"for i in 1 2 3; do {program}; done | head -n 1"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (len(done.stdout.splitlines()), done.stderr) == (1, "")


def test_output_survives_an_ascii_terminal(project: Path) -> None:
    """A terminal that knows ASCII only costs no traceback, whatever the files hold."""
    (project / "über.txt").write_text("Grüße an die Fahrräder 🚲\n")

    done = firsthand(
        *("search", "Fahrräder", *EMBEDDED),
        cwd=project,
        environment={"PYTHONIOENCODING": "ascii"},
    )

    assert done.returncode == 0, done.stderr
    assert "ber.txt:1" in done.stdout


def test_serve_speaks_on_stdout_and_ends_with_its_editor(project: Path) -> None:
    """The server answers `initialize` on standard output, with nothing before it, and ends after `exit`."""
    messages = [
        {"id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None, "capabilities": {}}},
        {"method": "initialized", "params": {}},
        {"id": 2, "method": "shutdown"},
        {"method": "exit"},
    ]
    wire = b"".join(_framed({"jsonrpc": "2.0", **message}) for message in messages)

    done = subprocess.run(
        [*PROGRAM, "serve", *EMBEDDED], cwd=project, input=wire, capture_output=True, timeout=120
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"Content-Length: ")
    assert b'"capabilities"' in done.stdout


def _framed(message: dict[str, object]) -> bytes:
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextlib.contextmanager
def _on_a_terminal(*argv: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Run the program with a terminal of its own; the number is what a keyboard writes to and a screen reads from."""
    keyboard, terminal = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, *argv], cwd=cwd, stdin=terminal, stdout=terminal, stderr=terminal, preexec_fn=_own_terminal
    )
    os.close(terminal)
    try:
        yield process, keyboard
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)


def _own_terminal() -> None:
    """Make standard input the controlling terminal, so that Ctrl-C becomes a signal."""
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read_until(screen: int, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        ready, _, _ = select.select([screen], [], [], 60)
        assert ready, f"the program did not write {wanted!r} but {seen!r}"
        seen += os.read(screen, 4096)

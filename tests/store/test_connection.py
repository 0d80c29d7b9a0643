"""Stores that do not answer: each is an error at once, that shows no password."""

from __future__ import annotations

import http.server
import socket
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlflow_plateau.errors import TrackingServerError
from mlflow_plateau.store import connection
from mlflow_plateau.store.connection import open_client, shown_uri
from mlflow_plateau.store.read import read_run


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def answer(request: pytest.FixtureRequest) -> Iterator[int]:
    """A web server that is no tracking server: answers everything with one status."""
    status: int = request.param

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "17")
            self.end_headers()
            self.wfile.write(b"<html>hello</html"[:17])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def test_nobody_listens(closed_port: int) -> None:
    with pytest.raises(TrackingServerError, match=rf"127\.0\.0\.1:{closed_port} does not answer"):
        read_run("abc", f"http://127.0.0.1:{closed_port}")


def test_the_name_is_not_known() -> None:
    with pytest.raises(TrackingServerError, match=r"no\.such\.host\.invalid.*does not answer"):
        read_run("abc", "http://no.such.host.invalid:5000")


def test_a_server_hangs(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.2)
    with pytest.raises(TrackingServerError, match=r"does not answer \(timed out\)"):
        read_run("abc", f"http://127.0.0.1:{silent_port}")


def test_mlflows_own_timeout_counts(silent_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with pytest.raises(TrackingServerError, match=r"does not answer \(timed out\)"):
        read_run("abc", f"http://127.0.0.1:{silent_port}")


@pytest.mark.parametrize("answer", [503], indirect=True)
def test_a_proxy_without_its_server(answer: int) -> None:
    with pytest.raises(TrackingServerError, match="HTTP status 503"):
        read_run("abc", f"http://127.0.0.1:{answer}")


@pytest.mark.parametrize("answer", [200, 404], indirect=True)
def test_something_else_listens(answer: int) -> None:
    with pytest.raises(TrackingServerError) as caught:
        read_run("abc", f"http://127.0.0.1:{answer}")
    assert "refused run 'abc'" in str(caught.value)
    assert "html" not in str(caught.value)


def test_a_database_server_does_not_listen(closed_port: int) -> None:
    with pytest.raises(TrackingServerError, match="does not answer"):
        open_client(f"postgresql://me:secret@127.0.0.1:{closed_port}/mlflow")


@pytest.mark.parametrize("uri", ["sqlite:///{}/none.db", "{}/mlruns", "file://{}/mlruns"])
def test_no_store_is_created_where_there_is_none(uri: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingServerError, match="does not exist"):
        open_client(uri.format(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database\n" * 100)
    with pytest.raises(TrackingServerError, match="refused"):
        read_run("abc", f"sqlite:///{tmp_path / 'notes.txt'}")


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://host:5000", "http://host:5000"),
        ("http://me:se:cr%40et@host/path", "http://me:***@host/path"),
        ("https://token@host/path", "https://***@host/path"),
        ("postgresql://me:secret@host/db?sslpassword=x&sslmode=on",
         "postgresql://me:***@host/db?sslpassword=***&sslmode=on"),
        ("http://host\x1b[31m", "http://host[31m"),
    ],
)  # fmt: skip
def test_shows_no_password_and_nothing_that_steers_a_terminal(uri: str, shown: str) -> None:
    assert shown_uri(uri) == shown


def test_no_traceback_shows_a_password(closed_port: int) -> None:
    password = "hunter" + "2"
    with pytest.raises(TrackingServerError) as caught:
        read_run("abc", f"http://me:{password}@127.0.0.1:{closed_port}")
    assert password not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("uri", ["http://[host", "http://host:port", "http://"])
def test_what_is_no_uri(uri: str) -> None:
    with pytest.raises(TrackingServerError):
        open_client(uri)

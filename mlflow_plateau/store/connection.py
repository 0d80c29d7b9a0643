"""A client for a tracking store that is known to answer, and errors that say what to do."""

from __future__ import annotations

import os
import re
import socket
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import requests
from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_TIMEOUT
from mlflow.tracking import MlflowClient

from mlflow_plateau.errors import PlateauError, RunNotFoundError, TrackingServerError
from mlflow_plateau.untrusted import printable, quoted

CONNECT_SECONDS = 5.0
"""How long a server may take to accept a connection. MLflow's own client tries for minutes."""

ANSWER_SECONDS = 10.0
"""How long it may take to answer, unless MLFLOW_HTTP_REQUEST_TIMEOUT is set."""

NOT_SERVING = frozenset((502, 503, 504))
"""What a proxy answers where the server behind it does not."""

DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
"""Where databases listen unless the URI says otherwise."""

LONGEST_REASON = 400
"""Longer messages of a server are cut."""

NAME_ANOTHER = "To use another store, set tracking_uri=…, --tracking-uri or MLFLOW_TRACKING_URI."
"""What to do where the store may be the wrong one."""

RUN_ID = re.compile(r"[0-9a-f]{32}")
"""What an id of MLflow's looks like."""

BODY = "Response body:"
"""After this MLflow quotes what a server answered that is no tracking server: a page of HTML."""

CREDENTIALS = re.compile(r"://[^/:@]*:(?P<password>[^/]+)@")
"""User and password in a URI."""

TOKEN = re.compile(r"^https?://(?P<password>[^/:@]+)@")
"""A token in the place of both."""

SECRET = re.compile(r"(?i)([?&;][^=&;]*(?:pass|pwd|token|secret|key)[^=&;]*=)[^&;\s]*")
"""A parameter of a URI that should not be shown."""


def current_uri(tracking_uri: str | None) -> str:
    """Returns the URI of the tracking store: the given one, or MLflow's current one."""
    return tracking_uri or mlflow.get_tracking_uri()


def is_local(uri: str) -> bool:
    """Returns whether a tracking store is a file or a folder, which MLflow creates on first use."""
    dialect = uri.partition(":")[0].split("+")[0] if ":" in uri else ""
    return dialect in ("sqlite", "file") or (not dialect and not uri.startswith("databricks"))


def shown_uri(tracking_uri: str | None) -> str:
    """Returns the URI of the tracking store without passwords, fit to be printed."""
    uri = current_uri(tracking_uri)
    return printable(_without_secrets(uri, uri))


def open_client(tracking_uri: str | None) -> MlflowClient:
    """Returns a client for a store that answers.

    MLflow's own client retries for minutes where nobody listens, and creates a database where there
    is none. So a server is asked for its health first, and a database file has to be there.

    Args:
        tracking_uri: The tracking store; MLflow's current one if left out.

    Raises:
        TrackingServerError: If the store does not answer.
    """
    uri = current_uri(tracking_uri)
    try:
        parts = urllib.parse.urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TrackingServerError(
            f"{shown_uri(uri)} is not a valid URI: {error}. {NAME_ANOTHER}"
        ) from None
    dialect = parts.scheme.split("+")[0]
    if dialect in ("http", "https"):
        _ask_for_health(uri)
    elif dialect in DATABASE_PORTS and host:
        _knock(uri, host, port or DATABASE_PORTS[dialect])
    elif is_local(uri):
        _look_for(uri, parts.path.removeprefix("/") if dialect == "sqlite" else parts.path)
    with answering(tracking_uri):
        return MlflowClient(tracking_uri=uri)


def _ask_for_health(uri: str) -> None:
    patience = (
        MLFLOW_HTTP_REQUEST_TIMEOUT.get()
        if MLFLOW_HTTP_REQUEST_TIMEOUT.name in os.environ
        else ANSWER_SECONDS
    )
    try:
        answer = requests.get(
            f"{uri.rstrip('/')}/health", timeout=(CONNECT_SECONDS, patience), stream=True
        )
    except requests.exceptions.SSLError:
        return  # Somebody answers. MLflow has its own settings for certificates.
    except (requests.ConnectionError, requests.Timeout) as error:
        raise _no_answer(uri, _cause_of(error)) from None
    except (requests.RequestException, ValueError) as error:
        raise _no_answer(uri, str(error)) from None
    with answer:
        if answer.status_code in NOT_SERVING:
            raise _no_answer(uri, f"HTTP status {answer.status_code}")


def _cause_of(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "timed out"
    return "name not found" if "NameResolution" in str(error) else "connection refused or broken"


def _knock(uri: str, host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise _no_answer(uri, str(error)) from None


def _look_for(uri: str, path: str) -> None:
    path = urllib.parse.unquote(path)
    if path and path != ":memory:" and not Path(path).exists():
        raise TrackingServerError(
            f"There is no tracking store at {shown_uri(uri)}: {quoted(path)} does not exist."
            f" {NAME_ANOTHER}"
        )


def _no_answer(uri: str, reason: str) -> TrackingServerError:
    return TrackingServerError(
        f"The tracking server at {shown_uri(uri)} does not answer"
        f" ({_reason(reason, uri)}). Check that it is running. {NAME_ANOTHER}"
    )


@contextmanager
def answering(tracking_uri: str | None, run_id: str | None = None) -> Iterator[None]:
    """Turns what MLflow raises while a store is asked into errors that say what to do.

    Args:
        tracking_uri: The tracking store that is asked.
        run_id: The run that it is asked for.

    Raises:
        RunNotFoundError: If the store says that there is no such run.
        TrackingServerError: If it says anything else.
    """
    try:
        yield
    except PlateauError:
        raise
    except Exception as error:
        # Stores bring drivers, migrations and clients of their own (SQLAlchemy, alembic, psycopg,
        # requests, the Databricks SDK), whose errors have no base in common.
        uri = current_uri(tracking_uri)
        if run_id is not None and _says_no_such_run(error):
            raised: PlateauError = run_not_found(run_id, tracking_uri)
        else:
            about = f" run {quoted(run_id)}" if run_id else ""
            reason = reason_of(error, tracking_uri)
            raised = TrackingServerError(
                f"The tracking store at {shown_uri(uri)} refused{about}: {reason}"
            )
        # The original error may carry the URI with its password into a traceback.
        raise raised from (None if shown_uri(uri) != uri else error)


def _says_no_such_run(error: Exception) -> bool:
    code = getattr(error, "error_code", "")
    return (code == "RESOURCE_DOES_NOT_EXIST" and BODY not in str(error)) or (
        code == "INVALID_PARAMETER_VALUE" and "run_id" in str(error)
    )


def run_not_found(run_id: str, tracking_uri: str | None) -> RunNotFoundError:
    """Returns the error for a run that the store does not have."""
    hint = "Check the id" if RUN_ID.fullmatch(run_id) else "Use the run's id, not its name"
    return RunNotFoundError(
        f"There is no run {quoted(run_id)} in the tracking store at {shown_uri(tracking_uri)}."
        f" {hint}: `mlflow runs list --experiment-id ID` shows it. {NAME_ANOTHER}"
    )


def reason_of(error: BaseException, tracking_uri: str | None) -> str:
    """Returns an error's message without passwords, fit to be printed, not empty."""
    return _reason(str(error) or type(error).__name__, current_uri(tracking_uri))


def _reason(message: str, uri: str) -> str:
    text = printable(_without_secrets(message.partition(BODY)[0], uri)).strip()
    return text if len(text) <= LONGEST_REASON else text[: LONGEST_REASON - 1] + "…"


def _without_secrets(text: str, uri: str) -> str:
    """Returns the text without the passwords that stand in a URI."""
    found = CREDENTIALS.search(uri) or TOKEN.search(uri)
    if found:
        for secret in {found["password"], urllib.parse.unquote(found["password"])}:
            text = text.replace(f"{secret}@", "***@").replace(secret, "***")
    return SECRET.sub(r"\1***", text)

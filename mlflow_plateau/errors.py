"""The errors that a caller may want to tell apart; every message says what to do next."""


class PlateauError(Exception):
    """Base of every error that mlflow_plateau raises on purpose."""


class RunNotFoundError(PlateauError):
    """The tracking server answered, and has no such run."""


class TrackingServerError(PlateauError):
    """The tracking server did not answer, or refused."""


class NoLossError(PlateauError):
    """The run holds no metric that can be read as a loss, or not the one named by ``monitor``."""


class RunStillActiveError(PlateauError):
    """The run is still being written, and the caller did not ask for a diagnosis of a live run."""


class ProfileError(PlateauError):
    """Data that cannot be profiled, or a file that is not a saved profile."""

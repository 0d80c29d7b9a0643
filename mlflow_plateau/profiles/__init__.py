"""What ``fit`` consumed, measured in one mergeable state: the evidence for the checks."""

from mlflow_plateau.profiles.builder import ProfileBuilder
from mlflow_plateau.profiles.profile import Coverage, Profile, merge
from mlflow_plateau.profiles.read import profile

__all__ = ["Coverage", "Profile", "ProfileBuilder", "merge", "profile"]

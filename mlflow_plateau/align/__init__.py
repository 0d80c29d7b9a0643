"""From a run as the store holds it to a history: metrics recognised, cleaned, on one axis.

``names`` says what a metric is, ``points`` cleans one, ``choose`` picks the curves, ``place`` makes
their steps comparable, ``axis`` brings them together, ``epochs`` says what the axis counts,
``setup`` reads the parameters, ``assemble`` makes the history. No tracking server is needed to try
any of it.
"""

from mlflow_plateau.align.assemble import align

__all__ = ["align"]

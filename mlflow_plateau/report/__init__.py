"""What a person sees of a diagnosis: a plot, a page, a text for the terminal, a note for the run.

Each is a function of the ``Diagnosis`` alone, so that all can be redrawn from ``diagnosis.json``.
"""

"""MLflow on the reading and the writing side: everything that talks to a tracking store.

``connection`` opens a client and says what is wrong with a server, ``read`` brings back a run,
``write`` logs a diagnosis to it, ``note`` keeps its section in the run's description, ``search``
finds runs by their diagnosis.
"""

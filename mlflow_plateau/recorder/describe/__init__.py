"""What is noted once about a training: model, optimiser, loss, data and targets.

A field of ``history.Setup`` is filled by one function of a ``Training``; ``facts`` lists which.
"""

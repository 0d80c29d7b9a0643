"""Cheap experiments on a fixed sample of rows, while the model trains and without a trace in it."""

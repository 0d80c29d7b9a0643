"""Rows of pipelines and generators, taken from what ``fit`` itself draws; none is drawn twice."""

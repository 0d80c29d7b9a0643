"""Data that streams by: tf.data, PyDataset and generators, observed as ``fit`` consumes them."""

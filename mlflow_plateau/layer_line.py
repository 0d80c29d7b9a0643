"""The line of a model's layers, as ``Setup.layers`` has it: ``Dense(64, relu) > Dense(1)``."""

import re

BETWEEN_LAYERS = " > "
"""What stands between the layers."""

LAYER = re.compile(r"(\w+)(?:\((\d{1,9})(?:, (\w+))?)?")
"""One layer: kind, and where they are known width and activation."""

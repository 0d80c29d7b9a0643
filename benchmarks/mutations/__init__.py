"""Names what was done to validation data? Mutations of known kind, and controls, counted."""

"""The scenarios of bench/run: one file a subject."""

"""The seams: one protocol a file, five methods at most, and the records that pass through it."""

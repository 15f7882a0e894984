"""How the tables came to be as they are, revision by revision. What was released is never changed; a change is a new file.

1. Change `tables.py`, and raise `REVISION`.
2. Write `versions/r<NNNN>_<what>.py`. It names no module of Tenuto: those change, and it must not.
3. Add what the revision before holds to `tests/stores/sql/test_migrations.py`; it says the rest.
"""

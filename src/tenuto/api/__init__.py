"""The HTTP face: a thin skin over the use cases in `service`, one file per noun.

A file here has a `router` (`api.routing.Router`) and its shapes, and one line in `api.app.ROUTERS`. It never commits
(`api.transactions`), never decides who may (`api.access`), and never shapes an error (`api.errors`).
"""

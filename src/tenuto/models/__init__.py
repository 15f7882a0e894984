"""Models behind names: `provider:model[@base_url]` -> an endpoint that is asked in our own words.

Light to import: the library of a provider is imported when its model is first asked.
"""

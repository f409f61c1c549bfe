"""The commands that need a store, one file a group; each module has `register(app)` and imports its room lazily."""

"""The JSON API for scripts: read one run, or append one entry to it, with a token of its own."""

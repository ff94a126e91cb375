"""How much of a handed-in thing is looked at; each limit bounds work or memory."""

UPLOAD = 20 * 1024 * 1024
"""Largest file, in bytes."""

TEXT = 1024 * 1024
"""Longest text that comes out, in characters; what is stored and diagnosed is never longer."""

DEPTH = 100
ELEMENTS = 200_000
ATTRIBUTES = 100
NODE = 1024 * 1024
"""Most bytes of one tag, comment or text in XML."""

LOG_ELEMENTS = 1_000_000
"""A row of an import log has 21 elements, so an honest log of 20 MiB has half a million."""

BYTES_OF_AN_ELEMENT = 20
"""Fewest bytes to an element on average, in XML with more than `FEW_ELEMENTS`; an empty cell of a log
takes 21. What is denser is refused before it is parsed."""

FEW_ELEMENTS = 10_000

ROWS = 2000
"""Most failing rows kept for the table."""

ROW_TEXT = 16 * 1024
"""Longest text kept of one row."""

PARTS = 20
"""Most errors told apart in one thing."""

JSON_DEPTH = 12
"""How deep objects, and JSON inside strings, are followed."""

JSON_FIELDS = 4000
JSON_TRIES = 20
JSON_INNER_TRIES = 200
"""Most strings of a document that is cut off that are tried as documents of their own."""

ZIP_ENTRIES = 1000
ZIP_DIRECTORY = 1024 * 1024
ZIP_TOTAL = 500 * 1024 * 1024
ZIP_RATIO = 200
ZIP_RATIO_FROM = 1024 * 1024
ZIP_FILES_READ = 20
ZIP_BYTES_READ = 40 * 1024 * 1024
"""Most bytes unpacked in all, in memory only."""

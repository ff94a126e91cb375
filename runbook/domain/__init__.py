"""The engine: pure values and functions.

Rules of this room: no Django, no clock, no randomness, no input or output. Time, actor, ids and the
pack come in as arguments; events or refusals come out. It knows no product, only packs.
"""

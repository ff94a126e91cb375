"""The offline verifier; `verify.py` travels inside every bundle and needs nothing but Python."""

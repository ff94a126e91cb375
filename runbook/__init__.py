"""Upgrade Runbook: takes an administrator safely through a risky upgrade, and keeps the record."""

__version__ = "0.1.0"

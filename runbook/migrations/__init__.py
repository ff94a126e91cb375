"""The one line of migrations; one migration per change."""

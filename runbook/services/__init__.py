"""Writes: one public function per use case, and the only place that opens transactions."""

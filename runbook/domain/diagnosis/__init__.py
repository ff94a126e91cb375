"""Reading a failure text: codes, extraction, families, ranking. All pure, all linear in time."""

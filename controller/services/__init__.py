"""Use cases: what API, pages and the demonstration store do alike, without HTTP."""

"""A study becomes an edition: steps, order, resume, parallel pages, provenance."""

"""Changes: what the API can record. One file a feature."""

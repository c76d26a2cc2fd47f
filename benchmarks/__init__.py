"""Regulars measured side by side with what its users would pick instead, and with the best that a server could do."""

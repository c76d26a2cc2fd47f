"""GraphQL over HTTP, and the page on which developers explore it."""

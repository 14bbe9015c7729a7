"""The verifiers: of a chain, an export, a file, a database."""

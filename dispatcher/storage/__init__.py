"""The database: tables, migrations and set-wise reads and writes."""

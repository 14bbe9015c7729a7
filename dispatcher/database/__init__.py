"""The database itself: engine, tables, leases, bulk statements and the running of migrations."""

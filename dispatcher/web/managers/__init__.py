"""The templates' pages."""

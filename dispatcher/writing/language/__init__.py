"""The templates' language: sandbox, Markdown, placeholders and their errors."""

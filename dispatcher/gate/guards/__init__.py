"""One family of guards a file; `dispatcher.rulebook.families` names them for the packs."""

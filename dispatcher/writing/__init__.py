"""Text and paper: templates become messages, sandboxed, escaped for their medium, checked before anybody reads them."""

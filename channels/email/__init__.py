"""E-mail: SendGrid and SMTP."""

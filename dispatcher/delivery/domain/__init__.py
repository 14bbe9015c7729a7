"""Delivery, pure: values in, decisions out."""

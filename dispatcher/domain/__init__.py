"""The pure core: values in, decisions out; no clock, no input or output."""

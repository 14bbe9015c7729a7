"""Runs the command line as `python -m dispatcher`."""

from dispatcher.cli.main import main

main()

"""Runs the command line as `python -m dispatcher`."""

from dispatcher.cli.main import main

if __name__ == "__main__":  # whoever imports it starts nothing
    main()

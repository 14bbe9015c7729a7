"""Runs the command line as `python -m dispatcher`."""

from dispatcher.cli.main import main

if __name__ == "__main__":  # a process that makes texts imports this module again
    main()

"""Run the command line: `python -m mnist_core`."""

from mnist_core.cli.main import main

if __name__ == "__main__":
    main()

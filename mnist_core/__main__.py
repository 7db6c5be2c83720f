"""The command line: `python -m mnist_core`."""

from mnist_core.command_line import main

if __name__ == "__main__":
    main()

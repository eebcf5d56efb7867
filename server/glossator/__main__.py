"""`python -m glossator` and the console script: hands over to the command line."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    from glossator.cli.main import run
    from glossator.private_files import restrict_process

    restrict_process()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

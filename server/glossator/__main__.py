"""`python -m glossator` and the console script: hands over to the command line."""

import gc
import signal
import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from glossator.cli import garbage

        garbage.collect_rarely()
        from glossator.cli.main import run
        from glossator.private_files import restrict_process

        restrict_process()
        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    except ImportError as error:
        sys.stderr.write(f"glossator: this installation is incomplete ({error}): reinstall Glossator\n")
        status = 1
    # Python would answer a Ctrl-C during its own clean-up with a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Nor need it look for cycles in all that is left, which takes 40 ms after a search.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()

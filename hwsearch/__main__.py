"""``hwsearch`` and ``python -m hwsearch`` are the command line."""

from hwsearch.interrupts import heeded


def main() -> None:
    """Run the command line; a signal ends it rightly from here on, while it is still loading."""
    with heeded(last=True):
        from hwsearch import cli

        cli.main()


if __name__ == "__main__":
    main()

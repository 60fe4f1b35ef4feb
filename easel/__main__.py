"""`python -m easel` is the command `easel`."""

from easel.cli import main

if __name__ == "__main__":
    main()

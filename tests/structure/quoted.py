"""quoted.py ROOT: fails when the README quotes an example otherwise than it stands in the file that the suite compiles."""

import pathlib
import sys

EXAMPLE = "tests/examples/poll_client.cpp"


def marked(text):
    """The lines between the two marks of an example."""
    return text.split("// README >\n")[1].split("// < README")[0].strip("\n")


def main(root):
    example = marked((pathlib.Path(root) / EXAMPLE).read_text(encoding="utf-8"))
    readme = (pathlib.Path(root) / "README.md").read_text(encoding="utf-8")
    assert marked("a\n// README >\nb\n// < README\n") == "b", "the marks are not understood"
    if f"```cpp\n{example}\n```" in readme:
        return 0
    print(f"README.md does not quote {EXAMPLE} as it stands")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

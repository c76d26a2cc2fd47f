"""What a commit would hold: the files under version control, and new ones that are not ignored."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def tracked_files() -> list[Path]:
    """Return the files' paths relative to the root; a file deleted but not yet committed is left out."""
    # The checkout may belong to somebody else than who runs the tests, as in a container.
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [Path(name) for name in names if name and (ROOT / name).is_file()]


def tracked_texts(*, under: str = "") -> dict[Path, str]:
    """Return the text of every tracked file below a folder; what is not UTF-8 (compressed pages) is left out."""
    texts = {}
    for path in tracked_files():
        if path.is_relative_to(under or "."):
            try:
                texts[path] = (ROOT / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts

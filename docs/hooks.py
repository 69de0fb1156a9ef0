"""Hook of the documentation site, which publishes each file at its path in the repository.

Pages link to each other, to examples and to source files by relative paths, as on a forge. The site
has the same tree, so the same links work there, and a strict build checks them.
"""

from __future__ import annotations

from pathlib import Path

from properdocs.config.defaults import MkDocsConfig
from properdocs.structure.files import File, Files

PUBLISHED = [
    "*.md",
    "LICENSE",
    "docs/*.md",
    "docs/*.png",
    "examples/*/*.md",
    "examples/nightly/*",
    "contract/personalize_contract/contracts/*.yaml",
]
"""Patterns of the pages, and of the files that they link to."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of docs/ by the published ones, and leave those of the theme."""
    root = Path(config.config_file_path).parent
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    for path in (path for pattern in PUBLISHED for path in sorted(root.glob(pattern))):
        name = path.relative_to(root).as_posix()
        files.append(File.generated(config, name, abs_src_path=str(path)))
    return files

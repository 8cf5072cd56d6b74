"""Downloads of data sets that may not be redistributed, each file verified against its git blob id.

A git blob id is the SHA-1 of the bytes "blob <size>", a zero byte and the file's content. It names exactly one
content, so a file that matches is the file of the authors' repository. This module knows nothing of what is in it.
"""

import hashlib
import os
from collections import namedtuple
from pathlib import Path

from ..checks import one_of
from ..files import replacing
from .movielens import data_folder

# Where a data set comes from: the address of its folder, the git blob id of each file by its name, and the terms.
Source = namedtuple("Source", "base_url files terms")
FRAPPE = Source(
    base_url="https://raw.githubusercontent.com/hexiangnan/neural_factorization_machine/"
    "ca2a5d11b929816aa44c6e470e795af144608507/data/frappe/",
    files={
        "frappe.train.libfm": "176b2aaf1f63dd13d3e66a5c17c8ec8186e91893",
        "frappe.validation.libfm": "50b9c04bcf58dcb46d0b0070d3d6f88b45c9baab",
        "frappe.test.libfm": "d7cdd03f0e2415c97618de617f20bedd50e8fce7",
    },
    terms="""\
Frappe: which mobile app was used in which context (96,203 uses, 957 users, 4,082 apps), with two sampled
negatives per use, as prepared by the authors of the NFM paper. Terms of the data:
  - research purposes only; no commercial or revenue-bearing use without the owners' permission
  - do not redistribute the files, and do not try to find out who the users are
  - no guarantee that the data is correct or suitable for anything
  - acknowledge it in publications: Baltrunas, Church, Karatzoglou, Oliver (2015), Frappe: Understanding the Usage
    and Perception of Mobile App Recommendations In-The-Wild, arXiv 1505.03014""",
)
SOURCES = {"frappe": FRAPPE}


def download(
    name: str = "frappe", folder: str | os.PathLike | None = None, base_url: str | None = None, progress: bool = True
) -> Path:
    """Print the terms of a data set, get its files and verify them. Returns the folder that holds them.

    folder: made if it does not exist; default: downloads/<name> in `data_folder()`. A file that is there already is
        kept if it matches, also one that you saved by hand, and replaced if not.
    base_url: another place with the same files, such as a mirror or a local server.
    progress: show a progress bar for each file.

    A file appears whole and verified or not at all. After an error, call it again: it goes on with the next file.

    Raises ValueError for an unknown name or a file with other bytes than expected, ConnectionError if the server can't
    be reached, answers with an error or breaks off, another OSError if the folder can't be written to or is full.
    """
    one_of("name", name, tuple(SOURCES))
    source = SOURCES[name]
    folder = data_folder() / "downloads" / name if folder is None else Path(folder)
    base_url = source.base_url if base_url is None else base_url
    print(source.terms)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file_name, blob_id in source.files.items():
            path = folder / file_name
            if path.is_file() and git_blob_id(path) == blob_id:
                print(f"{file_name} is there already and correct")
                continue
            _fetch(f"{base_url.rstrip('/')}/{file_name}", path, blob_id, progress)
            print(f"{file_name} downloaded and verified")
    except ConnectionError:
        raise
    except OSError as error:
        what = os.strerror(error.errno) if error.errno else error
        advice = "Nothing half-written was kept. Make room or choose another folder"
        raise OSError(error.errno, f"can't write to {folder}: {what}. {advice}") from error
    return folder


def git_blob_id(path: str | os.PathLike) -> str:
    """The id under which git stores this file's content: 40 hexadecimal digits."""
    content = Path(path).read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _fetch(url: str, path: Path, blob_id: str, progress: bool) -> None:
    """Download one file, verify it, and only then let it appear."""
    import pooch  # here: imported in a notebook, its progress bar warns where ipywidgets is missing
    from requests import exceptions  # pooch brings requests; importing it here keeps start-up short

    reasons = {  # in words; the first kind that fits
        exceptions.HTTPError: "the server answered {0.response.status_code} {0.response.reason}",
        exceptions.Timeout: "the server did not answer within 30 seconds",
        exceptions.ChunkedEncodingError: "the connection broke before the end of the file",
        exceptions.ConnectionError: "no connection to the server, or it was lost ({0.__class__.__name__})",
    }
    get = pooch.HTTPDownloader(progressbar=progress, chunk_size=2**16, timeout=30)
    try:
        with replacing(path) as part:
            get(url, str(part), None)
            found = git_blob_id(part)
            if found != blob_id:
                what = f"git blob id {found} ({part.stat().st_size:,} bytes) instead of {blob_id}"
                why = "It was cut short or changed on the way, or the server sent a page of its own"
                advice = "Nothing was kept. Try again, on another network if need be."
                raise ValueError(f"{url} gave another file than expected: {what}. {why}. {advice}")
    except exceptions.RequestException as error:  # an OSError too, so this comes first
        reason = next((text for kind, text in reasons.items() if isinstance(error, kind)), "{0}").format(error)
        raise ConnectionError(
            f"{path.name} could not be downloaded: {reason}. Nothing half-written was kept. Check the network "
            f"and try again, or get {url} with a browser, save it as {path} and run this once more to verify it."
        ) from error

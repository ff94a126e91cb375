"""Stops an upload while it comes in, before it fills the disk; the form says the same limit again."""

from tempfile import NamedTemporaryFile
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from runbook.domain.diagnosis.surfaces.limits import UPLOAD
from runbook.domain.handed_files import LIMITS, MIB, FileKind
from runbook.exports.reading import MOST_ZIP
from runbook.services import objects

_WORDS = MIB
#: A form may carry one file and the words beside it.
MOST = UPLOAD + _WORDS
#: The panel of a step may carry a package, and pictures beside it.
MOST_EVIDENCE = LIMITS[FileKind.ZIP] + UPLOAD + _WORDS
_EVIDENCE = frozenset({"work-on-step"})
#: A record of another installation comes whole.
MOST_RECORD = MOST_ZIP + _WORDS
LARGEST = max(MOST, MOST_EVIDENCE, MOST_RECORD)
_RECORD = "import-record"


class LimitedUpload(FileUploadHandler):
    """Counts what comes in and refuses the request when it is more than its form may carry."""

    received = 0

    @property
    def most(self) -> int:
        """How much the form at this address may carry."""
        match = getattr(self.request, "resolver_match", None)
        if match and match.url_name == _RECORD:
            return MOST_RECORD
        return MOST_EVIDENCE if match and match.url_name in _EVIDENCE else MOST

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Refuses by the announced length, the third argument, before a single byte is kept."""
        if args[2] > self.most:
            self._refuse()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > self.most:
            self._refuse()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _refuse(self) -> None:
        raise RequestDataTooBig(f"The files are larger than {self.most // MIB} MiB.")


class _Private(TemporaryUploadedFile):
    """A file on the disk, in the product's own folder for what comes in."""

    def __init__(
        self,
        name: str | None,
        content_type: str | None,
        *,
        charset: str | None,
        extra: dict[str, Any] | None,
    ) -> None:
        # Closed, and with that deleted, by the request that it came with.
        file = NamedTemporaryFile(suffix=".upload", dir=objects.incoming())  # noqa: SIM115
        UploadedFile.__init__(self, file, name, content_type, 0, charset, extra)


class PrivateUpload(TemporaryFileUploadHandler):
    """Writes what is too large for memory beside the objects: private, and tidied after a crash."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        FileUploadHandler.new_file(self, *args, **kwargs)
        self.file = _Private(
            self.file_name,
            self.content_type,
            charset=self.charset,
            extra=self.content_type_extra,
        )

"""Stops an upload while it comes in, before it fills the disk; the form says the same limit again."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

from runbook.domain.diagnosis.surfaces.limits import UPLOAD

#: A form may carry one file and the words beside it.
MOST = UPLOAD + 1024 * 1024


class LimitedUpload(FileUploadHandler):
    """Counts what comes in and refuses the request when it is more than any form may carry."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        """Refuses by the announced length, the third argument, before a single byte is kept."""
        if args[2] > MOST:
            raise RequestDataTooBig("The file is larger than 20 MiB.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > MOST:
            raise RequestDataTooBig("The file is larger than 20 MiB.")
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

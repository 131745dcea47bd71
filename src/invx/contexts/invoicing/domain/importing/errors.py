"""The refusals of imports and of imported documents."""

from invx.kernel.errors import Conflict, Invalid, NotFound


class DocumentIsImported(Conflict):
    """Another system issued this document: it is read-only here, only its settlement moves."""

    code = "document_imported"


class DocumentNotImported(Conflict):
    """This document was issued here; its PDF is made here, too."""


class ForeignFileMissing(NotFound):
    """The document was imported without its PDF."""


class ForeignFileIsKept(Conflict):
    """The document has its PDF, and it is another one."""


class FileNotPdf(Invalid):
    """The file is no PDF."""


class FileNamesNoDocument(NotFound):
    """No document of this import names a file like this."""


class ImportNotFound(NotFound):
    """There is no such import in this tenant."""


class ImportNotOpen(Conflict):
    """The import was committed; what it brought can only be reversed as a whole."""


class ImportNotCommitted(Conflict):
    """The import has brought nothing yet."""


class ImportUnderWay(Conflict):
    """The operation of the import is not over: wait for its end, or cancel it."""

    lasting = False


class ImportInUse(Conflict):
    """Somebody has worked with a document of the import, so it cannot be reversed as a whole."""


class ImportFileGone(Conflict):
    """The uploaded file is not there any more, after an erasure; upload it again."""


class FileUnreadable(Invalid):
    """The file cannot be read as CSV, JSON Lines or XLSX."""


class RowsRejected(Invalid):
    """Some documents of the file are not right; check them, or say `skip_rejected`."""


class NothingToImport(Invalid):
    """The file holds no document that is not imported already."""


class ForeignNumberTaken(Conflict):
    """Another document of this source has the number already; this one says something else."""


class TaxSplitMissing(Invalid):
    """You account for taxes when money comes in, so the import must say which taxes are open."""


class OpeningAccountMissing(Invalid):
    """No row of the chart says against which account opening balances are booked."""

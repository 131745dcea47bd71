"""The uploaded files that a content names as its attachments: found, and given what they are."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.domain.files.file import FileNotFound
from invx.kernel.errors import Invalid, Problem


def named_files(content: Content) -> list[UUID]:
    """The files that a content names, each once, in order."""
    return list(dict.fromkeys(each.file for each in content.attachments if each.file is not None))


async def with_files(content: Content, uow: InvoicingUnitOfWork) -> Content:
    """The content with name, type, size and hash of each file that it names.

    The files cannot be deleted until this transaction ends. Raises Invalid, naming each attachment
    whose file is not there.
    """
    if not (wanted := named_files(content)):
        return content
    found = await uow.attached.find(wanted)
    problems, attachments = [], []
    for index, each in enumerate(content.attachments):
        if each.file is None:
            attachments.append(each)
            continue
        file = found.get(each.file)
        if file is None:
            code, said = FileNotFound.code, "There is no such file."
            problems.append(Problem(f"/attachments/{index}/file", code, said))
            continue
        attachments.append(
            replace(
                each,
                filename=each.filename or file.name,
                media_type=file.media_type,
                sha256=file.archived.stored.sha256,
                size=file.archived.stored.size,
            )
        )
    if problems:
        raise Invalid(problems=problems)
    return replace(content, attachments=tuple(attachments))


async def files_of(document: Document, uow: InvoicingUnitOfWork) -> Mapping[str, bytes]:
    """The bytes of the files that a document names, by hash; for its e-invoice."""
    wanted = named_files(document.content)
    if not wanted:
        return {}
    found = await uow.attached.find(wanted)
    files = [found[each].archived for each in wanted if each in found]
    contents = await uow.facts.need(*(uow.storing.content(each) for each in files))
    return {file.stored.sha256: held for file, held in zip(files, contents, strict=True)}

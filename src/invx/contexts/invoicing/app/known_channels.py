"""A legal entity uses only channels that the operator set up."""

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.delivery.delivery_errors import ChannelUnknown
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.kernel.errors import Problem


def ensure_channels(details: LegalEntityDetails, uow: InvoicingUnitOfWork) -> None:
    """Raises ChannelUnknown, naming each."""
    problems = []
    for index, use in enumerate(details.transmission_channels):
        try:
            uow.transmissions.channel(use.channel)
        except ChannelUnknown as error:
            at = f"/transmission_channels/{index}/channel"
            problems.append(Problem(at, ChannelUnknown.code, error.detail))
    if problems:
        raise ChannelUnknown(problems=problems)

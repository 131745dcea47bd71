"""What invoicing uses of the world, as the operator set it up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from invx.contexts.invoicing.adapters.tax_engines import facts as tax_engines
from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from invx.contexts.invoicing.adapters.tax_ids import facts as tax_ids
from invx.contexts.invoicing.adapters.tax_ids.form import VIES_COUNTRIES
from invx.contexts.invoicing.adapters.tax_ids.registers import Hmrc, Vies
from invx.contexts.invoicing.adapters.transmission.access_point import AccessPoint
from invx.contexts.invoicing.adapters.transmission.channels import Channels, SetUp
from invx.contexts.invoicing.adapters.transmission.folder import Folder
from invx.contexts.invoicing.adapters.transmission.practice_authority import PracticeAuthority
from invx.contexts.invoicing.app.ports import TaxRegister
from invx.contexts.invoicing.domain.delivery.transmission import Channel
from invx.infra.quotas import Quota
from invx.infra.storage.places import FileLimits, StorageSettings
from invx.kernel.ports import Clock


@dataclass(frozen=True, slots=True)
class Outside:
    """What invoicing uses of the world. Registers are asked only where they are named."""

    renderers: int = 2  # threads that make PDFs
    vies_url: str | None = None
    hmrc_url: str | None = None
    hmrc_token: str | None = field(default=None, repr=False)
    rules: Path | None = None  # the folder of e-invoice rules that the operator installed
    packs: Path | None = None  # the folder of newer country packs
    # Channels by which documents leave the house; `clears` says that an authority decides there.
    folder: Path | None = None
    folder_clears: bool = False
    access_point_url: str | None = None
    access_point_token: str | None = field(default=None, repr=False)
    access_point_clears: bool = False
    practice_authority: bool = False
    tax_engine: str | None = None  # the name by which legal entities ask for it
    tax_engine_url: str | None = None
    tax_engine_secret: str | None = field(default=None, repr=False)
    storage: StorageSettings = field(default_factory=StorageSettings)
    file_limits: FileLimits = field(default_factory=FileLimits)
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    numbers: Path | None = None  # the outside journal of numbers

    def registers(self, clock: Clock) -> tax_ids.Registers:
        """The registers of VAT ids, by the country that ids begin with."""
        found: dict[str, TaxRegister] = {}
        if self.vies_url is not None:
            found |= dict.fromkeys(VIES_COUNTRIES, Vies(self.vies_url, clock))
        if self.hmrc_url is not None and self.hmrc_token is not None:
            found["GB"] = Hmrc(self.hmrc_url, self.hmrc_token, clock)
        return found

    def channels(self) -> Channels:
        """The channels that are set up, by name."""
        found: list[SetUp] = []
        if self.folder is not None:
            channel = Channel(name="folder", clears=self.folder_clears, test=True)
            found.append(SetUp(channel, Folder(self.folder, answers=self.folder_clears)))
        if self.access_point_url is not None:
            channel = Channel(name="access_point", clears=self.access_point_clears)
            means = AccessPoint(self.access_point_url, self.access_point_token or "")
            found.append(SetUp(channel, means))
        if self.practice_authority:
            channel = Channel(name="practice_authority", clears=True, live=False, test=True)
            found.append(SetUp(channel, PracticeAuthority()))
        return {each.channel.name: each for each in found}

    def engines(self) -> tax_engines.Engines:
        """The tax engines by name."""
        if self.tax_engine is None or self.tax_engine_url is None:
            return {}
        return {self.tax_engine: HttpTaxEngine(self.tax_engine_url, self.tax_engine_secret)}

"""Documents that break one rule each: how, which rule must say so, and what our API calls it."""

from dataclasses import dataclass

from invx.contexts.invoicing.adapters.einvoice.validation import Resource, Severity
from tests.integration.invoicing.einvoice.editing import (
    AGREEMENT,
    DELIVERY,
    LINE,
    SETTLEMENT,
    Edit,
    after,
    both,
    drop,
    mark,
    put,
)

INVOICE, ENTITY = Resource.INVOICE, Resource.LEGAL_ENTITY


@dataclass(frozen=True)
class Broken:
    rule: str
    edit: Edit
    field: str | None = None
    resource: Resource = INVOICE
    severity: Severity = Severity.FATAL


def warned(rule: str, edit: Edit, field: str, resource: Resource = INVOICE) -> Broken:
    return Broken(rule, edit, field, resource, Severity.WARNING)


_SELLER = "cac:AccountingSupplierParty/cac:Party"
_BUYER = "cac:AccountingCustomerParty/cac:Party"
_AGENT = "cac:TaxRepresentativeParty"
_LINE = "cac:InvoiceLine"
_DISCOUNT = "cac:AllowanceCharge[cbc:ChargeIndicator='false']"
_CHARGE = "cac:AllowanceCharge[cbc:ChargeIndicator='true']"
_GROUP = "cac:TaxTotal/cac:TaxSubtotal"
_VAT = "/cac:ClassifiedTaxCategory"


def _country(party: str) -> str:
    return f"{party}/cac:PostalAddress/cac:Country/cbc:IdentificationCode"


def _reverse_charge() -> Edit:
    """The third line, and its group, under reverse charge instead of exempt."""
    return both(
        put(f"{_LINE}[3]/cac:Item{_VAT}/cbc:ID", "AE"),
        put(f"{_GROUP}[3]/cac:TaxCategory/cbc:ID", "AE"),
    )


UBL_CASES = [
    Broken("BR-02", put("cbc:ID", " "), "/status"),
    Broken("BR-CL-01", put("cbc:InvoiceTypeCode", "999"), "/type_code"),
    Broken("BR-CL-04", put("cbc:DocumentCurrencyCode", "EUX"), "/currency"),
    Broken(
        "BR-53",
        after("cbc:DocumentCurrencyCode", "<cbc:TaxCurrencyCode>SEK</cbc:TaxCurrencyCode>"),
        "/tax_currency/rate",
    ),
    Broken("BR-29", put("cac:InvoicePeriod/cbc:EndDate", "2026-09-30"), "/service_period/end"),
    Broken(
        "BR-30",
        put(f"{_LINE}[1]/cac:InvoicePeriod/cbc:EndDate", "2026-09-30"),
        "/lines/0/service_period/end",
    ),
    Broken("BR-CO-20", drop(f"{_LINE}[1]/cac:InvoicePeriod/*"), "/lines/0/service_period"),
    Broken("BR-CO-19", drop("cac:InvoicePeriod/*"), "/service_period"),
    Broken(
        "BR-06", drop(f"{_SELLER}/cac:PartyLegalEntity/cbc:RegistrationName"), "/legal_name", ENTITY
    ),
    Broken("BR-08", drop(f"{_SELLER}/cac:PostalAddress"), "/address", ENTITY),
    Broken("BR-09", drop(_country(_SELLER)), "/address/country", ENTITY),
    Broken(
        "BR-62", mark(f"{_SELLER}/cbc:EndpointID", "schemeID", None), "/endpoint/scheme", ENTITY
    ),
    Broken("BR-CL-25", mark(f"{_BUYER}/cbc:EndpointID", "schemeID", "0"), "/buyer/endpoint/scheme"),
    Broken(
        "BR-CO-09",
        put(f"{_BUYER}/cac:PartyTaxScheme/cbc:CompanyID", "811569869"),
        "/buyer/vat_id",
    ),
    Broken(
        "BR-CO-09",
        put(f"{_SELLER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID", "1366"),
        "/registrations",
        ENTITY,
    ),
    Broken(
        "BR-CO-26",
        both(
            drop(f"{_SELLER}/cac:PartyIdentification"),
            drop(f"{_SELLER}/cac:PartyLegalEntity/cbc:CompanyID"),
            drop(f"{_SELLER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']"),
        ),
        "/registrations",
        ENTITY,
    ),
    Broken("BR-07", put(f"{_BUYER}//cbc:RegistrationName", ""), "/buyer/name"),
    Broken("BR-10", drop(f"{_BUYER}/cac:PostalAddress"), "/buyer/address"),
    Broken("BR-11", drop(_country(_BUYER)), "/buyer/address/country"),
    Broken("BR-CL-14", put(_country(_BUYER), "XX"), "/buyer/address/country"),
    Broken("BR-63", mark(f"{_BUYER}/cbc:EndpointID", "schemeID", None), "/buyer/endpoint/scheme"),
    Broken(
        "BR-CL-10",
        mark(f"{_BUYER}/cac:PartyIdentification/cbc:ID", "schemeID", "GLN"),
        "/buyer/identifiers",
    ),
    Broken(
        "BR-CL-11",
        mark(f"{_BUYER}/cac:PartyLegalEntity/cbc:CompanyID", "schemeID", "HRB"),
        "/buyer/registration/scheme",
    ),
    Broken("BR-17", drop("cac:PayeeParty/cac:PartyName"), "/payee/name"),
    Broken("BR-18", drop(f"{_AGENT}/cac:PartyName"), "/tax_representative/name"),
    Broken("BR-19", drop(f"{_AGENT}/cac:PostalAddress"), "/tax_representative/address"),
    Broken("BR-20", drop(_country(_AGENT)), "/tax_representative/address/country"),
    Broken("BR-56", drop(f"{_AGENT}/cac:PartyTaxScheme"), "/tax_representative/vat_id"),
    Broken(
        "BR-57",
        drop("cac:Delivery/cac:DeliveryLocation/cac:Address/cac:Country"),
        "/ship_to/address/country",
    ),
    Broken("BR-61", drop("cac:PaymentMeans/cac:PayeeFinancialAccount"), "/bank_accounts", ENTITY),
    Broken("BR-CL-16", put("cac:PaymentMeans/cbc:PaymentMeansCode", "999"), "/payment_means/code"),
    Broken(
        "BR-33",
        both(
            drop(f"{_DISCOUNT}/cbc:AllowanceChargeReason"),
            drop(f"{_DISCOUNT}/cbc:AllowanceChargeReasonCode"),
        ),
        "/discounts/0/reason",
    ),
    Broken(
        "BR-38",
        both(
            drop(f"{_CHARGE}/cbc:AllowanceChargeReason"),
            drop(f"{_CHARGE}/cbc:AllowanceChargeReasonCode"),
        ),
        "/charges/0/reason",
    ),
    Broken(
        "BR-42",
        both(
            drop(f"{_LINE}[1]/{_DISCOUNT}/cbc:AllowanceChargeReason"),
            drop(f"{_LINE}[1]/{_DISCOUNT}/cbc:AllowanceChargeReasonCode"),
        ),
        "/lines/0/discounts/0/reason",
    ),
    Broken(
        "BR-44",
        both(
            drop(f"{_LINE}[1]/{_CHARGE}/cbc:AllowanceChargeReason"),
            drop(f"{_LINE}[1]/{_CHARGE}/cbc:AllowanceChargeReasonCode"),
        ),
        "/lines/0/charges/0/reason",
    ),
    Broken(
        "BR-CL-19",
        put(f"{_LINE}[1]/{_DISCOUNT}/cbc:AllowanceChargeReasonCode", "999"),
        "/lines/0/discounts/0/reason_code",
    ),
    Broken(
        "BR-CL-20", put(f"{_CHARGE}/cbc:AllowanceChargeReasonCode", "?"), "/charges/0/reason_code"
    ),
    Broken("BR-CL-23", mark(f"{_LINE}[2]/cbc:InvoicedQuantity", "unitCode", "ST"), "/lines/1/unit"),
    Broken("BR-25", put(f"{_LINE}[2]/cac:Item/cbc:Name", ""), "/lines/1/description"),
    Broken("BR-27", put(f"{_LINE}[2]/cac:Price/cbc:PriceAmount", "-25"), "/lines/1/price"),
    Broken(
        "BR-28",
        put(f"{_LINE}[2]/cac:Price/cac:AllowanceCharge/cbc:BaseAmount", "-30"),
        "/lines/1/price",
    ),
    Broken("BR-CO-04", drop(f"{_LINE}[2]/cac:Item{_VAT}"), "/lines/1/taxes"),
    Broken(
        "BR-54",
        drop(f"{_LINE}[1]/cac:Item/cac:AdditionalItemProperty/cbc:Value"),
        "/lines/0/item/attributes",
    ),
    Broken(
        "BR-64",
        mark(f"{_LINE}[1]//cac:StandardItemIdentification/cbc:ID", "schemeID", None),
        "/lines/0/item/standard_id/scheme",
    ),
    Broken(
        "BR-65",
        mark(f"{_LINE}[1]//cbc:ItemClassificationCode", "listID", None),
        "/lines/0/item/classifications",
    ),
    Broken(
        "BR-CL-15",
        put(f"{_LINE}[1]/cac:Item/cac:OriginCountry/cbc:IdentificationCode", "ZZ"),
        "/lines/0/item/origin",
    ),
    Broken(
        "BR-CL-22",
        put(f"{_GROUP}//cbc:TaxExemptionReasonCode", "VATEX-X"),
        "/lines/2/taxes/0/reason_code",
    ),
    Broken("BR-S-05", put(f"{_LINE}[1]/cac:Item{_VAT}/cbc:Percent", "0"), "/lines/0/taxes/0/rate"),
    Broken("BR-E-05", put(f"{_LINE}[3]/cac:Item{_VAT}/cbc:Percent", "7"), "/lines/2/taxes/0/rate"),
    Broken(
        "BR-E-10",
        both(
            drop(f"{_GROUP}//cbc:TaxExemptionReasonCode"),
            drop(f"{_GROUP}//cbc:TaxExemptionReason"),
        ),
        "/lines/2/taxes/0/reason",
    ),
    Broken(
        "BR-S-02",
        both(drop(f"{_SELLER}/cac:PartyTaxScheme"), drop(f"{_AGENT}/cac:PartyTaxScheme")),
        "/registrations",
        ENTITY,
    ),
    Broken(
        "BR-AE-02",
        both(
            _reverse_charge(),
            drop(f"{_BUYER}/cac:PartyTaxScheme"),
            drop(f"{_BUYER}/cac:PartyLegalEntity/cbc:CompanyID"),
        ),
        "/buyer/vat_id",
    ),
    Broken(
        "BR-IC-12",
        both(
            put(f"{_LINE}[3]/cac:Item{_VAT}/cbc:ID", "K"),
            put(f"{_GROUP}[3]/cac:TaxCategory/cbc:ID", "K"),
            drop("cac:Delivery/cac:DeliveryLocation"),
        ),
        "/ship_to/address/country",
    ),
    Broken("BR-O-11", put(f"{_GROUP}[3]/cac:TaxCategory/cbc:ID", "O"), "/lines"),
    Broken("BR-CO-10", put("cac:LegalMonetaryTotal/cbc:LineExtensionAmount", "1300.01")),
    Broken("BR-CO-11", put("cac:LegalMonetaryTotal/cbc:AllowanceTotalAmount", "99.99")),
    Broken("BR-CO-14", put("cac:TaxTotal/cbc:TaxAmount", "179.41")),
    Broken("BR-CO-15", put("cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount", "1399.41")),
    Broken("BR-CO-16", put("cac:LegalMonetaryTotal/cbc:PayableAmount", "1299.51"), "/prepaid"),
    Broken("BR-CO-17", put(f"{_GROUP}[1]/cbc:TaxAmount", "175.00")),
    Broken("BR-E-08", put(f"{_GROUP}[3]/cbc:TaxableAmount", "200.01")),
    Broken("BR-E-09", put(f"{_GROUP}[3]/cbc:TaxAmount", "1.00")),
    Broken("BR-DEC-23", put(f"{_LINE}[1]/cbc:LineExtensionAmount", "1000.000")),
    Broken("BR-DE-1", drop("cac:PaymentMeans"), "/bank_accounts", ENTITY),
    Broken("BR-DE-2", drop(f"{_SELLER}/cac:Contact"), "/contact", ENTITY),
    Broken("BR-DE-3", put(f"{_SELLER}//cbc:CityName", ""), "/address/city", ENTITY),
    Broken("BR-DE-4", drop(f"{_SELLER}//cbc:PostalZone"), "/address/postal_code", ENTITY),
    Broken("BR-DE-5", drop(f"{_SELLER}/cac:Contact/cbc:Name"), "/contact/name", ENTITY),
    Broken("BR-DE-6", drop(f"{_SELLER}/cac:Contact/cbc:Telephone"), "/contact/phone", ENTITY),
    Broken("BR-DE-7", drop(f"{_SELLER}//cbc:ElectronicMail"), "/contact/email", ENTITY),
    Broken("BR-DE-8", drop(f"{_BUYER}//cbc:CityName"), "/buyer/address/city"),
    Broken("BR-DE-9", drop(f"{_BUYER}//cbc:PostalZone"), "/buyer/address/postal_code"),
    Broken("BR-DE-10", drop("cac:Delivery//cbc:CityName"), "/ship_to/address/city"),
    Broken("BR-DE-15", drop("cbc:BuyerReference"), "/buyer_reference"),
    Broken("BR-DE-18", put("cac:PaymentTerms/cbc:Note", "#SKONTO#TAGE=7#"), "/payment_terms"),
    Broken("PEPPOL-EN16931-R010", drop(f"{_BUYER}/cbc:EndpointID"), "/buyer/endpoint"),
    Broken("PEPPOL-EN16931-R020", drop(f"{_SELLER}/cbc:EndpointID"), "/endpoint", ENTITY),
    Broken(
        "PEPPOL-EN16931-R110",
        put(f"{_LINE}[1]/cac:InvoicePeriod/cbc:StartDate", "2026-09-01"),
        "/lines/0/service_period/start",
    ),
    Broken(
        "PEPPOL-EN16931-R046",
        put(f"{_LINE}[2]/cac:Price/cbc:PriceAmount", "24"),
        "/lines/1/price_discount",
    ),
    warned("BR-DE-17", put("cbc:InvoiceTypeCode", "751"), "/type_code"),
    warned("BR-DE-19", put("cac:PaymentMeans//cbc:ID", "DE00"), "/bank_accounts", ENTITY),
    warned("BR-DE-27", put(f"{_SELLER}//cbc:Telephone", "none"), "/contact/phone", ENTITY),
    warned("BR-DE-28", put(f"{_SELLER}//cbc:ElectronicMail", "none"), "/contact/email", ENTITY),
    warned("PEPPOL-EN16931-R120", put(f"{_LINE}[2]/cbc:InvoicedQuantity", "5"), "/lines/1"),
]

_TOTALS = f"{SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_SELLER_C, _BUYER_C = f"{AGREEMENT}/ram:SellerTradeParty", f"{AGREEMENT}/ram:BuyerTradeParty"
_AGENT_C = f"{AGREEMENT}/ram:SellerTaxRepresentativeTradeParty"
_SOLD, _PAID = "ram:SpecifiedLineTradeAgreement", "ram:SpecifiedLineTradeSettlement"
_FALSE = "ram:SpecifiedTradeAllowanceCharge[ram:ChargeIndicator/udt:Indicator='false']"

CII_CASES = [
    Broken("BR-02", put("rsm:ExchangedDocument/ram:ID", " "), "/status"),
    Broken("BR-CL-01", put("rsm:ExchangedDocument/ram:TypeCode", "999"), "/type_code"),
    Broken("BR-CL-04", put(f"{SETTLEMENT}/ram:InvoiceCurrencyCode", "EUX"), "/currency"),
    Broken(
        "BR-29",
        put(f"{SETTLEMENT}/ram:BillingSpecifiedPeriod/ram:EndDateTime/*", "20260930"),
        "/service_period/end",
    ),
    Broken("BR-06", drop(f"{_SELLER_C}/ram:Name"), "/legal_name", ENTITY),
    Broken("BR-09", drop(f"{_SELLER_C}//ram:CountryID"), "/address/country", ENTITY),
    Broken("BR-10", drop(f"{_BUYER_C}/ram:PostalTradeAddress"), "/buyer/address"),
    Broken("BR-11", drop(f"{_BUYER_C}//ram:CountryID"), "/buyer/address/country"),
    Broken("BR-CL-14", put(f"{_BUYER_C}//ram:CountryID", "XX"), "/buyer/address/country"),
    Broken(
        "BR-CO-09",
        put(f"{_BUYER_C}/ram:SpecifiedTaxRegistration/ram:ID", "811569869"),
        "/buyer/vat_id",
    ),
    Broken("BR-56", drop(f"{_AGENT_C}/ram:SpecifiedTaxRegistration"), "/tax_representative/vat_id"),
    Broken(
        "BR-57", drop(f"{DELIVERY}/ram:ShipToTradeParty//ram:CountryID"), "/ship_to/address/country"
    ),
    Broken(
        "BR-33",
        both(
            drop(f"{SETTLEMENT}/{_FALSE}/ram:Reason"),
            drop(f"{SETTLEMENT}/{_FALSE}/ram:ReasonCode"),
        ),
        "/discounts/0/reason",
    ),
    Broken(
        "BR-CL-23",
        mark(f"{LINE}[2]//ram:BilledQuantity", "unitCode", "ST"),
        "/lines/1/unit",
    ),
    Broken(
        "BR-25", put(f"{LINE}[2]/ram:SpecifiedTradeProduct/ram:Name", ""), "/lines/1/description"
    ),
    Broken(
        "BR-27",
        put(f"{LINE}[2]/{_SOLD}/ram:NetPriceProductTradePrice/ram:ChargeAmount", "-25"),
        "/lines/1/price",
    ),
    Broken(
        "BR-S-05",
        put(f"{LINE}[1]/{_PAID}/ram:ApplicableTradeTax/ram:RateApplicablePercent", "0"),
        "/lines/0/taxes/0/rate",
    ),
    Broken(
        "BR-E-10",
        both(
            drop(f"{SETTLEMENT}/ram:ApplicableTradeTax/ram:ExemptionReason"),
            drop(f"{SETTLEMENT}/ram:ApplicableTradeTax/ram:ExemptionReasonCode"),
        ),
        "/lines/2/taxes/0/reason",
    ),
    Broken("BR-CO-10", put(f"{_TOTALS}/ram:LineTotalAmount", "1300.01")),
    Broken("BR-CO-15", put(f"{_TOTALS}/ram:GrandTotalAmount", "1399.41")),
    Broken("BR-CO-16", put(f"{_TOTALS}/ram:DuePayableAmount", "1299.51"), "/prepaid"),
    Broken(
        "BR-DE-1",
        drop(f"{SETTLEMENT}/ram:SpecifiedTradeSettlementPaymentMeans"),
        "/bank_accounts",
        ENTITY,
    ),
    Broken("BR-DE-2", drop(f"{_SELLER_C}/ram:DefinedTradeContact"), "/contact", ENTITY),
    Broken("BR-DE-9", drop(f"{_BUYER_C}//ram:PostcodeCode"), "/buyer/address/postal_code"),
    Broken("BR-DE-15", drop(f"{AGREEMENT}/ram:BuyerReference"), "/buyer_reference"),
    Broken(
        "PEPPOL-EN16931-R010", drop(f"{_BUYER_C}/ram:URIUniversalCommunication"), "/buyer/endpoint"
    ),
    warned("BR-DE-17", put("rsm:ExchangedDocument/ram:TypeCode", "751"), "/type_code"),
]

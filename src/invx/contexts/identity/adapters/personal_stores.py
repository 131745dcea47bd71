"""Every store that copies a personal value, with its eraser or its retention (section 5)."""

from invx.infra.context import PersonalStore

PERSONAL_STORES = (
    PersonalStore("personal", "deleted by subject: user, invitation, support grant"),
    PersonalStore("users", "emptied; the id stays, and how the account is spoken to"),
    PersonalStore("sessions", "addresses and programs emptied"),
    PersonalStore("refresh_tokens", "hashes; deleted"),
    PersonalStore("authorization_codes", "hashes; deleted"),
    PersonalStore("linked_identities", "the provider's name for the person emptied"),
    PersonalStore("second_factors", "the encrypted secret emptied"),
    PersonalStore("recovery_codes", "hashes; deleted"),
    PersonalStore("totp_steps", "the moment of the last code; deleted"),
    PersonalStore("failed_attempts", "hashes of addresses; deleted, the last after 15 minutes"),
    PersonalStore("operators", "the name emptied"),
    PersonalStore("members", "emptied, in each tenant"),
    PersonalStore("member_sessions", "addresses and programs emptied, in each tenant"),
    PersonalStore("invitations", "an address stands there while one is open; withdrawn"),
    PersonalStore("support_grants", "who asked, and why, emptied with the operator's account"),
    PersonalStore("organizations", "the organization's own name, which may be a person's"),
    PersonalStore("opened_tenants", "likewise the tenant's own; emptied when it is erased"),
    PersonalStore("tenants", "likewise the tenant's own, in every context"),
    PersonalStore("api_keys", "what the tenant calls its programs"),
    PersonalStore("oauth_clients", "what the tenant calls its programs"),
    PersonalStore("roles", "how the tenant divides its own work"),
    PersonalStore("announcements", "what operators tell all tenants"),
)

"""What identity refuses."""

from invx.kernel.errors import (
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    TooMany,
    Unauthenticated,
    Unavailable,
)


class SignInRefused(Unauthenticated):
    """The email address, the password or the code is not right."""


class SignInThrottled(TooMany):
    """Too many attempts failed; wait before the next one."""


class CodeRequired(Unauthenticated):
    """This user signs in with a code beside the password: send `code` too."""


class RefreshRefused(Unauthenticated):
    """The refresh token is not valid any more: sign in again."""


class SignUpClosed(Forbidden):
    """This installation lets nobody sign up by themselves: ask for an invitation."""


class EmailTaken(Conflict):
    """This address cannot be signed up. If it is yours, sign in instead."""


class PasswordWeak(Invalid):
    """The password is too easy to guess."""


class UserNotFound(NotFound):
    """There is no such user."""


class SignInAgain(Unauthenticated):
    """Send your password; who has none signs in again, and asks within ten minutes of that."""


class OnlyOwner(Conflict):
    """Tenants would be left without an owner: make somebody else owner first, in each of these."""


class OperatorStill(Conflict):
    """You run this installation: have that ended first (`invx operator revoke`)."""


class UserDisabled(Unauthenticated):
    """The user may not sign in any more."""


class SessionNotFound(NotFound):
    """There is no such session."""


class OrganizationNotFound(NotFound):
    """There is no such organization."""


class TenantNotFound(NotFound):
    """There is no such tenant."""


class NoOrganization(Conflict):
    """This tenant belongs to no organization, so nobody can have sandboxes beside it."""


class SandboxNotFound(NotFound):
    """There is no such sandbox of this organization."""


class FromLiveOnly(Forbidden):
    """Sandboxes are made and ended from a live tenant of their organization, not from inside."""


class NotALikeness(NotFound):
    """A sandbox is set up like your own tenant or like a sandbox of its organization."""

    code = "not_a_likeness"


class ClockOfLiveTenant(Conflict):
    """A live tenant has the time of the world: only the clock of a sandbox can be moved."""


class ClockGoesBack(Invalid):
    """A clock is moved ahead, never back."""


class ClockTooFar(Invalid):
    """The clock of a sandbox stays within ten years of the time of the world."""


class ClockSpanMalformed(Invalid):
    """A span is written as ISO 8601 says: P1M, P10D, PT2H."""


class ClockMoving(Conflict):
    """The clock of this sandbox is just being moved: wait for the end of that, or cancel it."""

    lasting = False


class ClockStopped(Conflict):
    """Something that was due could not be done; resume to go on without it."""


class MemberNotFound(NotFound):
    """There is no such member of this tenant."""


class NotAMember(Forbidden):
    """The user is no member of this tenant, or no more."""

    code = "not_a_member"


class LastOwner(Conflict):
    """A tenant keeps at least one owner: make somebody else owner first."""


class RoleUnknown(Invalid):
    """There is no role of this name."""


class ApiKeyNotFound(NotFound):
    """There is no such API key in this tenant."""


class ApiKeyRefused(Unauthenticated):
    """The API key is unknown, expired or revoked."""


class ApiKeyOver(Conflict):
    """The API key is expired or revoked: make another one."""


class ExpiryPassed(Invalid):
    """What is made now cannot have expired already."""


class TooManyApiKeys(Conflict):
    """A tenant has 100 API keys at most: revoke one that nobody uses."""


class MoreThanHeld(Forbidden):
    """Nobody gives away what they may not do themselves."""


class RoleNotFound(NotFound):
    """There is no such role of this tenant's own."""


class RoleNameTaken(Conflict):
    """There is a role of this name already."""


class RoleInUse(Conflict):
    """Members or invitations have this role: give them another one first."""


class TooManyRoles(Conflict):
    """A tenant has 50 roles of its own at most."""


class PermissionUnknown(Invalid):
    """There is no permission of this name."""


class AlreadyMember(Conflict):
    """A member of this tenant has this address already."""


class InvitationNotFound(NotFound):
    """There is no such invitation."""


class InvitationOver(Gone):
    """The invitation was accepted or withdrawn, or it has expired: ask for another one."""


class InvitationForAnother(Forbidden):
    """The invitation is for another address than that of your account."""


class InvitationIncomplete(Invalid):
    """Who has no account needs a name and a password to accept an invitation."""


class TooManyInvitations(Conflict):
    """A tenant has 200 open invitations at most: withdraw one."""


class SecondFactorActive(Conflict):
    """Signing in takes a code already: remove that second factor first."""


class SecondFactorNotFound(NotFound):
    """There is no second factor: start with POST /v1/me/totp."""


class CodeWrong(Invalid):
    """The code is not right, or was used already: wait for the next one."""


class ClientInvalid(Invalid):
    """The client cannot be registered like that; the problems name the fields."""


class ClientNotFound(NotFound):
    """There is no such OAuth client in this tenant."""


class ScopeUnknown(Invalid):
    """Some scope cannot be given to a client; the problems name it."""


class ProviderRefused(Unauthenticated):
    """The provider does not vouch for you, or somebody tampered with its answer: start again."""


class ProviderUnavailable(Unavailable):
    """The provider that is to vouch for you does not answer."""


class OperatorNotFound(NotFound):
    """There is no such operator, or no more."""


class OperatorExists(Conflict):
    """This user is an operator already."""


class SecondFactorRequired(Forbidden):
    """An operator signs in with a second factor: set one up first, with POST /v1/me/totp."""


class AnnouncementNotFound(NotFound):
    """There is no such announcement."""


class AnnouncementTimesInvalid(Invalid):
    """An announcement is shown from one moment until a later one."""


class SupportGrantNotFound(NotFound):
    """There is no such request for access, or grant, in this tenant."""


class SupportOver(Conflict):
    """This was granted, refused or ended already, or was asked for more than a week ago."""


class SupportNotGranted(Forbidden):
    """Nobody of this tenant lets you in, or no more: ask for access."""


class SupportPermissionRefused(Invalid):
    """Some permission cannot be given to an operator; the problems name it."""


class QuotaClassUnknown(Invalid):
    """There is no class of quotas of this name."""


class TenantStateForbids(Conflict):
    """The tenant is in a state that forbids this."""

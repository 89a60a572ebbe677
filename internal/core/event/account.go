package event

// AccountChanged tells of something that matters to the safety of an account:
// its owner is told by mail, and the audit log keeps it.
type AccountChanged struct {
	UID    string
	What   string // one of the constants below
	Detail string // such as the name of a device; may be empty
	Actor  string // who did it; "" for a command on the server
	Addr   string // from which address, as far as known
	Agent  string // with which program, as far as known
}

// What may happen to an account.
const (
	PasswordSet      = "password-set"
	AppPasswordMade  = "app-password-made"
	SecondFactorOn   = "second-factor-on"
	SecondFactorOff  = "second-factor-off"
	AddressChanged   = "address-changed" // Detail is the former one
	AccountDisabled  = "account-disabled"
	AccountEnabled   = "account-enabled"
	AccountLockedOut = "account-locked-out" // by wrong passwords, where an administrator wants that
	AccountUnlocked  = "account-unlocked"   // by an administrator
	AccountMade      = "account-made"
	AccountRemoved   = "account-removed"
	MadeAdmin        = "made-admin"
	AdminNoMore      = "admin-no-more"
	SignedInNewPlace = "signed-in-new-place"
	Provisioned      = "provisioned"        // an identity provider has changed what Detail tells of
	ExternalAppActed = "external-app-acted" // Detail is the app; told once an hour
)

// EventName implements bus.Event.
func (AccountChanged) EventName() string { return "account.changed" }

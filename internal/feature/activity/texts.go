package activity

import "atrium/internal/core/event"

// fileWords say what happened to files and shares: -self to who did it, -me to whom
// it was done, -other to the rest; -brief stands beside the file.
var fileWords = map[string]event.Words{
	"created-self":     {"en": "You created {file}", "de": "Du hast {file} erstellt"},
	"created-other":    {"en": "{user} created {file}", "de": "{user} hat {file} erstellt"},
	"created-nobody":   {"en": "{file} was created", "de": "{file} wurde erstellt"},
	"created-by-link":  {"en": "{file} was created in a public folder", "de": "{file} wurde in einem öffentlichen Ordner erstellt"},
	"changed-self":     {"en": "You changed {file}", "de": "Du hast {file} geändert"},
	"changed-other":    {"en": "{user} changed {file}", "de": "{user} hat {file} geändert"},
	"changed-nobody":   {"en": "{file} was changed", "de": "{file} wurde geändert"},
	"changed-by-link":  {"en": "{file} was changed in a public folder", "de": "{file} wurde in einem öffentlichen Ordner geändert"},
	"deleted-self":     {"en": "You deleted {file}", "de": "Du hast {file} gelöscht"},
	"deleted-other":    {"en": "{user} deleted {file}", "de": "{user} hat {file} gelöscht"},
	"deleted-nobody":   {"en": "{file} was deleted", "de": "{file} wurde gelöscht"},
	"deleted-by-link":  {"en": "{file} was deleted in a public folder", "de": "{file} wurde in einem öffentlichen Ordner gelöscht"},
	"restored-self":    {"en": "You restored {file}", "de": "Du hast {file} wiederhergestellt"},
	"restored-other":   {"en": "{user} restored {file}", "de": "{user} hat {file} wiederhergestellt"},
	"restored-nobody":  {"en": "{file} was restored", "de": "{file} wurde wiederhergestellt"},
	"restored-by-link": {"en": "{file} was restored", "de": "{file} wurde wiederhergestellt"},
	"renamed-self":     {"en": "You renamed {oldfile} to {newfile}", "de": "Du hast {oldfile} in {newfile} umbenannt"},
	"renamed-other":    {"en": "{user} renamed {oldfile} to {newfile}", "de": "{user} hat {oldfile} in {newfile} umbenannt"},
	"renamed-nobody":   {"en": "{oldfile} was renamed to {newfile}", "de": "{oldfile} wurde in {newfile} umbenannt"},
	"renamed-by-link":  {"en": "{oldfile} was renamed to {newfile} in a public folder", "de": "{oldfile} wurde in einem öffentlichen Ordner in {newfile} umbenannt"},
	"moved-self":       {"en": "You moved {oldfile} to {newfile}", "de": "Du hast {oldfile} nach {newfile} verschoben"},
	"moved-other":      {"en": "{user} moved {oldfile} to {newfile}", "de": "{user} hat {oldfile} nach {newfile} verschoben"},
	"moved-nobody":     {"en": "{oldfile} was moved to {newfile}", "de": "{oldfile} wurde nach {newfile} verschoben"},
	"moved-by-link":    {"en": "{oldfile} was moved to {newfile} in a public folder", "de": "{oldfile} wurde in einem öffentlichen Ordner nach {newfile} verschoben"},
	"link-read":        {"en": "{file} downloaded via public link", "de": "{file} wurde über einen öffentlichen Link heruntergeladen"},
	"link-read-guest":  {"en": "{file} downloaded via public link by {guest}", "de": "{file} wurde über einen öffentlichen Link von {guest} heruntergeladen"},
	"share-read":       {"en": "{actor} downloaded {file}", "de": "{actor} hat {file} heruntergeladen"},

	"commented-self":         {"en": "You commented on {file}", "de": "Du hast {file} kommentiert"},
	"commented-self-brief":   {"en": "You commented", "de": "Du hast kommentiert"},
	"commented-other":        {"en": "{actor} commented on {file}", "de": "{actor} hat {file} kommentiert"},
	"commented-other-brief":  {"en": "{actor} commented", "de": "{actor} hat kommentiert"},
	"commented-nobody":       {"en": "{file} was commented on", "de": "{file} wurde kommentiert"},
	"commented-nobody-brief": {"en": "There is a comment", "de": "Es gibt einen Kommentar"},
	"tagged-self":            {"en": "You added system tag {systemtag} to {file}", "de": "Du hast {file} das Schlagwort {systemtag} gegeben"},
	"tagged-self-brief":      {"en": "You added system tag {systemtag}", "de": "Du hast das Schlagwort {systemtag} vergeben"},
	"tagged-other":           {"en": "{actor} added system tag {systemtag} to {file}", "de": "{actor} hat {file} das Schlagwort {systemtag} gegeben"},
	"tagged-other-brief":     {"en": "{actor} added system tag {systemtag}", "de": "{actor} hat das Schlagwort {systemtag} vergeben"},
	"tagged-nobody":          {"en": "System tag {systemtag} was added to {file}", "de": "{file} hat das Schlagwort {systemtag} bekommen"},
	"tagged-nobody-brief":    {"en": "System tag {systemtag} was added", "de": "Das Schlagwort {systemtag} wurde vergeben"},
	"untagged-self":          {"en": "You removed system tag {systemtag} from {file}", "de": "Du hast {file} das Schlagwort {systemtag} genommen"},
	"untagged-self-brief":    {"en": "You removed system tag {systemtag}", "de": "Du hast das Schlagwort {systemtag} entfernt"},
	"untagged-other":         {"en": "{actor} removed system tag {systemtag} from {file}", "de": "{actor} hat {file} das Schlagwort {systemtag} genommen"},
	"untagged-other-brief":   {"en": "{actor} removed system tag {systemtag}", "de": "{actor} hat das Schlagwort {systemtag} entfernt"},
	"untagged-nobody":        {"en": "System tag {systemtag} was removed from {file}", "de": "{file} hat das Schlagwort {systemtag} nicht mehr"},
	"untagged-nobody-brief":  {"en": "System tag {systemtag} was removed", "de": "Das Schlagwort {systemtag} wurde entfernt"},

	"favored-self":         {"en": "You added {file} to your favourites", "de": "Du hast {file} zu deinen Favoriten hinzugefügt"},
	"favored-self-brief":   {"en": "You added this to your favourites", "de": "Du hast dies zu deinen Favoriten hinzugefügt"},
	"unfavored-self":       {"en": "You removed {file} from your favourites", "de": "Du hast {file} aus deinen Favoriten entfernt"},
	"unfavored-self-brief": {"en": "You removed this from your favourites", "de": "Du hast dies aus deinen Favoriten entfernt"},

	"share-user-self":        {"en": "You shared {file} with {user}", "de": "Du hast {file} mit {user} geteilt"},
	"share-user-self-brief":  {"en": "Shared with {user}", "de": "Geteilt mit {user}"},
	"share-user-me":          {"en": "{actor} shared {file} with you", "de": "{actor} hat {file} mit dir geteilt"},
	"share-user-me-brief":    {"en": "Shared by {actor}", "de": "Geteilt von {actor}"},
	"share-user-other":       {"en": "{actor} shared {file} with {user}", "de": "{actor} hat {file} mit {user} geteilt"},
	"share-user-other-brief": {"en": "{actor} shared with {user}", "de": "{actor} hat mit {user} geteilt"},
	"share-group-self":       {"en": "You shared {file} with group {group}", "de": "Du hast {file} mit der Gruppe {group} geteilt"},
	"share-group-self-brief": {"en": "Shared with group {group}", "de": "Geteilt mit der Gruppe {group}"},
	"share-group-other":      {"en": "{actor} shared {file} with group {group}", "de": "{actor} hat {file} mit der Gruppe {group} geteilt"},
	"share-link-self":        {"en": "You shared {file} as public link", "de": "Du hast {file} als öffentlichen Link geteilt"},
	"share-link-self-brief":  {"en": "Shared as public link", "de": "Als öffentlichen Link geteilt"},
	"share-link-other":       {"en": "{actor} shared {file} as public link", "de": "{actor} hat {file} als öffentlichen Link geteilt"},
	"share-mail-self":        {"en": "You shared {file} with {email} by mail", "de": "Du hast {file} per Mail mit {email} geteilt"},
	"share-mail-self-brief":  {"en": "Shared with {email} by mail", "de": "Per Mail mit {email} geteilt"},
	"share-mail-other":       {"en": "{actor} shared {file} with {email} by mail", "de": "{actor} hat {file} per Mail mit {email} geteilt"},

	"unshare-user-self":   {"en": "You removed {user} from {file}", "de": "Du teilst {file} nicht mehr mit {user}"},
	"unshare-user-me":     {"en": "{actor} removed you from the share named {file}", "de": "{actor} teilt {file} nicht mehr mit dir"},
	"unshare-user-other":  {"en": "{actor} removed {user} from {file}", "de": "{actor} teilt {file} nicht mehr mit {user}"},
	"unshare-group-self":  {"en": "You removed group {group} from {file}", "de": "Du teilst {file} nicht mehr mit der Gruppe {group}"},
	"unshare-group-other": {"en": "{actor} removed group {group} from {file}", "de": "{actor} teilt {file} nicht mehr mit der Gruppe {group}"},
	"unshare-link-self":   {"en": "You removed public link for {file}", "de": "Du hast den öffentlichen Link von {file} entfernt"},
	"unshare-link-other":  {"en": "{actor} removed public link for {file}", "de": "{actor} hat den öffentlichen Link von {file} entfernt"},
	"unshare-mail-self":   {"en": "You removed {email} from {file}", "de": "Du teilst {file} nicht mehr mit {email}"},
	"unshare-mail-other":  {"en": "{actor} removed {email} from {file}", "de": "{actor} teilt {file} nicht mehr mit {email}"},

	"left-user-self":      {"en": "You left the share {file}", "de": "Du hast die Freigabe {file} verlassen"},
	"left-user-me":        {"en": "You left the share {file}", "de": "Du hast die Freigabe {file} verlassen"},
	"left-user-other":     {"en": "{actor} left the share {file}", "de": "{actor} hat die Freigabe {file} verlassen"},
	"left-group-self":     {"en": "You left the share {file}", "de": "Du hast die Freigabe {file} verlassen"},
	"left-group-other":    {"en": "{actor} left the share {file}", "de": "{actor} hat die Freigabe {file} verlassen"},
	"expired-user-me":     {"en": "The share {file} has expired", "de": "Die Freigabe {file} ist abgelaufen"},
	"expired-user-other":  {"en": "The share of {file} with {user} has expired", "de": "Die Freigabe von {file} an {user} ist abgelaufen"},
	"expired-group-other": {"en": "The share of {file} with group {group} has expired", "de": "Die Freigabe von {file} an die Gruppe {group} ist abgelaufen"},
	"expired-link-other":  {"en": "The public link for {file} has expired", "de": "Der öffentliche Link von {file} ist abgelaufen"},
	"expired-mail-other":  {"en": "The share of {file} with {email} has expired", "de": "Die Freigabe von {file} an {email} ist abgelaufen"},
}

// saying is a text for who did it, and one for whose account it was done to.
type saying struct{ self, others event.Words }

// accountWords say what happened to an account.
var accountWords = map[string]saying{
	event.AppPasswordMade: {
		event.Words{"en": `You created an app password for a session named "{token}"`, "de": `Sie haben das App-Passwort „{token}“ angelegt`},
		event.Words{"en": `The app password "{token}" was created for your account`, "de": `Für Ihr Konto wurde das App-Passwort „{token}“ angelegt`}},
	event.PasswordSet: {
		event.Words{"en": "You changed your password", "de": "Du hast Dein Passwort geändert"},
		event.Words{"en": "Your password was changed by an administrator", "de": "Dein Passwort wurde von der Administration geändert"}},
	event.SecondFactorOn: {
		event.Words{"en": "You set up a second factor", "de": "Du hast einen zweiten Faktor eingerichtet"},
		event.Words{"en": "A second factor was set up for your account", "de": "Für dein Konto wurde ein zweiter Faktor eingerichtet"}},
	event.SecondFactorOff: {
		event.Words{"en": "You removed a second factor", "de": "Du hast einen zweiten Faktor entfernt"},
		event.Words{"en": "A second factor of your account was removed", "de": "Ein zweiter Faktor deines Kontos wurde entfernt"}},
	event.AddressChanged: {
		event.Words{"en": "You changed your email address", "de": "Du hast Deine Mailadresse geändert"},
		event.Words{"en": "Your email address was changed", "de": "Deine Mailadresse wurde geändert"}},
	event.SignedInNewPlace: {
		event.Words{"en": "You signed in from a new place", "de": "Du hast sich von einem neuen Ort aus angemeldet"},
		event.Words{"en": "Your account was signed in to from a new place", "de": "Dein Konto wurde von einem neuen Ort aus angemeldet"}},
	event.MadeAdmin: {
		event.Words{"en": "You made yourself an administrator", "de": "Du hast sich zur Administration hinzugefügt"},
		event.Words{"en": "You are an administrator now", "de": "Du gehörst jetzt zur Administration"}},
	event.AdminNoMore: {
		event.Words{"en": "You are no administrator any more", "de": "Du gehörst nicht mehr zur Administration"},
		event.Words{"en": "You are no administrator any more", "de": "Du gehörst nicht mehr zur Administration"}},
}

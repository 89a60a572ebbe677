package activity

import "atrium/internal/core/event"

// fileWords say what happened to files and shares: -self to who did it, -me to whom
// it was done, -other to the rest; -brief stands beside the file.
var fileWords = map[string]event.Words{
	"created-self":     event.Say("You created {file}"),
	"created-other":    event.Say("{user} created {file}"),
	"created-nobody":   event.Say("{file} was created"),
	"created-by-link":  event.Say("{file} was created in a public folder"),
	"changed-self":     event.Say("You changed {file}"),
	"changed-other":    event.Say("{user} changed {file}"),
	"changed-nobody":   event.Say("{file} was changed"),
	"changed-by-link":  event.Say("{file} was changed in a public folder"),
	"deleted-self":     event.Say("You deleted {file}"),
	"deleted-other":    event.Say("{user} deleted {file}"),
	"deleted-nobody":   event.Say("{file} was deleted"),
	"deleted-by-link":  event.Say("{file} was deleted in a public folder"),
	"restored-self":    event.Say("You restored {file}"),
	"restored-other":   event.Say("{user} restored {file}"),
	"restored-nobody":  event.Say("{file} was restored"),
	"restored-by-link": event.Say("{file} was restored"),
	"renamed-self":     event.Say("You renamed {oldfile} to {newfile}"),
	"renamed-other":    event.Say("{user} renamed {oldfile} to {newfile}"),
	"renamed-nobody":   event.Say("{oldfile} was renamed to {newfile}"),
	"renamed-by-link":  event.Say("{oldfile} was renamed to {newfile} in a public folder"),
	"moved-self":       event.Say("You moved {oldfile} to {newfile}"),
	"moved-other":      event.Say("{user} moved {oldfile} to {newfile}"),
	"moved-nobody":     event.Say("{oldfile} was moved to {newfile}"),
	"moved-by-link":    event.Say("{oldfile} was moved to {newfile} in a public folder"),
	"link-read":        event.Say("{file} downloaded via public link"),
	"link-read-guest":  event.Say("{file} downloaded via public link by {guest}"),
	"share-read":       event.Say("{actor} downloaded {file}"),

	"commented-self":         event.Say("You commented on {file}"),
	"commented-self-brief":   event.Say("You commented"),
	"commented-other":        event.Say("{actor} commented on {file}"),
	"commented-other-brief":  event.Say("{actor} commented"),
	"commented-nobody":       event.Say("{file} was commented on"),
	"commented-nobody-brief": event.Say("There is a comment"),
	"tagged-self":            event.Say("You added system tag {systemtag} to {file}"),
	"tagged-self-brief":      event.Say("You added system tag {systemtag}"),
	"tagged-other":           event.Say("{actor} added system tag {systemtag} to {file}"),
	"tagged-other-brief":     event.Say("{actor} added system tag {systemtag}"),
	"tagged-nobody":          event.Say("System tag {systemtag} was added to {file}"),
	"tagged-nobody-brief":    event.Say("System tag {systemtag} was added"),
	"untagged-self":          event.Say("You removed system tag {systemtag} from {file}"),
	"untagged-self-brief":    event.Say("You removed system tag {systemtag}"),
	"untagged-other":         event.Say("{actor} removed system tag {systemtag} from {file}"),
	"untagged-other-brief":   event.Say("{actor} removed system tag {systemtag}"),
	"untagged-nobody":        event.Say("System tag {systemtag} was removed from {file}"),
	"untagged-nobody-brief":  event.Say("System tag {systemtag} was removed"),

	"favored-self":         event.Say("You added {file} to your favourites"),
	"favored-self-brief":   event.Say("You added this to your favourites"),
	"unfavored-self":       event.Say("You removed {file} from your favourites"),
	"unfavored-self-brief": event.Say("You removed this from your favourites"),

	"share-user-self":        event.Say("You shared {file} with {user}"),
	"share-user-self-brief":  event.Say("Shared with {user}"),
	"share-user-me":          event.Say("{actor} shared {file} with you"),
	"share-user-me-brief":    event.Say("Shared by {actor}"),
	"share-user-other":       event.Say("{actor} shared {file} with {user}"),
	"share-user-other-brief": event.Say("{actor} shared with {user}"),
	"share-group-self":       event.Say("You shared {file} with group {group}"),
	"share-group-self-brief": event.Say("Shared with group {group}"),
	"share-group-other":      event.Say("{actor} shared {file} with group {group}"),
	"share-link-self":        event.Say("You shared {file} as public link"),
	"share-link-self-brief":  event.Say("Shared as public link"),
	"share-link-other":       event.Say("{actor} shared {file} as public link"),
	"share-mail-self":        event.Say("You shared {file} with {email} by mail"),
	"share-mail-self-brief":  event.Say("Shared with {email} by mail"),
	"share-mail-other":       event.Say("{actor} shared {file} with {email} by mail"),

	"unshare-user-self":   event.Say("You removed {user} from {file}"),
	"unshare-user-me":     event.Say("{actor} removed you from the share named {file}"),
	"unshare-user-other":  event.Say("{actor} removed {user} from {file}"),
	"unshare-group-self":  event.Say("You removed group {group} from {file}"),
	"unshare-group-other": event.Say("{actor} removed group {group} from {file}"),
	"unshare-link-self":   event.Say("You removed public link for {file}"),
	"unshare-link-other":  event.Say("{actor} removed public link for {file}"),
	"unshare-mail-self":   event.Say("You removed {email} from {file}"),
	"unshare-mail-other":  event.Say("{actor} removed {email} from {file}"),

	"left-user-self":      event.Say("You left the share {file}"),
	"left-user-me":        event.Say("You left the share {file}"),
	"left-user-other":     event.Say("{actor} left the share {file}"),
	"left-group-self":     event.Say("You left the share {file}"),
	"left-group-other":    event.Say("{actor} left the share {file}"),
	"expired-user-me":     event.Say("The share {file} has expired"),
	"expired-user-other":  event.Say("The share of {file} with {user} has expired"),
	"expired-group-other": event.Say("The share of {file} with group {group} has expired"),
	"expired-link-other":  event.Say("The public link for {file} has expired"),
	"expired-mail-other":  event.Say("The share of {file} with {email} has expired"),
}

// saying is a text for who did it, and one for whose account it was done to.
type saying struct{ self, others event.Words }

// accountWords say what happened to an account.
var accountWords = map[string]saying{
	event.AppPasswordMade: {
		event.Say("You created an app password for a session named \"{token}\""),
		event.Say("The app password \"{token}\" was created for your account")},
	event.PasswordSet: {
		event.Say("You changed your password"),
		event.Say("Your password was changed by an administrator")},
	event.SecondFactorOn: {
		event.Say("You set up a second factor"),
		event.Say("A second factor was set up for your account")},
	event.SecondFactorOff: {
		event.Say("You removed a second factor"),
		event.Say("A second factor of your account was removed")},
	event.AddressChanged: {
		event.Say("You changed your email address"),
		event.Say("Your email address was changed")},
	event.SignedInNewPlace: {
		event.Say("You signed in from a new place"),
		event.Say("Your account was signed in to from a new place")},
	event.MadeAdmin: {
		event.Say("You made yourself an administrator"),
		event.Say("You are an administrator now")},
	event.AdminNoMore: {
		event.Say("You are no administrator any more"),
		event.Say("You are no administrator any more")},
}

// Package retention is how long what people removed or replaced is kept, in the
// words that administrators know: auto, "30, auto", "auto, 90", "30, 90" and
// disabled, in days. It knows neither the trash nor versions.
package retention

import (
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
)

// Day is the unit of rules.
const Day = 24 * time.Hour

// Rule says when something that is kept may go, and when it must.
type Rule struct {
	// Least is for how long it is kept whatever happens.
	Least time.Duration
	// Most is after what time it goes; 0 for never by age alone.
	Most time.Duration
	// Forever keeps it until somebody removes it, also when room is needed.
	Forever bool
}

// Auto is a rule that keeps things for some days, and for less when room is needed.
func Auto(days int) Rule { return Rule{Most: time.Duration(days) * Day} }

// Must tells whether something of an age has to go.
func (r Rule) Must(age time.Duration) bool { return !r.Forever && r.Most > 0 && age >= r.Most }

// May tells whether something of an age may go when room is needed.
func (r Rule) May(age time.Duration) bool { return !r.Forever && age >= r.Least }

// maxDays is ten thousand years.
const maxDays = 3_650_000

// Parse reads a rule. auto means the given rule:
//
//	auto      that rule
//	D, auto   at least D days, and longer while there is room
//	auto, D   at most D days, and less when room is needed
//	D1, D2    at least D1 and at most D2 days
//	disabled  forever
func Parse(text string, auto Rule) (Rule, error) {
	least, most, both := strings.Cut(strings.ToLower(strings.ReplaceAll(text, " ", "")), ",")
	switch {
	case !both && least == "disabled":
		return Rule{Forever: true}, nil
	case !both && (least == "auto" || least == ""), least == "auto" && most == "auto":
		return auto, nil
	case !both:
		return Rule{}, errRule
	}
	a, errA := days(least)
	b, errB := days(most)
	if errA != nil || errB != nil {
		return Rule{}, errRule
	}
	if b > 0 && b < a { // the promise to keep it is the stronger one
		b = a
	}
	return Rule{Least: a, Most: b}, nil
}

var errRule = fault.New(fault.Invalid, `Retention is one of: auto; D, auto; auto, D; D1, D2; disabled (D in days).`)

// days reads one side of a rule; auto is 0.
func days(s string) (time.Duration, error) {
	if s == "auto" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > maxDays {
		return 0, errRule
	}
	return time.Duration(min(n, 100*365)) * Day, nil
}

// Package quota reads and writes how much somebody may store.
package quota

import (
	"math"
	"strconv"
	"strings"

	"atrium/internal/base/fault"
)

// Quotas that are no number of bytes.
const (
	None    = -3 // all room there is
	Default = -1 // what the configuration says
)

const units = "KMGTP"

// Parse reads a quota as admins write it: "none", "default", a number of
// bytes, or one with a unit such as "5 GB". As in all Nextcloud tools a unit is
// a power of 1,024, with or without an i: "5 GB" is 5,368,709,120 bytes.
func Parse(s string) (int64, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	switch text {
	case "NONE":
		return None, nil
	case "DEFAULT":
		return Default, nil
	}
	bad := fault.New(fault.Invalid, `A quota is a size such as "5 GB", or "none", or "default".`)
	at := strings.LastIndexAny(text, "0123456789.") + 1
	number, unit := text[:at], strings.TrimSuffix(strings.TrimSpace(text[at:]), "B")
	factor := 1.0
	if unit != "" {
		exp := strings.Index(units, strings.TrimSuffix(unit, "I")) + 1
		if len(unit) > 2 || unit == "I" || exp == 0 {
			return 0, bad
		}
		factor = math.Pow(1024, float64(exp))
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && n >= 0 && factor == 1 {
		return n, nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" || f*factor >= math.MaxInt64 {
		return 0, bad
	}
	return int64(f * factor), nil
}

// Format writes a quota exactly, so that Parse reads it back.
func Format(bytes int64) string {
	switch {
	case bytes == Default:
		return "default"
	case bytes < 0:
		return "none"
	}
	unit := ""
	for i := 0; i < len(units) && bytes != 0 && bytes%1024 == 0; i++ {
		bytes, unit = bytes/1024, units[i:i+1]
	}
	return strconv.FormatInt(bytes, 10) + " " + unit + "B"
}

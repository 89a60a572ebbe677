package conf

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written as 4096, 64 KiB or 1.5 GB; powers of
// 1,000 (kB, MB …) and of 1,024 (KiB, MiB …) both go.
type Size int64

// NoLimit is written "none".
const NoLimit Size = -1

const sizeUnits = "KMGTPE"

// ParseSize reads what Size.String writes, and more.
func ParseSize(s string) (Size, error) {
	s = strings.TrimSpace(s)
	if s == "none" {
		return NoLimit, nil
	}
	at := strings.LastIndexAny(s, "0123456789.") + 1
	number, unit := s[:at], strings.ToUpper(strings.TrimSpace(s[at:]))
	factor := 1.0
	if unit = strings.TrimSuffix(unit, "B"); unit != "" {
		letter, binary := strings.CutSuffix(unit, "I")
		exp := strings.Index(sizeUnits, letter) + 1
		if len(letter) != 1 || exp == 0 {
			return 0, errBadSize
		}
		base := 1000.0
		if binary {
			base = 1024
		}
		factor = math.Pow(base, float64(exp))
	}
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && factor == 1 && n >= 0 {
		return Size(n), nil
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.ContainsAny(number, "xXpPeE_+-") || !(f*factor < math.MaxInt64) {
		return 0, errBadSize
	}
	return Size(f * factor), nil
}

var errBadSize = errors.New("want a size such as 4096, 64 KiB, 1.5 GB or none")

// String writes the size exactly, in the largest binary unit that does.
func (s Size) String() string {
	if s < 0 {
		return "none"
	}
	unit := ""
	for i := 0; i < len(sizeUnits) && s != 0 && s%1024 == 0; i++ {
		s, unit = s/1024, " "+sizeUnits[i:i+1]+"iB"
	}
	return strconv.FormatInt(int64(s), 10) + unit
}

// parse sets v from text, as the environment and flags give it. A list is
// separated by commas or spaces.
func parse(v reflect.Value, text string) error {
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return errors.New("want true or false")
		}
		*p = b
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return errors.New("want a whole number")
		}
		*p = n
	case *float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.New("want a number")
		}
		*p = f
	case *Size:
		s, err := ParseSize(text)
		if err != nil {
			return err
		}
		*p = s
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return errors.New("want a duration such as 200ms, 25s or 1h30m")
		}
		*p = d
	case *[]netip.Prefix:
		list, err := parsePrefixes(text)
		if err != nil {
			return err
		}
		*p = list
	case *[]string:
		*p = words(text)
	default:
		return fmt.Errorf("no parser for %T", p)
	}
	return nil
}

// words are the members of a list.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

func parsePrefixes(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range words(text) {
		if p, err := netip.ParsePrefix(s); err == nil {
			list = append(list, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(s)
		if err != nil || a.Zone() != "" {
			return nil, fmt.Errorf("%q is no address or network such as 10.0.0.1 or 10.0.0.0/8", s)
		}
		list = append(list, netip.PrefixFrom(a, a.BitLen()))
	}
	return list, nil
}

// format is parse backwards.
func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []netip.Prefix:
		parts := make([]string, len(x))
		for i, p := range x {
			parts[i] = p.String()
		}
		return strings.Join(parts, ",")
	case []string:
		return strings.Join(x, ",")
	default:
		return fmt.Sprint(x)
	}
}

// fileText turns a TOML value into the text that parse reads.
func fileText(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool, int64:
		return fmt.Sprint(x), nil
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), nil
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			s, ok := e.(string)
			if !ok {
				return "", errors.New("want a list of strings")
			}
			parts[i] = s
		}
		return strings.Join(parts, ","), nil
	default:
		return "", errors.New("want a string, a number, true or false")
	}
}

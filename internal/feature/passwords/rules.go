package passwords

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
)

// app is where the settings lie; their names are those of config:app:set
// password_policy NAME.
const app = "password_policy"

// Rules are what an administrator has set.
type Rules struct {
	MinLength  int           // characters; minLength, 10
	NonCommon  bool          // enforceNonCommonPassword, on: a guesser needs more than a million tries
	Numeric    bool          // enforceNumericCharacters, off
	Special    bool          // enforceSpecialCharacters, off
	UpperLower bool          // enforceUpperLowerCase, off
	History    int           // historySize, 0: how many former passwords must not come again
	Expiry     time.Duration // expiration, in days, 0: never: how long a password opens its account
	Tries      int           // maximumLoginAttempts, 0: any number: so many wrong passwords in a row lock an account out
	LockedFor  time.Duration // lockoutMinutes, 30: for how long; 0: until it is lifted
	Blocklist  string        // blocklist: a file of words that are refused, one a line; "": none
	Breached   string        // breachedPasswords: hashes of passwords that leaked, see leaked; "": none
}

// rules reads the settings. One that makes no sense is an error: doubt must not
// open a door.
func (rm *Room) rules(ctx context.Context) (Rules, error) {
	set, err := rm.settings.Recent(ctx, app)
	if err != nil {
		return Rules{}, err
	}
	var bad error
	upTo := func(most int, name string, def int) int {
		v, ok := set[name]
		if !ok {
			return def
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > most {
			bad = errors.Join(bad, fmt.Errorf("setting %s/%s: %q is no number from 0 to %d", app, name, v, most))
		}
		return n
	}
	number := func(name string, def int) int { return upTo(400, name, def) }
	truth := func(name string, def bool) bool {
		switch v, ok := set[name]; {
		case !ok:
			return def
		case v == "1" || v == "true" || v == "yes":
			return true
		case v == "0" || v == "false" || v == "no" || v == "":
			return false
		default:
			bad = errors.Join(bad, fmt.Errorf("setting %s/%s: %q is neither 0 nor 1", app, name, v))
			return def
		}
	}
	r := Rules{
		MinLength: number("minLength", 10), History: number("historySize", 0),
		NonCommon: truth("enforceNonCommonPassword", true), Numeric: truth("enforceNumericCharacters", false),
		Special: truth("enforceSpecialCharacters", false), UpperLower: truth("enforceUpperLowerCase", false),
		Tries: number("maximumLoginAttempts", 0), Expiry: time.Duration(upTo(3650, "expiration", 0)) * 24 * time.Hour,
		LockedFor: time.Duration(upTo(100_000, "lockoutMinutes", 30)) * time.Minute,
		Blocklist: set["blocklist"], Breached: set["breachedPasswords"],
	}
	return r, bad
}

// commonBits is how many bits a password must be worth: a million guesses.
const commonBits = 20

// judged is how many characters are looked at: the cost of looking grows
// steeply, and what is longer is strong enough.
const looked = 64

// judge gives the reasons why a password will not do, none when it will. own is
// what everybody knows of its owner.
func (r Rules) judge(password string, own []string) (tongue.Saying, error) {
	var why []tongue.Saying
	say := func(bad bool, text tongue.Saying) {
		if bad {
			why = append(why, text)
		}
	}
	if r.NonCommon {
		say(common(password, own), tongue.Of("Password is among the 1,000,000 most common ones. Please make it unique."))
	}
	say(utf8.RuneCountInString(password) < r.MinLength, tongue.Of("Password needs to be at least {n} characters long.", "n", r.MinLength))
	has := func(f func(rune) bool) bool { return strings.ContainsFunc(password, f) }
	say(r.UpperLower && !(has(unicode.IsUpper) && has(unicode.IsLower)), tongue.Of("Password needs to contain at least one lower and one upper case character."))
	say(r.Numeric && !has(unicode.IsDigit), tongue.Of("Password needs to contain at least one numeric character."))
	say(r.Special && !has(special), tongue.Of("Password needs to contain at least one special character."))
	if r.Blocklist != "" {
		hit, err := listed(r.Blocklist, password)
		if err != nil {
			return tongue.Saying{}, err
		}
		say(hit, tongue.Of("Password is on the list of those that must not be used."))
	}
	if r.Breached != "" {
		hit, err := leaked(r.Breached, password)
		if err != nil {
			return tongue.Saying{}, err
		}
		say(hit, tongue.Of("Password is present in compromised password list. Please choose a different password."))
	}
	if len(why) == 0 {
		return tongue.Saying{}, nil
	}
	return tongue.Together(why...), nil
}

func special(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }

// common tells whether a guesser who knows common passwords, words, keyboards,
// dates and the owner needs no more than a million tries.
func common(password string, own []string) bool {
	rs := []rune(password)
	if len(rs) > looked {
		rs = rs[:looked]
	}
	return zxcvbn.PasswordStrength(string(rs), append([]string{"atrium"}, own...)).Entropy < commonBits
}

// listed looks for a password in a file of one word a line, whatever its case.
func listed(file, password string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, unreadable(err)
	}
	defer f.Close()
	want := []byte(strings.ToLower(password))
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if bytes.Equal(bytes.ToLower(bytes.TrimSpace(lines.Bytes())), want) && len(want) > 0 {
			return true, nil
		}
	}
	if err := lines.Err(); err != nil {
		return false, unreadable(err)
	}
	return false, nil
}

func unreadable(err error) error {
	return fault.Wrap(fault.Unavailable, err, "Passwords cannot be checked right now. Please tell your administrator.")
}

// letters are the characters of generated passwords: none that look alike.
const letters = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"

// make makes a password that passes: characters at random, as long as asked and
// no shorter than ten, with what must be in it.
func (r Rules) make() (string, error) {
	for range 100 {
		b := make([]byte, max(r.MinLength, 10))
		for i := range b {
			b[i] = pick(letters)
		}
		if r.Special {
			b[pickIndex(len(b))] = pick("!#%+-=?@_")
		}
		why, err := r.judge(string(b), nil)
		if err != nil || why.IsZero() {
			return string(b), err
		}
	}
	return "", errors.New("no password passes the policy")
}

func pick(from string) byte { return from[pickIndex(len(from))] }

func pickIndex(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return int(i.Int64())
}

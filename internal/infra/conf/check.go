package conf

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Check finds all that is wrong with the values, nil if nothing is. Load has
// asked it already.
func (c Config) Check() Problems {
	l := loader{c: c, keys: Keys(), from: map[string]string{}}
	l.check()
	return l.problems
}

// bad reports a problem of a key at the place where its value came from.
func (l *loader) bad(key, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if where := l.from[key]; where != "" {
		l.problem(where, "%s: %s", key, text)
		return
	}
	l.problem(key, "%s", text)
}

func (l *loader) check() {
	v := reflect.ValueOf(l.c)
	for _, k := range l.keys {
		x := v.FieldByIndex(k.index)
		if len(k.OneOf) > 0 && !slices.Contains(k.OneOf, x.String()) {
			l.bad(k.Name, "%q is none of %s", x.String(), strings.Join(k.OneOf, ", "))
		}
		if k.min != "" && below(x, k.min) {
			l.bad(k.Name, "%s is less than %s", format(x), k.min)
		}
	}
	if l.c.Data == "" {
		l.bad("data", "must not be empty")
	}
	if l.c.Admin.User == "" {
		l.bad("admin.user", "must not be empty")
	}
	if l.c.Limits.LoginDelayMax < l.c.Limits.LoginDelay {
		l.bad("limits.login_delay_max", "is less than limits.login_delay")
	}
	if m := l.c.Mail; m.Host != "" && !strings.Contains(m.From, "@") {
		l.bad("mail.from", "%q is no mail address, which mail.host needs", m.From)
	}
	l.checkAddresses()
	l.checkTLS()
}

func below(x reflect.Value, least string) bool {
	min, err := strconv.ParseFloat(least, 64)
	if err != nil {
		return true // a wrong tag shows in every test
	}
	if x.CanFloat() {
		return x.Float() < min
	}
	return float64(x.Int()) < min
}

func (l *loader) checkAddresses() {
	_, port, err := net.SplitHostPort(l.c.HTTP.Listen)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		l.bad("http.listen", "%q is not host:port", l.c.HTTP.Listen)
	}
	if l.c.URL != "" && !isBase(l.c.URL) {
		l.bad("url", "%q is not http:// or https:// and a host, without a path", l.c.URL)
	}
	if l.c.OTLP.Endpoint != "" && !isHTTP(l.c.OTLP.Endpoint) {
		l.bad("otlp.endpoint", "%q is no http:// or https:// address", l.c.OTLP.Endpoint)
	}
	if s := l.c.Search; s.URL != "" && (!isHTTP(s.URL) || strings.ContainsAny(s.URL, "@?#")) {
		l.bad("search.url", "must be an http:// or https:// address without a name and password, for which there are search.user and search.password")
	}
	if s := l.c.Search; s.URL != "" && !indexName.MatchString(s.Index) {
		l.bad("search.index", "%q is no name of an index: small letters, digits, - and _, a letter first", s.Index)
	}
	scheme, rest, ok := strings.Cut(l.c.DSN(), ":")
	if !ok || rest == "" || !slices.Contains([]string{"sqlite", "postgres", "postgresql", "mysql"}, scheme) {
		// The address may hold a password: never show it.
		l.bad("db.dsn", "must begin with sqlite:, postgres:// or mysql://")
	}
}

func (l *loader) checkTLS() {
	t := l.c.TLS
	if t.Domain != "" && (t.Cert != "" || t.Key != "") {
		l.bad("tls.domain", "cannot go with tls.cert and tls.key")
	}
	if t.Domain != "" && strings.ContainsAny(t.Domain, "/:@ ") {
		l.bad("tls.domain", "%q is no domain name", t.Domain)
	}
	if (t.Cert == "") != (t.Key == "") {
		l.bad("tls.cert", "tls.cert and tls.key go together")
		return
	}
	if t.Cert == "" {
		return
	}
	readable := true
	for _, f := range [][2]string{{"tls.cert", t.Cert}, {"tls.key", t.Key}} {
		if _, err := os.Stat(f[1]); err != nil {
			l.bad(f[0], "%v", err)
			readable = false
		}
	}
	if !readable {
		return
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		l.bad("tls.cert", "%v", err)
	}
}

// indexName is what both kinds of search servers take.
var indexName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,99}$`)

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

func isBase(s string) bool {
	u, err := url.Parse(s)
	return err == nil && isHTTP(s) && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" && u.User == nil
}

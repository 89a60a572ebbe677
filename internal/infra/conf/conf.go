// Package conf is the configuration: one typed struct, read from defaults, a
// TOML file, the environment and flags, each overriding the one before. Every
// key has one name, such as "http.listen"; the environment spells it
// ATRIUM_HTTP_LISTEN, a flag --http.listen. A key that nobody knows is an
// error that names the nearest. The package knows nothing of what the values
// mean to others.
package conf

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Config is all that can be set. The tags are the single source of the keys'
// names, further environment names and documentation.
type Config struct {
	// Data is the folder of everything that is kept.
	Data string `key:"data" doc:"Folder in which everything is kept."`
	// URL is the public base; see BaseURL for its default.
	URL string `key:"url" doc:"Public base address, such as https://cloud.example.com. Empty: made of http.listen or tls.domain."`
	// TrustedProxies may say who the client is.
	TrustedProxies []netip.Prefix `key:"trusted_proxies" doc:"Addresses or networks whose X-Forwarded-* headers are believed, such as 10.0.0.0/8."`
	// TrustedHosts is what requests may call us.
	TrustedHosts []string `key:"trusted_hosts" doc:"Host names that are answered to, such as cloud.example.com or *.example.com; others are refused. Empty: all."`

	HTTP    HTTP    `key:"http"`
	DB      DB      `key:"db"`
	Storage Storage `key:"storage"`
	Log     Log     `key:"log"`
	TLS     TLS     `key:"tls"`
	OTLP    OTLP    `key:"otlp"`
	Admin   Admin   `key:"admin"`
	Limits  Limits  `key:"limits"`
	Names   Names   `key:"names"`
	Quota   Quota   `key:"quota"`
	Mail    Mail    `key:"mail"`
	Search  Search  `key:"search"`
}

// HTTP is where we listen.
type HTTP struct {
	Listen string `key:"listen" doc:"Address to listen on, host:port; an empty host means all."`
}

// DB is where rows are kept.
type DB struct {
	DSN string `key:"dsn" env:"ATRIUM_DB" secret:"true" doc:"Database: sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME. Empty: atrium.db in the data folder."`
}

// Storage is how bytes are kept.
type Storage struct {
	Durability string `key:"durability" oneof:"fsync none" doc:"fsync: an acknowledged write survives a power cut. none: faster, and it may not."`
}

// Log is what is logged, and how.
type Log struct {
	Format string `key:"format" oneof:"text json" doc:"Log lines as text or json."`
	Level  string `key:"level" oneof:"debug info warn error" doc:"Least important level that is logged: debug, info, warn or error."`
}

// TLS is on with Cert and Key, or with Domain.
type TLS struct {
	Cert   string `key:"cert" doc:"PEM file with the certificate and its chain."`
	Key    string `key:"key" doc:"PEM file with the certificate's private key."`
	Domain string `key:"domain" doc:"Domain for which a certificate is obtained and renewed by ACME; needs ports 80 and 443."`
}

// OTLP is where traces go.
type OTLP struct {
	Endpoint string `key:"endpoint" doc:"OTLP/HTTP collector for traces, such as http://localhost:4318. Empty: no traces."`
}

// Admin is the account made at the first start.
type Admin struct {
	User     string `key:"user" doc:"Name of the administrator made at the first start, with admin.password."`
	Password string `key:"password" secret:"true" doc:"The administrator's first password. Empty: the server is set up in a browser, at an address that it prints."`
}

// Limits keep one client from taking everything.
type Limits struct {
	RequestsPerSecond float64       `key:"requests_per_second" min:"0" doc:"Requests a second that one client may send on average; 0: no limit."`
	RequestsBurst     int           `key:"requests_burst" min:"1" doc:"Requests that one client may send at once."`
	RouteFactor       float64       `key:"route_factor" min:"0" doc:"Factor on the limits that single routes have of their own (security:limits lists them); 0: they have none."`
	HeaderBytes       Size          `key:"header_bytes" min:"4096" doc:"Greatest size of a request's header."`
	XMLBytes          Size          `key:"xml_bytes" min:"4096" doc:"Greatest size of an XML or JSON body."`
	LoginDelay        time.Duration `key:"login_delay" min:"0" doc:"Delay after the first wrong password, doubled by each further one."`
	LoginDelayMax     time.Duration `key:"login_delay_max" min:"0" doc:"Greatest delay after wrong passwords."`
	// LoginFree may guess at will.
	LoginFree []netip.Prefix `key:"login_free" doc:"Networks whose wrong passwords cost nothing, such as 10.1.0.0/16: that of a monitor, never that of people."`
}

// Names is what files may be called.
type Names struct {
	CaseClash string `key:"case_clash" oneof:"allow refuse" doc:"Whether names in one folder may differ by case only: allow or refuse."`
}

// Quota is how much people may keep.
type Quota struct {
	Default Size `key:"default" min:"-1" doc:"Room for each account without a quota of its own, such as 10 GiB; none: no limit."`
}

// Mail is the server that sends mail for us.
type Mail struct {
	Host     string `key:"host" doc:"SMTP server, such as smtp.example.com. Empty: no mail is sent."`
	Port     int    `key:"port" min:"0" doc:"Its port; 0: 587, or 465 when mail.security is tls."`
	Security string `key:"security" oneof:"starttls tls none" doc:"starttls: encrypted after a greeting in the clear, or not at all sent. tls: encrypted from the start. none: for a server on this machine."`
	User     string `key:"user" doc:"Name to sign in with; empty: without."`
	Password string `key:"password" secret:"true" doc:"Password to sign in with."`
	From     string `key:"from" doc:"Address that mail comes from, such as cloud@example.com."`
	Name     string `key:"name" doc:"Name that mail comes from."`
}

// Search is a server that keeps the index of what is in files, instead of the
// database.
type Search struct {
	URL      string `key:"url" doc:"OpenSearch or Elasticsearch server that keeps the index of what is in files, such as https://search.example.com:9200. Empty: the database does."`
	Index    string `key:"index" doc:"Name of the index there; it is made, and belongs to this installation alone."`
	User     string `key:"user" doc:"Name to sign in with; empty: without."`
	Password string `key:"password" secret:"true" doc:"Password to sign in with."`
}

// Default is the configuration when nothing is set.
func Default() Config {
	return Config{
		Data:    "data",
		HTTP:    HTTP{Listen: "localhost:8080"},
		Storage: Storage{Durability: "fsync"},
		Log:     Log{Format: "text", Level: "info"},
		Admin:   Admin{User: "admin"},
		Limits: Limits{
			RequestsPerSecond: 200, RequestsBurst: 2000, RouteFactor: 1,
			HeaderBytes: 64 << 10, XMLBytes: 4 << 20,
			LoginDelay: 200 * time.Millisecond, LoginDelayMax: 25 * time.Second,
		},
		Names:  Names{CaseClash: "allow"},
		Quota:  Quota{Default: NoLimit},
		Mail:   Mail{Security: "starttls", Name: "Atrium"},
		Search: Search{Index: "atrium"},
	}
}

// DSN is the database's address, with its default filled in.
func (c Config) DSN() string {
	if c.DB.DSN != "" {
		return c.DB.DSN
	}
	return "sqlite:" + filepath.Join(c.Data, "atrium.db")
}

// Durable tells whether an acknowledged write must survive a power cut.
func (c Config) Durable() bool { return c.Storage.Durability != "none" }

// BaseURL is the public base without a trailing slash.
func (c Config) BaseURL() string {
	if c.URL != "" {
		return strings.TrimRight(c.URL, "/")
	}
	if c.TLS.Domain != "" {
		return "https://" + c.TLS.Domain
	}
	u := url.URL{Scheme: "http", Host: c.HTTP.Listen}
	if c.TLS.Cert != "" {
		u.Scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.HTTP.Listen)
	if ip, _ := netip.ParseAddr(host); err == nil && (host == "" || ip.IsUnspecified()) {
		u.Host = net.JoinHostPort("localhost", port)
	}
	return u.String()
}

package plug

import (
	"context"
	"time"

	"atrium/internal/base/tongue"
	"atrium/internal/base/who"
)

// Searcher is one provider of the unified search (client-api §6). It is plugged
// in under the provider's id, such as "comments", which clients call it by.
type Searcher interface {
	// About describes the provider to somebody; false leaves it out of their list.
	About(ctx context.Context, p *who.Principal) (Provider, bool)
	// Search finds only what the caller may see at this moment.
	Search(ctx context.Context, q Wanted) (Found, error)
}

// Provider is what clients show of a provider before they ask it.
type Provider struct {
	App   string // the app it belongs to: "files"
	Name  string // in English, as a heading: "Files"
	Icon  string // path of an image below the server's address, or the name of a class
	Order int    // where it stands among the others, small ones first
	// Filters are the filters it knows beside "term", and the kind of each. What
	// is no filter of its own a provider never sees.
	Filters map[string]FilterKind
	InApp   bool // searches only in its own app
}

// FilterKind is how a filter's value is written.
type FilterKind string

// The kinds of filters, as clients know them.
const (
	FilterText   FilterKind = "string"
	FilterTime   FilterKind = "datetime" // Unix seconds, a day or RFC 3339
	FilterPerson FilterKind = "person"   // a user id
	FilterInt    FilterKind = "int"
	FilterFlag   FilterKind = "bool"
)

// Wanted is one search. Of the filters only those that were given are in the maps.
type Wanted struct {
	Who    *who.Principal
	Term   string // without blanks at its ends; may be "" when there is a filter
	Limit  int    // how many hits at most, 1 or more
	Cursor int64  // what Found.Next said before, 0 at first

	Tongue *tongue.Tongue // the language of who asks; nil: English

	Texts map[string]string // FilterText and FilterPerson
	Times map[string]time.Time
	Ints  map[string]int64
	Flags map[string]bool
}

// Found is the answer, best hits first.
type Found struct {
	Hits []Hit
	// Paginated tells that Next is the cursor of what follows. Clients take an
	// empty page for the end.
	Paginated bool
	Next      int64
}

// Hit is one thing found. Addresses that begin with "/" are below the server's.
type Hit struct {
	Thumbnail string // address of a picture, or ""
	Title     string
	Subline   string
	URL       string // where a click leads
	Icon      string // path below the server's address, or the name of a class
	Rounded   bool   // the picture is a face
	// Attributes are for clients that open the hit themselves: fileId and path of
	// files, conversation and messageId of chats.
	Attributes map[string]string
}

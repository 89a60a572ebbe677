package status

import (
	"slices"
	"time"
)

// The states somebody can be in.
const (
	Online    = "online"
	Away      = "away"
	Busy      = "busy"
	DND       = "dnd"
	Invisible = "invisible" // looks offline to others
	Offline   = "offline"
)

// states are what people may say of themselves.
func states() []string { return []string{Online, Away, Busy, DND, Invisible, Offline} }

// stale is how long a sign of life lasts. Clients send one every five minutes.
const stale = 15 * time.Minute

// Status is what an account shows at an instant.
type Status struct {
	UID       string
	Status    string // one of the states
	ByHand    bool   // not only what clients told
	MessageID string // of a predefined message; "": the owner's own words, if any
	Icon      string // one emoji, or ""
	Message   string
	ClearAt   int64 // Unix time at which the message goes; 0: it stays
}

// The layers of an account's rows. The one above hides the one below and leaves
// it as it was, so that what was before needs no copy.
const (
	below   = 0 // what the owner and the clients say
	passing = 1 // what a room shows for a while, such as a call
)

// row is a row of user_status. Times are in Unix seconds.
type row struct {
	uid     string
	layer   int
	hand    string // the state that was said; "": none
	seen    int64  // when it was said
	live    string // the state that clients told; "": none
	beat    int64  // when they did
	message words
}

// words are a message.
type words struct {
	id, icon, text string
	clearAt        int64
}

// over tells whether the message has had its time.
func (w words) over(now time.Time) bool { return w.clearAt > 0 && w.clearAt <= now.Unix() }

// status is what a row shows. When the time of its message is up, what was said
// with it is over too, but for Invisible: nobody is exposed by the clock.
func (r row) status(now time.Time) Status {
	fresh, hand, message := now.Add(-stale).Unix(), r.hand, r.message
	if message.over(now) {
		message = words{}
		if hand != Invisible {
			hand = ""
		}
	}
	out := Status{UID: r.uid, Status: Offline, MessageID: message.id, Icon: message.icon, Message: message.text, ClearAt: message.clearAt}
	switch {
	case hand == Online && max(r.seen, r.beat) < fresh: // nobody is online without a sign of life
	case hand != "":
		out.Status, out.ByHand = hand, true
	case r.live != "" && r.beat >= fresh:
		out.Status = r.live
	}
	if p, ok := predefined(message.id); ok {
		if out.Message == "" {
			out.Message = p.Message
		}
		if out.Icon == "" {
			out.Icon = p.Icon
		}
	}
	return out
}

// hear notes a sign of life. One device that is in use outweighs another that is
// not, for as long as its last sign is fresh.
func (r *row) hear(state string, now time.Time) {
	if r.hand == Offline || r.hand == Online && r.seen < now.Add(-stale).Unix() {
		r.hand = ""
	}
	if state == Away && r.live == Online && r.beat >= now.Add(-stale).Unix() {
		return
	}
	r.live, r.beat = state, now.Unix()
}

// Predefined is a message that clients offer.
type Predefined struct {
	ID      string `json:"id"`
	Icon    string `json:"icon"`
	Message string `json:"message"`
	ClearAt *Until `json:"clearAt"` // nil: it stays
}

// Until is a time that a client reckons from now: {"period", seconds} or
// {"end-of", "day"}.
type Until struct {
	Type string `json:"type"`
	Time any    `json:"time"`
}

// offered are the messages that clients offer (34-apps/002).
func offered() []Predefined {
	day := &Until{"end-of", "day"}
	return []Predefined{
		{"meeting", "📅", "In a meeting", &Until{"period", 3600}},
		{"commuting", "🚌", "Commuting", &Until{"period", 1800}},
		{"be-right-back", "⏳", "Be right back", &Until{"period", 900}},
		{"remote-work", "🏡", "Working remotely", day},
		{"sick-leave", "🤒", "Out sick", day},
		{"vacationing", "🌴", "Vacationing", nil},
	}
}

// What rooms show for a while, which nobody picks from a list.
const (
	InCall      = "call"
	OutOfOffice = "out-of-office"
)

// predefined finds a message by its id.
func predefined(id string) (Predefined, bool) {
	all := append(offered(), Predefined{ID: InCall, Icon: "💬", Message: "In a call"}, Predefined{ID: OutOfOffice, Icon: "🛑", Message: "Out of office"})
	i := slices.IndexFunc(all, func(p Predefined) bool { return p.ID == id })
	if i < 0 {
		return Predefined{}, false
	}
	return all[i], true
}

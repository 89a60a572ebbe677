package status

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/proto/ocs"
)

// maxText bounds a message, in characters (34-apps/008).
const maxText = 80

// private is a status as its owner sees it.
type private struct {
	UID        string  `json:"userId"`
	Message    *string `json:"message"`
	MessageID  *string `json:"messageId"`
	Predefined bool    `json:"messageIsPredefined"`
	Icon       *string `json:"icon"`
	ClearAt    *int64  `json:"clearAt"`
	Status     string  `json:"status"`
	ByHand     bool    `json:"statusIsUserDefined"`
}

// public is a status as others see it.
type public struct {
	UID     string  `json:"userId"`
	Message *string `json:"message"`
	Icon    *string `json:"icon"`
	ClearAt *int64  `json:"clearAt"`
	Status  string  `json:"status"`
}

// optional is nil for what is not there.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func forOwner(s Status) private {
	return private{s.UID, optional(s.Message), optional(s.MessageID), s.MessageID != "", optional(s.Icon), optional(s.ClearAt), s.Status, s.ByHand}
}

func forOthers(s Status) public {
	if s.Status == Invisible {
		s.Status = Offline
	}
	return public{s.UID, optional(s.Message), optional(s.Icon), optional(s.ClearAt), s.Status}
}

// own answers what the caller shows (34-apps/001, 009).
func (rm *Room) own(ctx context.Context, r *ocs.Request) (any, error) {
	s, known, err := rm.Of(ctx, r.Caller().ID)
	if err == nil && !known {
		err = fault.New(fault.NotFound, "No status for the current user")
	}
	return forOwner(s), err
}

// setStatus takes a state said by hand (34-apps/003, 004, 020).
func (rm *Room) setStatus(ctx context.Context, r *ocs.Request) (any, error) {
	state, err := r.Param("statusType")
	if err != nil {
		return nil, err
	}
	if !slices.Contains(states(), state) {
		return nil, fault.New(fault.Invalid, "Status-type \"{name}\" is not supported", "name", clip(state))
	}
	s, err := rm.Say(ctx, r.Caller().ID, state)
	return rm.said(s), err
}

// said answers a change. Clients look up the words of a predefined message
// themselves then (34-apps/010).
func (rm *Room) said(s Status) private {
	if s.MessageID != "" {
		s.Message, s.Icon = "", ""
	}
	return forOwner(s)
}

// setPredefined takes one of the messages that clients offer (34-apps/010, 011).
func (rm *Room) setPredefined(ctx context.Context, r *ocs.Request) (any, error) {
	id, err := r.Param("messageId")
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(offered(), func(p Predefined) bool { return p.ID == id }) {
		return nil, fault.New(fault.Invalid, "Message-Id \"{name}\" is not supported", "name", clip(id))
	}
	until, err := rm.clearAt(r)
	if err != nil {
		return nil, err
	}
	s, err := rm.tell(ctx, r.Caller().ID, words{id: id, clearAt: until})
	return rm.said(s), err
}

// setCustom takes a message in the caller's own words (34-apps/005 to 008). No
// words and no icon clear the message.
func (rm *Room) setCustom(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	w := words{icon: p.Get("statusIcon"), text: strings.TrimSpace(p.Get("message"))}
	if w.icon != "" && !oneEmoji(w.icon) {
		return nil, fault.New(fault.Invalid, "Status-Icon is longer than one character")
	}
	if utf8.RuneCountInString(w.text) > maxText {
		return nil, fault.New(fault.Invalid, "Message is longer than supported length of {n} characters", "n", maxText)
	}
	if !plainText(w.text) {
		return nil, fault.New(fault.Invalid, "The message contains characters that are not allowed.")
	}
	if w.clearAt, err = rm.clearAt(r); err != nil {
		return nil, err
	}
	if w.icon == "" && w.text == "" {
		w = words{}
	}
	s, err := rm.tell(ctx, r.Caller().ID, w)
	return rm.said(s), err
}

// clearAt reads when a message goes, in Unix seconds; 0: never.
func (rm *Room) clearAt(r *ocs.Request) (int64, error) {
	p, err := r.Params()
	if err != nil || p.Get("clearAt") == "" {
		return 0, err
	}
	at, err := r.Int("clearAt", 0)
	if err == nil && at <= rm.Now().Unix() {
		err = fault.New(fault.Invalid, "ClearAt is in the past")
	}
	return at, err
}

func (rm *Room) clearMessage(ctx context.Context, r *ocs.Request) (any, error) {
	_, err := rm.tell(ctx, r.Caller().ID, words{})
	return nil, err
}

// revert brings back what a room or an absence hides (34-apps/018).
func (rm *Room) revert(ctx context.Context, r *ocs.Request) (any, error) {
	s, ok, err := rm.Revert(ctx, r.Caller().ID, r.Path("messageId"))
	if err != nil || !ok {
		return nil, err
	}
	return forOwner(s), nil
}

// heartbeat is a sign of life. A status that was set by hand stays, which the
// client is told by 204 (34-apps/015, 016).
func (rm *Room) heartbeat(ctx context.Context, r *ocs.Request) (any, error) {
	state, err := r.Param("status")
	if err != nil {
		return nil, err
	}
	if state != Online && state != Away {
		return nil, ocs.Fail(http.StatusBadRequest, "")
	}
	s, err := rm.Hear(ctx, r.Caller().ID, state)
	if err == nil && s.ByHand {
		return ocs.Answer{Status: http.StatusNoContent}, nil
	}
	return forOwner(s), err
}

// list answers what others show (34-apps/012).
func (rm *Room) list(ctx context.Context, r *ocs.Request) (any, error) {
	limit, err := r.Int("limit", math.MaxInt64)
	if err != nil {
		return nil, err
	}
	offset, err := r.Int("offset", 0)
	if err != nil {
		return nil, err
	}
	out := []public{}
	for s, err := range rm.Statuses(ctx, limit, max(0, offset)) {
		if err != nil {
			return nil, err
		}
		out = append(out, forOthers(s))
	}
	return out, nil
}

// of answers what one account shows (34-apps/013, 014, 021). With _ before one's
// own id it is what is hidden at present and comes back.
func (rm *Room) of(ctx context.Context, r *ocs.Request) (any, error) {
	uid := r.Path("userId")
	s, known, err := rm.Of(ctx, uid)
	if err != nil {
		return nil, err
	}
	if !known && uid == "_"+r.Caller().ID {
		if s, known, err = rm.former(ctx, r.Caller().ID); err != nil {
			return nil, err
		}
	}
	if !known {
		return nil, fault.New(fault.NotFound, "No status for the requested userId")
	}
	return forOthers(s), nil
}

func predefinedList(context.Context, *ocs.Request) (any, error) { return offered(), nil }

// leave is an absence as clients see it (34-apps/094).
type leave struct {
	ID              int64   `json:"id"`
	UID             string  `json:"userId"`
	First           string  `json:"firstDay"`
	Last            string  `json:"lastDay"`
	Short           string  `json:"status"`
	Message         string  `json:"message"`
	Replacement     *string `json:"replacementUserId"`
	ReplacementName *string `json:"replacementUserDisplayName"`
}

// leaveNow is an absence that runs, in Unix seconds.
type leaveNow struct {
	ID              string  `json:"id"`
	UID             string  `json:"userId"`
	Start           int64   `json:"startDate"`
	End             int64   `json:"endDate"`
	Short           string  `json:"shortMessage"`
	Message         string  `json:"message"`
	Replacement     *string `json:"replacementUserId"`
	ReplacementName *string `json:"replacementUserDisplayName"`
}

// nothing encodes to null.
type nothing struct{}

// noLeave is the answer where there is no absence (34-apps/093, 096).
func noLeave() error { return &ocs.Failure{Code: http.StatusNotFound, Data: (*nothing)(nil)} }

func (rm *Room) absence(ctx context.Context, r *ocs.Request) (any, error) {
	a, err := rm.Absence(ctx, r.Path("userId"))
	if errors.Is(err, fault.NotFound) {
		return nil, noLeave()
	}
	if err != nil {
		return nil, err
	}
	return rm.leaveOf(ctx, a)
}

func (rm *Room) leaveOf(ctx context.Context, a Absence) (any, error) {
	id, name, err := rm.replacement(ctx, a)
	return leave{a.ID, a.UID, a.First, a.Last, a.Short, a.Message, id, name}, err
}

// replacement is who stands in, nil for nobody or somebody who is gone.
func (rm *Room) replacement(ctx context.Context, a Absence) (id, name *string, err error) {
	if a.Replacement == "" {
		return nil, nil, nil
	}
	u, err := rm.dir.User(ctx, a.Replacement)
	if errors.Is(err, fault.NotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return &u.ID, &u.Display, nil
}

func (rm *Room) absenceNow(ctx context.Context, r *ocs.Request) (any, error) {
	a, err := rm.Absence(ctx, r.Path("userId"))
	if errors.Is(err, fault.NotFound) {
		return nil, noLeave()
	}
	if err != nil {
		return nil, err
	}
	p, err := rm.periodOf(ctx, a)
	if err != nil {
		return nil, err
	}
	if !p.runs(rm.Now()) {
		return nil, noLeave()
	}
	id, name, err := rm.replacement(ctx, a)
	return leaveNow{fmt.Sprint(a.ID), a.UID, p.from.Unix(), p.to.Unix(), a.Short, a.Message, id, name}, err
}

// setAbsence takes the caller's own absence, whoever the address names (34-apps/094
// and 097 to 099).
func (rm *Room) setAbsence(ctx context.Context, r *ocs.Request) (any, error) {
	p, err := r.Params()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"firstDay", "lastDay", "status", "message"} {
		if !p.Has(name) {
			return nil, fault.New(fault.Invalid, "The parameter {name} is missing.", "name", name)
		}
	}
	a := Absence{UID: r.Caller().ID, First: p.Get("firstDay"), Last: p.Get("lastDay"), Short: strings.TrimSpace(p.Get("status")),
		Message: p.Get("message"), Replacement: p.Get("replacementUserId")}
	if wrong := a.wrong(); wrong != "" {
		return nil, &ocs.Failure{Code: http.StatusBadRequest, Data: map[string]string{"error": wrong}}
	}
	if a.Replacement != "" {
		switch _, err := rm.dir.User(ctx, a.Replacement); {
		case errors.Is(err, fault.NotFound):
			return nil, noLeave()
		case err != nil:
			return nil, err
		case a.Replacement == a.UID:
			return nil, &ocs.Failure{Code: http.StatusBadRequest, Data: map[string]string{"error": "replacementUserId"}}
		}
	}
	if a, err = rm.Leave(ctx, a); err != nil {
		return nil, err
	}
	return rm.leaveOf(ctx, a)
}

// wrong names what cannot be, "" when all can.
func (a Absence) wrong() string {
	p, err := a.in(time.UTC)
	switch {
	case err != nil, p.to.Before(p.from), p.from.Year() < 1970:
		return "firstDay"
	case utf8.RuneCountInString(a.Short) > maxShort || !plainText(a.Short):
		return "status"
	case utf8.RuneCountInString(a.Message) > maxMessage || !utf8.ValidString(a.Message) || strings.Contains(a.Message, "\x00"):
		return "message"
	}
	return ""
}

func (rm *Room) clearAbsence(ctx context.Context, r *ocs.Request) (any, error) {
	return (*nothing)(nil), rm.Return(ctx, r.Caller().ID)
}

func plainText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// clip bounds what a message repeats.
func clip(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.ToValidUTF8(s, "")
}

package activity

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/core/event"
)

// typeOf is the type of a fact, by which clients and settings know it.
func typeOf(x fact) string {
	switch {
	case x.kind == told && x.more.Told != nil:
		return x.more.Told.Type
	case x.kind == account:
		return "security"
	case x.kind == commented:
		return "comments"
	case x.kind == tagged || x.kind == untagged:
		return "systemtags"
	case x.kind == favored || x.kind == unfavored:
		return "favorite"
	case x.kind == linkRead:
		return "public_links"
	case x.kind == shareRead:
		return "file_downloaded"
	case x.kind == shareMade || x.kind == shareOver:
		return "shared"
	case x.more.Link:
		return "public_links_upload"
	case x.kind == created:
		return "file_created"
	case x.kind == deleted:
		return "file_deleted"
	case x.kind == restored:
		return "file_restored"
	}
	return "file_changed"
}

func appOf(x fact) string {
	switch {
	case x.kind == told && x.more.Told != nil:
		return x.more.Told.App
	case x.kind == account:
		return "settings"
	case x.kind == commented:
		return "comments"
	case x.kind == tagged || x.kind == untagged:
		return "systemtags"
	case x.kind == favored || x.kind == unfavored:
		return "files"
	case x.kind == shareMade && x.more.With == shareMail, x.kind == shareOver && x.more.With == shareMail:
		return "sharebymail"
	case x.kind >= shareMade:
		return "files_sharing"
	}
	return "files"
}

func iconOf(x fact) string {
	switch {
	case x.kind == told && x.more.Told != nil && x.more.Told.Icon != "":
		return x.more.Told.Icon
	case x.kind == told:
		return "/apps/activity/img/activity-dark.svg"
	case x.kind == account:
		return "/apps/settings/img/personal.svg"
	case x.kind == commented:
		return "/core/img/actions/comment.svg"
	case x.kind == tagged || x.kind == untagged:
		return "/core/img/actions/tag.svg"
	case x.kind == favored || x.kind == unfavored:
		return "/core/img/actions/starred.svg"
	case x.kind == linkRead || x.kind == shareRead:
		return "/core/img/actions/download.svg"
	case x.kind >= shareMade:
		return "/core/img/actions/share.svg"
	case x.kind == created:
		return "/apps/files/img/add-color.svg"
	case x.kind == deleted:
		return "/apps/files/img/delete-color.svg"
	}
	return "/apps/files/img/change.svg"
}

// names are the display names of accounts that were looked up for one page.
type names struct {
	rm    *Room
	known map[string]known
}

type known struct {
	name string
	born int64
}

func (n names) of(ctx context.Context, uid string) (known, error) {
	if k, ok := n.known[uid]; ok {
		return k, nil
	}
	k := known{name: uid}
	u, err := n.rm.dir.User(ctx, uid)
	switch {
	case err == nil:
		k = known{u.Display, u.Created.Unix()}
	case !errors.Is(err, fault.NotFound):
		return k, err
	}
	n.known[uid] = k
	return k, nil
}

// person is an account as it was when something happened: of one that is gone the
// id is left, also when another bears it now.
func (n names) person(ctx context.Context, uid string, at int64) (event.RichObject, error) {
	k, err := n.of(ctx, uid)
	if k.born > at {
		k.name = uid
	}
	return event.RichObject{"type": "user", "id": uid, "name": k.name}, err
}

func fileParam(base string, id int64, place string) event.RichObject {
	n := strconv.FormatInt(id, 10)
	return event.RichObject{"type": "file", "id": n, "name": last(place), "path": place, "link": base + "/f/" + n}
}

// sentence is what a reader is told: a text with places, and what goes there.
type sentence struct {
	text   string
	params map[string]event.RichObject
}

// style is how much a sentence says.
type style bool

const (
	whole style = false
	brief style = true // beside the file it is about
)

// say writes the sentence of an entry.
func (n names) say(ctx context.Context, e entry, r *reader, base string, s style) (sentence, error) {
	switch {
	case e.kind == told:
		return n.sayTold(ctx, e, r)
	case e.kind == account:
		return sayAccount(e, r), nil
	case e.kind >= commented:
		return n.sayAbout(ctx, e, r, base, s)
	case e.kind >= shareMade:
		return n.sayShare(ctx, e, r, base, s)
	}
	return n.sayFile(ctx, e, r, base)
}

func (n names) sayFile(ctx context.Context, e entry, r *reader, base string) (sentence, error) {
	out := sentence{params: map[string]event.RichObject{}}
	key := map[kind]string{created: "created", changed: "changed", deleted: "deleted", restored: "restored", renamed: "renamed", moved: "moved"}[e.kind]
	switch {
	case e.more.Link:
		key += "-by-link"
	case r.did(e.fact):
		key += "-self"
	case e.actor == "":
		key += "-nobody"
	default:
		key += "-other"
		p, err := n.person(ctx, e.actor, e.at)
		if err != nil {
			return out, err
		}
		out.params["user"] = p
	}
	out.text = fileWords[key].In(r.tongue)
	switch {
	case e.kind == renamed || e.kind == moved:
		out.params["newfile"], out.params["oldfile"] = fileParam(base, e.node, e.place), fileParam(base, e.node, cmp.Or(e.old, last(e.place)))
	case len(e.also) == 0:
		out.params["file"] = fileParam(base, e.node, e.place)
	default: // the newest first; file1 is the oldest
		all := append(slices.Clone(e.also), e.alone())
		list := make([]string, len(all))
		for i, x := range all {
			name := "file" + strconv.Itoa(len(all)-i)
			out.params[name], list[i] = fileParam(base, x.node, x.place), "{"+name+"}"
		}
		out.text = strings.Replace(out.text, "{file}", enumerate(list, r.tongue), 1)
	}
	return out, nil
}

// enumerate joins names: a, b and c.
func enumerate(list []string, in *tongue.Tongue) string {
	last := len(list) - 1
	return strings.NewReplacer("{names}", strings.Join(list[:last], ", "), "{last}", list[last]).Replace(event.Say("{names} and {last}").In(in))
}

func (n names) sayShare(ctx context.Context, e entry, r *reader, base string, s style) (sentence, error) {
	out := sentence{params: map[string]event.RichObject{"file": fileParam(base, e.node, e.place)}}
	if e.kind == linkRead {
		out.text = fileWords["link-read"].In(r.tongue)
		if e.more.Guest != "" {
			out.text = fileWords["link-read-guest"].In(r.tongue)
			out.params["guest"] = event.RichObject{"type": "highlight", "id": "guest", "name": e.more.Guest}
		}
		return out, nil
	}
	if e.kind == shareRead {
		out.text = fileWords["share-read"].In(r.tongue)
		p, err := n.person(ctx, e.actor, e.at)
		out.params["actor"] = p
		return out, err
	}
	key := "share"
	switch {
	case e.kind == shareOver && e.more.Why == event.ShareLeft:
		key = "left"
	case e.kind == shareOver && e.more.Why == event.ShareExpired:
		key = "expired"
	case e.kind == shareOver:
		key = "unshare"
	}
	key += map[int16]string{shareUser: "-user", shareGroup: "-group", shareLink: "-link", shareMail: "-mail"}[e.more.With]
	switch {
	case r.did(e.fact):
		key += "-self"
	case e.more.With == shareUser && e.more.To == r.uid:
		key += "-me"
	default:
		key += "-other"
	}
	switch {
	case r.did(e.fact):
	case e.actor == "":
		out.params["actor"] = event.RichObject{"type": "highlight", "id": "server", "name": event.Say("The server").In(r.tongue)}
	default:
		p, err := n.person(ctx, e.actor, e.at)
		if err != nil {
			return out, err
		}
		out.params["actor"] = p
	}
	if err := n.recipient(ctx, e, r, out.params); err != nil {
		return out, err
	}
	if w := fileWords[key+"-brief"]; s == brief && w.Text != "" {
		out.text = w.In(r.tongue)
		return out, nil
	}
	out.text = fileWords[key].In(r.tongue)
	return out, nil
}

// sayAbout tells of comments, tags and favourites.
func (n names) sayAbout(ctx context.Context, e entry, r *reader, base string, s style) (sentence, error) {
	out := sentence{params: map[string]event.RichObject{}}
	key := map[kind]string{commented: "commented", tagged: "tagged", untagged: "untagged", favored: "favored", unfavored: "unfavored"}[e.kind]
	if e.kind == tagged || e.kind == untagged {
		out.params["systemtag"] = event.RichObject{"type": "systemtag", "id": strconv.FormatInt(e.more.ID, 10), "name": e.more.About}
	}
	if s == whole {
		out.params["file"] = fileParam(base, e.node, e.place)
	}
	var err error
	switch {
	case r.did(e.fact):
		key += "-self"
	case e.actor == "":
		key += "-nobody"
	default:
		key += "-other"
		out.params["actor"], err = n.person(ctx, e.actor, e.at)
	}
	if s == brief {
		key += "-brief"
	}
	out.text = fileWords[key].In(r.tongue)
	return out, err
}

// comment is the words of a comment: as they were written, and with places for
// those whom it mentions (33-notify-activity/085).
func (n names) comment(ctx context.Context, e entry) (text string, rich sentence, err error) {
	rich = sentence{e.more.About, map[string]event.RichObject{}}
	uids := slices.Clone(e.more.Names)
	slices.SortStableFunc(uids, func(a, b string) int { return len(b) - len(a) }) // @ann begins with @an
	for i, uid := range uids {
		name := "mention" + strconv.Itoa(i+1)
		rich.text = strings.ReplaceAll(strings.ReplaceAll(rich.text, `@"`+uid+`"`, "{"+name+"}"), "@"+uid, "{"+name+"}")
		if rich.params[name], err = n.person(ctx, uid, e.at); err != nil {
			return "", rich, err
		}
	}
	rich.params = event.Used(rich.text, rich.params)
	return e.more.About, rich, nil
}

// recipient puts with whom something was shared among the parameters.
func (n names) recipient(ctx context.Context, e entry, r *reader, params map[string]event.RichObject) error {
	switch e.more.With {
	case shareUser:
		if e.more.To == r.uid && !r.did(e.fact) {
			return nil
		}
		p, err := n.person(ctx, e.more.To, e.at)
		params["user"] = p
		return err
	case shareGroup:
		p := event.RichObject{"type": "user-group", "id": e.more.To, "name": e.more.To}
		if g, err := n.rm.dir.Group(ctx, e.more.To); err == nil {
			p["name"] = g.Display
		} else if !errors.Is(err, fault.NotFound) {
			return err
		}
		params["group"] = p
	case shareMail:
		params["email"] = event.RichObject{"type": "email", "id": e.more.To, "name": e.more.To}
	}
	return nil
}

func sayAccount(e entry, r *reader) sentence {
	w := accountWords[e.more.Why]
	text := w.others.In(r.tongue)
	if r.did(e.fact) {
		text = w.self.In(r.tongue)
	}
	return sentence{text, map[string]event.RichObject{"token": {"type": "highlight", "id": "0", "name": e.more.About}}}
}

func (n names) sayTold(ctx context.Context, e entry, r *reader) (sentence, error) {
	t := e.more.Told
	if t == nil {
		return sentence{}, nil
	}
	out := sentence{t.Self.In(r.tongue), maps.Clone(t.Params)}
	if out.params == nil {
		out.params = map[string]event.RichObject{}
	}
	if r.did(e.fact) {
		return out, nil
	}
	out.text = t.Others.In(r.tongue)
	if e.actor == "" {
		return out, nil
	}
	p, err := n.person(ctx, e.actor, e.at)
	out.params["actor"] = p
	return out, err
}

func (s sentence) plain() string { return event.Plain(s.text, s.params) }

// linkOf leads to where an entry is: the folder of a file.
func linkOf(e entry, base string) string {
	switch {
	case e.kind == told && e.more.Told != nil:
		if link := e.more.Told.Link; strings.HasPrefix(link, "/") {
			return base + link
		}
		return ""
	case e.kind == account, e.kind == linkRead:
		return ""
	}
	dir := path.Dir("/" + e.place)
	return base + "/apps/files/?dir=" + strings.ReplaceAll(url.PathEscape(dir), "%2F", "/")
}

// stamp is a time as the API writes it.
func stamp(at int64) string { return time.Unix(at, 0).UTC().Format("2006-01-02T15:04:05+00:00") }

// objectOf is the object of an entry: type, id and name.
func objectOf(e entry) (objectType string, id int64, name string) {
	switch {
	case e.kind == told && e.more.Told != nil:
		return e.more.Told.ObjectType, e.more.Told.ObjectID, e.more.Told.ObjectName
	case e.kind == account:
		return "", 0, ""
	}
	return "files", e.node, "/" + e.place
}

package media

import (
	"context"
	"encoding/xml"
	"slices"
	"strconv"
	"strings"

	"atrium/internal/core/files"
	"atrium/internal/feature/media/exif"
	"atrium/internal/proto/dav"
)

// props is what phones and the web page ask of photos (client-api 3.3,
// 11-dav-report-search/030, 072). Of the elements within, the recorded server's have
// no namespace.
type props struct{ *Room }

// Default implements dav.Props.
func (props) Default() []xml.Name { return nil }

// writer appends a property of a file of which a is known, if it was read.
type writer func(b []byte, e *files.Entry, a *exif.About) ([]byte, bool)

var writers = map[string]writer{
	"metadata-photos-size": func(b []byte, _ *files.Entry, a *exif.About) ([]byte, bool) {
		if a == nil || a.W == 0 {
			return b, false
		}
		b = strconv.AppendInt(append(b, "<width>"...), int64(a.W), 10)
		b = strconv.AppendInt(append(b, "</width><height>"...), int64(a.H), 10)
		return append(b, "</height>"...), true
	},
	"metadata-photos-original_date_time": func(b []byte, e *files.Entry, a *exif.About) ([]byte, bool) {
		return strconv.AppendInt(b, taken(e, a), 10), isMedia(e.Mime)
	},
	"metadata-photos-gps": func(b []byte, _ *files.Entry, a *exif.About) ([]byte, bool) {
		if a == nil || a.Place == nil {
			return b, false
		}
		b = float(append(b, "<latitude>"...), a.Place.Latitude)
		b = float(append(b, "</latitude><longitude>"...), a.Place.Longitude)
		b = append(b, "</longitude>"...)
		if alt := a.Place.Altitude; alt != nil {
			b = append(float(append(b, "<altitude>"...), *alt), "</altitude>"...)
		}
		return b, true
	},
	"metadata-photos-exif": func(b []byte, _ *files.Entry, a *exif.About) ([]byte, bool) {
		if a == nil {
			return b, false
		}
		return elements(b, a.Exif)
	},
	"metadata-photos-ifd0": func(b []byte, _ *files.Entry, a *exif.About) ([]byte, bool) {
		if a == nil {
			return b, false
		}
		return elements(b, a.IFD0)
	},
}

func float(b []byte, f float64) []byte { return strconv.AppendFloat(b, f, 'f', -1, 64) }

// elements writes tags by name.
func elements(b []byte, tags map[string]string) ([]byte, bool) {
	names := make([]string, 0, len(tags))
	for n := range tags {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		b = append(append(append(b, '<'), n...), '>')
		b = dav.AppendText(b, tags[n])
		b = append(append(append(b, "</"...), n...), '>')
	}
	return b, len(names) > 0
}

// taken is when a photo was taken, or how old its file is.
func taken(e *files.Entry, a *exif.About) int64 {
	if a != nil && a.Taken != 0 {
		return a.Taken
	}
	return e.MTime.Unix()
}

// Open implements dav.Props. It asks the database once for each batch.
func (p props) Open(_ context.Context, _ dav.Resource, want []xml.Name) (dav.PropSet, error) {
	set := dav.PropSet{Writers: make([]dav.Writer, len(want))}
	known := map[int64]exif.About{}
	for i, name := range want {
		w, ok := writers[name.Local]
		if !ok || name.Space != dav.NSNC {
			continue
		}
		set.Load = func(ctx context.Context, batch []dav.Resource) error { return p.load(ctx, batch, known) }
		set.Writers[i] = func(b []byte, r *dav.Resource) ([]byte, bool) {
			e, ok := r.Value.(*files.Entry)
			if !ok || e.IsDir() {
				return b, false
			}
			if a, ok := known[e.Content]; ok {
				return w(b, e, &a)
			}
			return w(b, e, nil)
		}
	}
	return set, nil
}

func (p props) load(ctx context.Context, batch []dav.Resource, known map[int64]exif.About) error {
	clear(known)
	var ids []int64
	for _, r := range batch {
		if e, ok := r.Value.(*files.Entry); ok && strings.HasPrefix(e.Mime, "image/") {
			ids = append(ids, e.Content)
		}
	}
	found, err := p.about(ctx, ids)
	for id, a := range found {
		known[id] = a
	}
	return err
}

package export

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"atrium/internal/base/fault"
	"atrium/internal/base/names"
	"atrium/internal/core/files"
	"atrium/internal/proto/cli"
)

// tally counts what an import came to.
type tally struct{ files, there, beside, fields, refused int }

func (rm *Room) importFrom(cmd *cobra.Command, args []string) error {
	z, err := zip.OpenReader(args[1])
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This is no archive that can be read.")
	}
	defer z.Close()
	t, err := rm.read(cmd.Context(), args[0], &z.Reader, func(line string) { cli.Warn(cmd, "%s", line) })
	cli.Say(cmd, "%d files were read in, %d were there already, %d stand beside others of their name; %d fields of the profile were set, %d refused",
		t.files, t.there, t.beside, t.fields, t.refused)
	return err
}

// read reads an archive into an account. Nothing that is there is overwritten: a
// file of another content gets a name of its own.
func (rm *Room) read(ctx context.Context, uid string, z *zip.Reader, warn func(string)) (t tally, err error) {
	p, err := rm.principal(ctx, uid)
	if err != nil {
		return t, err
	}
	if err := rm.readAccount(ctx, uid, z, &t, warn); err != nil {
		return t, err
	}
	view, err := rm.files.As(ctx, p)
	if err != nil {
		return t, err
	}
	for _, f := range z.File {
		if f.Name == accountName {
			continue
		}
		to, err := place(f.Name)
		if err != nil {
			return t, fmt.Errorf("%q: %w", f.Name, err)
		}
		if strings.HasSuffix(f.Name, "/") {
			err = folders(ctx, view, to)
		} else if err = folders(ctx, view, path.Dir(to)); err == nil {
			err = readFile(ctx, view, f, to, &t)
		}
		if err != nil {
			return t, fmt.Errorf("%q: %w", f.Name, err)
		}
	}
	return t, nil
}

// place is where a file of the archive goes. A name that could lead elsewhere is
// fault.Invalid.
func place(name string) (string, error) {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(name, "/")+"/", filesName+"/")
	if !ok {
		return "", fault.New(fault.Invalid, "This does not belong into an archive of an account.")
	}
	segs, err := names.Split(rest)
	if err != nil {
		return "", err
	}
	return "/" + strings.Join(segs, "/"), nil
}

// folders makes a folder and those above it.
func folders(ctx context.Context, v *files.View, p string) error {
	if p == "/" {
		return nil
	}
	e, err := v.Stat(ctx, p)
	switch {
	case err == nil && e.IsDir():
		return nil
	case err == nil:
		return fault.New(fault.Conflict, "There is a file where a folder is to be.")
	case !errors.Is(err, fault.NotFound):
		return err
	}
	if err := folders(ctx, v, path.Dir(p)); err != nil {
		return err
	}
	_, err = v.Mkdir(ctx, p)
	return err
}

func readFile(ctx context.Context, v *files.View, f *zip.File, to string, t *tally) error {
	e, err := v.Stat(ctx, to)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	for n := 2; err == nil; n++ {
		same, serr := equal(ctx, v, e, f)
		if serr != nil {
			return serr
		}
		if same {
			t.there++
			return nil
		}
		at := path.Join(path.Dir(to), names.Numbered(path.Base(to), n))
		if e, err = v.Stat(ctx, at); errors.Is(err, fault.NotFound) {
			to = at
			t.beside++
		} else if err != nil {
			return err
		}
	}
	body, err := f.Open()
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "The archive is damaged.")
	}
	defer body.Close()
	_, err = v.Write(ctx, to, files.Put{Body: body, Size: int64(f.UncompressedSize64), MTime: f.Modified})
	if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) {
		return fault.Wrap(fault.Invalid, err, "The archive is damaged.")
	}
	if err == nil {
		t.files++
	}
	return err
}

// equal tells whether a file has the bytes of one in the archive.
func equal(ctx context.Context, v *files.View, e *files.Entry, f *zip.File) (bool, error) {
	if e.IsDir() || e.Size != int64(f.UncompressedSize64) {
		return false, nil
	}
	hash := func(rc io.ReadCloser, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		defer rc.Close()
		h := sha1.New() // compared, not trusted
		_, err = io.Copy(h, rc)
		return h.Sum(nil), err
	}
	a, err := hash(v.Open(ctx, e, 0, -1))
	if err != nil {
		return false, err
	}
	b, err := hash(f.Open())
	return bytes.Equal(a, b), err
}

// mostAccount bounds account.json.
const mostAccount = 1 << 20

// readAccount sets what the archive says of its owner. A field that cannot be set
// here is named and left out.
func (rm *Room) readAccount(ctx context.Context, uid string, z *zip.Reader, t *tally, warn func(string)) error {
	f, err := z.Open(accountName)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "This is no archive of an account.")
	}
	defer f.Close()
	var a account
	if err := json.NewDecoder(io.LimitReader(f, mostAccount)).Decode(&a); err != nil {
		return fault.Wrap(fault.Invalid, err, "This is no archive of an account.")
	}
	if a.Format != format {
		return fault.New(fault.Invalid, "The archive was made by a newer program.")
	}
	for _, p := range a.Profile {
		err := rm.dir.SetField(ctx, uid, p.Name, p.Value)
		if err == nil && p.Scope != "" {
			err = rm.dir.SetScope(ctx, uid, p.Name, p.Value, p.Scope)
		}
		switch {
		case err == nil:
			t.fields++
		case errors.Is(err, fault.Invalid), errors.Is(err, fault.Unsupported), errors.Is(err, fault.Denied), errors.Is(err, fault.Exists), errors.Is(err, fault.NotFound):
			t.refused++
			warn(fmt.Sprintf("The field %s was not set: %s", p.Name, fault.Text(err)))
		default:
			return err
		}
	}
	return nil
}

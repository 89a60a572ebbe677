package extract

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
)

// An office document is a zip of XML files. The tags of each format that matter
// are few: those between which text stands, and those that end a line or a word.

// wordParts picks the parts of a docx that have text.
func wordParts(name string) bool {
	dir, base := path.Split(name)
	return dir == "word/" && (base == "document.xml" || strings.HasPrefix(base, "header") || strings.HasPrefix(base, "foot") ||
		strings.HasPrefix(base, "endnotes") || base == "comments.xml") || name == "docProps/core.xml"
}

// slideParts picks those of a pptx.
func slideParts(name string) bool {
	dir, base := path.Split(name)
	return (dir == "ppt/slides/" && strings.HasPrefix(base, "slide") || dir == "ppt/notesSlides/" && strings.HasPrefix(base, "notesSlide")) &&
		strings.HasSuffix(base, ".xml") || name == "docProps/core.xml"
}

// odfParts picks those of an OpenDocument.
func odfParts(name string) bool { return name == "content.xml" || name == "meta.xml" }

// archive is a zip of which no more is read than one document may have.
type archive struct {
	*zip.Reader
	left int64
}

func openArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, errors.Join(ErrFormat, err)
	}
	return &archive{z, inflated}, nil
}

// each reads the parts that are picked, by name, the shorter names first: slide2
// before slide10.
func (a *archive) each(pick func(name string) bool, read func(r io.Reader) error) error {
	files := slices.DeleteFunc(slices.Clone(a.File), func(f *zip.File) bool { return !pick(f.Name) })
	slices.SortFunc(files, func(x, y *zip.File) int {
		if len(x.Name) != len(y.Name) {
			return len(x.Name) - len(y.Name)
		}
		return strings.Compare(x.Name, y.Name)
	})
	for _, f := range files[:min(len(files), partsMax)] {
		rc, err := f.Open()
		if err != nil {
			return errors.Join(ErrFormat, err)
		}
		in := &io.LimitedReader{R: rc, N: a.left}
		err = read(in)
		rc.Close()
		if a.left = in.N; err == nil && a.left <= 0 {
			err = errFull
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readParts reads the text of all parts that are picked.
func readParts(pick func(name string) bool) func(io.ReaderAt, int64, *text) error {
	return func(r io.ReaderAt, size int64, out *text) error {
		a, err := openArchive(r, size)
		if err != nil {
			return err
		}
		return a.each(pick, func(r io.Reader) error { return xmlText(r, out) })
	}
}

// lines are the tags that end a line, blanks those that stand for a blank, by
// their local names in WordprocessingML, DrawingML and OpenDocument.
func endsLine(name string) bool {
	switch name {
	case "p", "h", "br", "cr", "line-break", "tr", "table-row", "table-cell", "tc", "page", "title", "subject", "creator", "description", "keyword", "keywords", "is", "si", "row":
		return true
	}
	return false
}

// unread are the tags in which no text for people stands.
func unread(name string) bool {
	switch name {
	case "instrText", "delText", "delInstrText", "binary-data", "generator", "editing-cycles", "editing-duration", "template", "changed-region":
		return true
	}
	return false
}

// xmlText writes the text of a part. The tags are taken as they come, unmatched, so
// that how deep they stand makes no difference.
func xmlText(r io.Reader, out *text) error {
	d := decoder(r)
	skip := ""
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			out.space("\n")
			return nil
		}
		if err != nil {
			return errors.Join(ErrFormat, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch name := t.Name.Local; {
			case skip == "" && unread(name):
				skip = name
			case name == "tab" || name == "s":
				out.space(" ")
			case endsLine(name):
				out.space("\n")
			}
		case xml.EndElement:
			if t.Name.Local == skip {
				skip = ""
			} else if endsLine(t.Name.Local) {
				out.space("\n")
			}
		case xml.CharData:
			if skip == "" {
				if err := out.write(string(t)); err != nil {
					return err
				}
			}
		}
	}
}

// decoder reads XML that need not be perfect. Entities of its own are not known,
// so none can grow.
func decoder(r io.Reader) *xml.Decoder {
	d := xml.NewDecoder(r)
	d.Strict, d.Entity = false, xml.HTMLEntity
	d.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) { return decoded(in, charset), nil }
	return d
}

// readSheets reads the cells of an xlsx: the texts that they share, and of each
// sheet what stands in the cell itself.
func readSheets(r io.ReaderAt, size int64, out *text) error {
	a, err := openArchive(r, size)
	if err != nil {
		return err
	}
	err = a.each(func(name string) bool { return name == "xl/sharedStrings.xml" || name == "docProps/core.xml" },
		func(r io.Reader) error { return xmlText(r, out) })
	if err != nil {
		return err
	}
	sheet := func(name string) bool {
		return strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml") || strings.HasPrefix(name, "xl/comments")
	}
	return a.each(sheet, func(r io.Reader) error { return cells(r, out) })
}

// cells writes the values of a sheet that are no numbers of shared texts.
func cells(r io.Reader, out *text) error {
	d := decoder(r)
	shared, formula := false, false
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.Join(ErrFormat, err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local == "c" {
				shared = slices.ContainsFunc(t.Attr, func(a xml.Attr) bool { return a.Name.Local == "t" && a.Value == "s" })
			}
			formula = t.Name.Local == "f"
			out.space("\n")
		case xml.EndElement:
			formula = false
		case xml.CharData:
			if shared || formula {
				continue
			}
			if err := out.write(string(t)); err != nil {
				return err
			}
		}
	}
}

// readBook reads the chapters of an e-book.
func readBook(r io.ReaderAt, size int64, out *text) error {
	a, err := openArchive(r, size)
	if err != nil {
		return err
	}
	return a.each(func(name string) bool {
		ext := strings.ToLower(path.Ext(name))
		return ext == ".xhtml" || ext == ".html" || ext == ".htm"
	}, func(r io.Reader) error { return htmlText(r, out) })
}

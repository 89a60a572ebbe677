package extract

import (
	"errors"
	"io"

	"github.com/ledongthuc/pdf"
)

// pagesMost is how many pages of a PDF are read.
const pagesMost = 2000

// readPDF reads a PDF. The library can loop and grow on a hostile one: it belongs
// into a cage.
func readPDF(r io.ReaderAt, size int64, out *text) error {
	doc, err := pdf.NewReader(r, size)
	if err != nil {
		return errors.Join(ErrFormat, err)
	}
	for i := 1; i <= min(doc.NumPage(), pagesMost); i++ {
		page := doc.Page(i)
		if page.V.IsNull() {
			continue
		}
		s, err := pageText(page)
		if err != nil {
			continue // the others may do
		}
		if err := out.write(s + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func pageText(p pdf.Page) (s string, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = ErrFormat
		}
	}()
	return p.GetPlainText(nil)
}

package fulltext

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"atrium/internal/base/fault"
	"atrium/internal/base/tongue"
	"atrium/internal/base/words"
	"atrium/internal/infra/cage"
	"atrium/internal/infra/extract"
	"atrium/internal/proto/plug"
)

// The programs that help: three of poppler-utils and the one that reads pictures.
const (
	pdftotext = "pdftotext"
	pdfinfo   = "pdfinfo"
	pdftoppm  = "pdftoppm"
	tesseract = "tesseract"
)

// Bounds of reading the pages of a scanned PDF.
const (
	scanLetters = 40 // letters and digits: with less text a PDF is taken for a scan
	pagesMost   = 200
	pagesTime   = 5 * time.Minute
	pageSide    = "3000" // pixels of a page's longer side: 256 for each inch of A4
)

// pdf reads the text of a PDF; if it has next to none, and pictures may be read, its
// pages are taken for pictures.
func (rm *Room) pdf(ctx context.Context, c *config, src *source) (text string, err error) {
	if cage.Find(pdftotext) != "" {
		text, err = rm.caged(ctx, cage.Job{Args: []string{pdftotext, "-q", "-enc", "UTF-8", "-nopgbrk", cage.In, "-"}, In: src.file})
	} else {
		text, err = rm.caged(ctx, cage.Job{Worker: worker, Order: extract.PDF, In: src.file})
	}
	if err != nil || !c.sees || !scanned(text) || cage.Find(pdftoppm) == "" {
		return text, err
	}
	seen, err := rm.pages(ctx, c, src)
	return strings.TrimSpace(text + "\n" + seen), err
}

// scanned tells whether what was read of a PDF is so little that its pages must be
// pictures.
func scanned(text string) bool {
	n := 0
	for sp := range words.Spans(text) {
		if n += utf8.RuneCountInString(text[sp.From:sp.To]); n >= scanLetters {
			return false
		}
	}
	return true
}

// pages reads the pages of a PDF as pictures, one after the other, until there is
// enough or it took too long. A page that cannot be read is left out.
func (rm *Room) pages(ctx context.Context, c *config, src *source) (string, error) {
	dir, remove, err := rm.cage.Folder()
	if err != nil {
		return "", err
	}
	defer remove()
	info, err := rm.caged(ctx, cage.Job{Args: []string{pdfinfo, cage.In}, In: src.file, Dir: dir})
	if err != nil {
		return "", err
	}
	var text strings.Builder
	until := rm.Now().Add(pagesTime)
	for n := range min(pageCount(info), pagesMost) {
		if text.Len() >= textMost || rm.Now().After(until) {
			break
		}
		page, err := rm.page(ctx, c, src, n+1, dir)
		if err != nil && !errors.Is(err, cage.ErrFailed) && !errors.Is(err, cage.ErrBounds) {
			return "", err
		}
		text.WriteString(page + "\n")
	}
	return strings.ToValidUTF8(text.String()[:min(text.Len(), textMost)], ""), nil
}

// pageCount reads from what pdfinfo says how many pages there are.
func pageCount(info string) int {
	for line := range strings.Lines(info) {
		if s, ok := strings.CutPrefix(line, "Pages:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err == nil {
				return n
			}
		}
	}
	return 0
}

// page reads one page of a PDF as a picture, which lies in dir meanwhile.
func (rm *Room) page(ctx context.Context, c *config, src *source, n int, dir string) (string, error) {
	at, picture := strconv.Itoa(n), filepath.Join(dir, "page.png")
	_, err := rm.caged(ctx, cage.Job{Args: []string{pdftoppm, "-q", "-f", at, "-l", at, "-singlefile", "-gray", "-scale-to", pageSide, "-png",
		cage.In, strings.TrimSuffix(picture, ".png")}, In: src.file, Dir: dir})
	if err != nil {
		return "", err
	}
	defer os.Remove(picture)
	return rm.recognise(ctx, c, cage.Job{Dir: dir}, picture)
}

// recognise reads a picture of text.
func (rm *Room) recognise(ctx context.Context, c *config, j cage.Job, picture string) (string, error) {
	j.Args = []string{tesseract, picture, "stdout", "-l", c.lang}
	return rm.caged(ctx, j)
}

// languages is what tesseract takes: names of its files of data, with + between them.
var languages = regexp.MustCompile(`^[A-Za-z0-9_]+(/[A-Za-z0-9_]+)?(\+[A-Za-z0-9_]+(/[A-Za-z0-9_]+)?)*$`)

func checkLanguages(value string) error {
	if !languages.MatchString(value) {
		return fault.New(fault.Invalid, "These must be languages as tesseract names them, such as eng+deu.")
	}
	return nil
}

// health tells whether the index answers, and whether pictures of text can be read if
// they are to be.
func (rm *Room) health(ctx context.Context) plug.Finding {
	c, err := rm.config(ctx)
	if err == nil {
		_, err = rm.index.find(ctx, []int64{1}, []string{"a"}, 1, 1, nil)
	}
	switch {
	case err != nil:
		return plug.Finding{State: plug.Broken, Text: tongue.Of("Files cannot be found by what is written in them: {why}", "why", err.Error())}
	case !c.ocr:
		return plug.Finding{State: plug.Fine, Text: tongue.Of("Text is read from documents, not from pictures and scans.")}
	case !c.sees:
		return plug.Finding{State: plug.Warn, Text: tongue.Of("Text in pictures and scans is not read: tesseract is not installed."), Fix: onDebian("tesseract-ocr poppler-utils")}
	}
	missing, err := rm.missingLanguages(ctx, c.lang)
	switch {
	case err != nil:
		return plug.Finding{State: plug.Warn, Text: tongue.Of("Text in pictures and scans is not read: {why}", "why", err.Error())}
	case len(missing) > 0:
		return plug.Finding{State: plug.Warn, Text: tongue.Of("Text in pictures and scans is not read in these languages: {languages}.", "languages", strings.Join(missing, ", ")),
			Fix: onDebian("tesseract-ocr-" + strings.Join(missing, " tesseract-ocr-"))}
	case cage.Find(pdftoppm) == "":
		return plug.Finding{State: plug.Warn, Text: tongue.Of("Text in scanned PDFs is not read: pdftoppm is not installed."), Fix: onDebian("poppler-utils")}
	}
	return plug.Finding{State: plug.Fine, Text: tongue.Of("Text is read from documents, pictures and scans.")}
}

// onDebian is how packages are installed there.
func onDebian(packages string) tongue.Saying {
	return tongue.Of("On Debian: {command}", "command", "apt install "+packages)
}

// missingLanguages are those of some that tesseract does not have.
func (rm *Room) missingLanguages(ctx context.Context, lang string) (missing []string, err error) {
	dir, remove, err := rm.cage.Folder()
	if err != nil {
		return nil, err
	}
	defer remove()
	var out bytes.Buffer
	if err := rm.cage.Run(ctx, cage.Job{Args: []string{tesseract, "--list-langs"}, Dir: dir, Out: &out}); err != nil {
		return nil, err
	}
	there := strings.Fields(out.String())
	for _, l := range strings.Split(lang, "+") {
		if !slices.Contains(there, l) {
			missing = append(missing, l)
		}
	}
	return missing, nil
}

package mail

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"strings"
	text "text/template"

	"atrium/internal/base/tongue"
)

// Letters are the texts that a room sends, a file in English for each: welcome.txt.
// The catalogues of base/tongue have what each subject, paragraph and button is in
// other languages. The first line is the subject, "Subject: …".
// Paragraphs follow, with empty lines between; one that is nothing but
// "[words](address)" becomes a button, or the words and the address in the plain
// text. Each paragraph is a template of its own, and what is filled in makes
// neither lines nor markup.
type Letters struct{ byName map[string]letter }

type letter struct{ parts []part }

// part is the subject, a paragraph, or a button.
type part struct{ words, link *text.Template }

// LoadLetters reads all letters of a folder, in all languages.
func LoadLetters(files fs.FS, folder string) (*Letters, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.txt"))
	if err != nil {
		return nil, err
	}
	out := &Letters{map[string]letter{}}
	for _, name := range names {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		for _, in := range tongue.All().Each() {
			l, err := parseLetter(string(b), in)
			if err != nil {
				return nil, fmt.Errorf("%s in %s: %w", name, in.Name, err)
			}
			out.byName[strings.TrimSuffix(path.Base(name), ".txt")+"."+in.Code] = l
		}
	}
	return out, nil
}

func parseLetter(s string, in *tongue.Tongue) (l letter, err error) {
	first, rest, _ := strings.Cut(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	subject, ok := strings.CutPrefix(first, "Subject: ")
	if !ok {
		return l, errors.New("the first line must be Subject: …")
	}
	for _, p := range append([]string{subject}, strings.Split(rest, "\n\n")...) {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		var t part
		words, link := p, ""
		if w, ok := strings.CutPrefix(p, "["); ok && strings.HasSuffix(p, ")") && strings.Contains(p, "](") {
			words, link, _ = strings.Cut(strings.TrimSuffix(w, ")"), "](")
		}
		if t.words, err = text.New("").Option("missingkey=error").Parse(in.Known(words)); err != nil {
			return l, err
		}
		if link != "" {
			if t.link, err = text.New("").Option("missingkey=error").Parse(link); err != nil {
				return l, err
			}
		}
		l.parts = append(l.parts, t)
	}
	return l, nil
}

// written is a part with everything filled in.
type written struct{ Words, Link string }

// Write fills a letter in. lang is a language such as "de" or "de_AT"; one that
// there is no text for is English.
func (l *Letters) Write(name, lang string, data any) (Message, error) {
	return l.WriteList(name, lang, data, nil)
}

// theList is the paragraph that WriteList puts the list in the place of.
const theList = "(list)"

// WriteList is Write for a letter with a paragraph "(list)": each text of the list
// is a paragraph there.
func (l *Letters) WriteList(name, lang string, data any, list []string) (Message, error) {
	in := tongue.All().For(lang)
	found := l.byName[name+"."+in.Code]
	if len(found.parts) == 0 {
		return Message{}, fmt.Errorf("there is no letter %s", name)
	}
	var parts []written
	for _, p := range found.parts {
		w, err := fill(p.words, data)
		if err != nil {
			return Message{}, fmt.Errorf("letter %s: %w", name, err)
		}
		if w == theList {
			for _, text := range list {
				parts = append(parts, written{oneLine(text), ""})
			}
			continue
		}
		link := ""
		if p.link != nil {
			if link, err = fill(p.link, data); err != nil {
				return Message{}, fmt.Errorf("letter %s: %w", name, err)
			}
			if u, err := url.Parse(link); err != nil || u.Scheme != "https" && u.Scheme != "http" {
				return Message{}, fmt.Errorf("letter %s: %q is no address", name, link)
			}
		}
		parts = append(parts, written{w, link})
	}
	return dress(in, brandOf(data), parts)
}

// brandOf is the brand that a letter calls "Site", else one that names nobody.
func brandOf(data any) Brand {
	all, _ := data.(map[string]any)
	b, _ := all["Site"].(Brand)
	if b.Color == "" {
		b.Color, b.Ink = "#1f5fbf", "#fff"
	}
	return b
}

func fill(t *text.Template, data any) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, data)
	return oneLine(b.String()), err
}

// frame is how letters look: readable without pictures, in light and dark.
var frame = template.Must(template.New("").Parse(`<!DOCTYPE html>
<html lang="{{.Lang}}" dir="{{.Dir}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font:16px/1.5 system-ui,sans-serif">
<div style="max-width:560px;margin:0 auto">
{{with .Brand.Name}}<p style="margin:0 0 16px;padding-bottom:8px;border-bottom:3px solid {{$.Brand.Color}};font-weight:600">{{.}}</p>
{{end}}<h1 style="font-size:22px;line-height:1.3">{{.Subject}}</h1>
{{range .Parts}}{{if .Link}}<p><a href="{{.Link}}" style="display:inline-block;padding:10px 20px;border-radius:6px;background:{{$.Brand.Color}};color:{{$.Brand.Ink}};text-decoration:none">{{.Words}}</a></p>
<p style="font-size:13px;word-break:break-all"><a href="{{.Link}}">{{.Link}}</a></p>
{{else}}<p>{{.Words}}</p>
{{end}}{{end}}</div></body></html>
`))

func dress(in *tongue.Tongue, b Brand, parts []written) (Message, error) {
	subject, body := parts[0].Words, parts[1:]
	var html bytes.Buffer
	err := frame.Execute(&html, struct {
		Lang, Dir, Subject string
		Brand              Brand
		Parts              []written
	}{in.Code, in.Dir(), subject, b, body})
	var plain []string
	for _, p := range body {
		if p.Link != "" {
			p.Words += ":\n" + p.Link
		}
		plain = append(plain, p.Words)
	}
	return Message{Subject: subject, Text: strings.Join(plain, "\n\n") + "\n", HTML: html.String()}, err
}
